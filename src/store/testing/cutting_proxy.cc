#include "store/testing/cutting_proxy.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <string_view>
#include <vector>

namespace quantumapi::store::testing {
namespace {

sockaddr_in loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

bool readable(int socket, int milliseconds) {
  pollfd watched{socket, POLLIN, 0};
  return ::poll(&watched, 1, milliseconds) > 0;
}

bool send_all(int socket, std::string_view data) {
  while (!data.empty()) {
    const ssize_t sent = ::send(socket, data.data(), data.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    data.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

// A simple query is 'Q', its length in four octets, and the text with a NUL.
bool is_commit(std::string_view data) {
  using namespace std::string_view_literals;
  return data ==
         "Q\0\0\0\x0b"
         "COMMIT\0"sv;
}

}  // namespace

CuttingProxy::CuttingProxy(int server_port)
    : server_port_(server_port), listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address = loopback(0);
  socklen_t size = sizeof address;
  (void)::bind(listener_, reinterpret_cast<sockaddr*>(&address), size);
  (void)::listen(listener_, 64);
  (void)::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
  port_ = ntohs(address.sin_port);
  thread_ = std::thread([this] { accept_loop(); });
}

CuttingProxy::~CuttingProxy() {
  stop_ = true;
  thread_.join();
  ::close(listener_);
}

void CuttingProxy::accept_loop() {
  std::vector<std::thread> connections;
  while (!stop_) {
    if (!readable(listener_, 20)) continue;
    const int client = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (client >= 0) connections.emplace_back([this, client] { forward(client); });
  }
  for (std::thread& connection : connections) connection.join();
}

void CuttingProxy::forward(int client) {
  const int server = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_in address = loopback(server_port_);
  bool open = ::connect(server, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  std::array<char, 65536> buffer;
  bool drop_answer = false;
  while (open && !stop_) {
    std::array<pollfd, 2> watched = {pollfd{client, POLLIN, 0}, pollfd{server, POLLIN, 0}};
    if (::poll(watched.data(), watched.size(), 20) <= 0) continue;
    const bool from_client = watched[0].revents != 0;
    const ssize_t size = ::recv(from_client ? client : server, buffer.data(), buffer.size(), 0);
    if (size <= 0 || (drop_answer && !from_client)) break;
    const std::string_view data(buffer.data(), static_cast<std::size_t>(size));
    if (from_client && is_commit(data)) {
      const Cut cut = cut_.exchange(Cut::kNone);
      if (cut != Cut::kNone) ++cuts_;
      if (cut == Cut::kBeforeCommit) break;
      drop_answer = cut == Cut::kAfterCommit;
    }
    open = send_all(from_client ? server : client, data);
  }
  ::close(server);
  ::close(client);
}

}  // namespace quantumapi::store::testing
