// sdk_load measures one call of the SDK against the bare request, for bench/sdk_bench.py:
//   QUANTUMAPI_URL=http://127.0.0.1:PORT QUANTUMAPI_KEY=… sdk_load SECONDS
// The call is EncryptionService::encrypt_fields of three fields. The bare request is the same body
// for the same route, ready-made, on one kept connection: written, and read until its answer is
// complete, which nobody looks into. Both are one caller on one thread, by turns, so that whatever
// else the machine does meets both. Prints medians in microseconds and the ratio, as JSON.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <quantumapi/client.h>
#include <quantumapi/encryption_service.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

namespace {

namespace sdk = quantumapi::sdk;
using Clock = std::chrono::steady_clock;

constexpr int kTurn = 32;  // calls of one kind before the other's turn

[[noreturn]] void fail(const std::string& why) {
  std::fprintf(stderr, "sdk_load: %s\n", why.c_str());
  std::exit(1);
}

const sdk::Plaintext kFields[] = {{"ada.lovelace@example.org", "users/7/email"},
                                  {"+49 30 1234567", "users/7/phone"},
                                  {"Unter den Linden 77, 10117 Berlin", "users/7/address"}};

// Bare is one connection with one request.
class Bare {
 public:
  Bare(const std::string& url, const std::string& key) : socket_(connect_to(url)) {
    std::string body = R"({"items":[)";
    for (const auto& field : kFields)
      body += std::string(body.back() == '[' ? "" : ",") + R"({"plaintext":")" +
              std::string(field.text) + R"(","encoding":"utf8","additionalData":")" +
              std::string(field.additional_data) + R"("})";
    body += "]}";
    request_ =
        "POST /api/v1/encrypt/batch HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Api-Key: " + key +
        "\r\nContent-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) +
        "\r\n\r\n" + body;
  }
  ~Bare() { ::close(socket_); }

  void call() {
    if (::send(socket_, request_.data(), request_.size(), 0) !=
        static_cast<ssize_t>(request_.size()))
      fail("the request could not be sent");
    answer_.clear();
    while (answer_.size() < expected()) {
      char part[16'384];
      const ssize_t got = ::recv(socket_, part, sizeof part, 0);
      if (got <= 0) fail("the answer was cut");
      answer_.append(part, static_cast<std::size_t>(got));
    }
    if (!answer_.starts_with("HTTP/1.1 200 ")) fail(answer_);
  }

 private:
  static int connect_to(const std::string& url) {
    const auto port = static_cast<std::uint16_t>(std::atoi(url.c_str() + url.rfind(':') + 1));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const int made = ::socket(AF_INET, SOCK_STREAM, 0);
    const int on = 1;
    ::setsockopt(made, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (::connect(made, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
      fail("cannot connect to " + url);
    return made;
  }

  // expected is the size of the whole answer, as far as it can be told yet.
  [[nodiscard]] std::size_t expected() const {
    const std::size_t head = answer_.find("\r\n\r\n");
    if (head == std::string::npos) return answer_.size() + 1;
    static constexpr std::string_view kLength = "Content-Length: ";
    const std::size_t at = answer_.find(kLength);
    if (at == std::string::npos || at > head) fail("the answer has no length");
    return head + 4 + std::strtoul(answer_.c_str() + at + kLength.size(), nullptr, 10);
  }

  int socket_;
  std::string request_;
  std::string answer_;
};

template <typename F>
void measure(std::vector<double>& micros, const F& call) {
  for (int i = 0; i < kTurn; ++i) {
    const auto begun = Clock::now();
    call();
    micros.push_back(std::chrono::duration<double, std::micro>(Clock::now() - begun).count());
  }
}

double quantile(std::vector<double>& micros, double part) {
  const auto at = static_cast<std::ptrdiff_t>(part * static_cast<double>(micros.size() - 1));
  std::nth_element(micros.begin(), micros.begin() + at, micros.end());
  return micros[static_cast<std::size_t>(at)];
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) fail("usage: sdk_load SECONDS");
  auto options = sdk::Options::from_environment();
  if (!options) fail(options.error().message);
  Bare bare(options->url, std::string(options->api_key.reveal()));
  const auto client = sdk::Client::create(*std::move(options));
  if (!client) fail(client.error().message);
  const sdk::EncryptionService service(**client);
  const auto by_sdk = [&] {
    for (const auto& field : service.encrypt_fields(kFields))
      if (!field) fail(field.error().message);
  };
  std::vector<double> sdk_micros;
  std::vector<double> bare_micros;
  const auto end = Clock::now() + std::chrono::seconds(std::atoi(argv[1]));
  for (bool first = true; first || Clock::now() < end; first = false) {
    measure(sdk_micros, by_sdk);
    measure(bare_micros, [&] { bare.call(); });
    if (!first) continue;
    sdk_micros.clear();  // connections are open and keys cached from now on
    bare_micros.clear();
  }
  if (sdk_micros.empty()) fail("too short");
  const double ours = quantile(sdk_micros, 0.5);
  const double theirs = quantile(bare_micros, 0.5);
  std::printf(
      R"({"calls": %zu, "sdk_us": %.1f, "bare_us": %.1f, "ratio": %.3f, "sdk_p90_us": %.1f, "bare_p90_us": %.1f})"
      "\n",
      sdk_micros.size(), ours, theirs, ours / theirs, quantile(sdk_micros, 0.9),
      quantile(bare_micros, 0.9));
}
