// gateway: what a service does that calls others. It keeps its certificate fresh and sends requests
// to an internal service by mutual TLS, up to a thousand a second for as long as it is told, and
// counts how they end.
//
//   QUANTUMAPI_KEY=… QUANTUMAPI_URL=… gateway URL ADDRESS SECONDS
//
// ADDRESS is where the URL's host is found on a machine without the cluster's DNS.
#include <quantumapi/certificate_rotation.h>
#include <quantumapi/client.h>
#include <quantumapi/internal_client.h>

#include <chrono>
#include <cstdlib>
#include <thread>

#include "example.h"

namespace {

namespace sdk = quantumapi::sdk;

std::string host_of(const std::string& url) {
  const std::size_t begin = url.find("://") + 3;
  return url.substr(begin, url.find_first_of(":/", begin) - begin);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) return std::cerr << "usage: gateway URL ADDRESS SECONDS\n", 2;
  const std::string url = argv[1];
  auto options = sdk::Options::from_environment();
  if (!options) return example::failed(options.error());
  const auto client = sdk::Client::create(*std::move(options));
  if (!client) return example::failed(client.error());

  const auto certificates =
      sdk::ServiceCertificateProvider::create(**client, {.identity = "gateway"});
  if (!certificates) return example::failed(certificates.error());
  sdk::CertificateRotationService rotation(**certificates, {.log = example::log_line});
  if (const auto started = rotation.start(); !started) return example::failed(started.error());
  if (!rotation.wait_ready(std::chrono::seconds(60))) return 1;
  const auto calls =
      sdk::InternalClient::create(**certificates, {.addresses = {{host_of(url), argv[2]}},
                                                   .timeout = std::chrono::seconds(5),
                                                   .log = example::log_line});
  if (!calls) return example::failed(calls.error());

  constexpr std::chrono::milliseconds kPause{1};
  long answered = 0;
  long refused = 0;
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(std::atoi(argv[3]));
  do {
    std::this_thread::sleep_for(kPause);
    const auto answer = (*calls)->send({.method = "POST",
                                        .url = url,
                                        .headers = {{"Content-Type", "application/json"}},
                                        .body = R"({"to":"ada"})"});
    if (answer && answer->status == 202) {
      ++answered;
      continue;
    }
    ++refused;
    if (!answer) std::cout << answer.error().code << ": " << answer.error().message << '\n';
  } while (std::chrono::steady_clock::now() < end);
  std::cout << "answered " << answered << ", refused " << refused << std::endl;
  return refused == 0 ? 0 : 1;
}
