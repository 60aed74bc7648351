// notifications: what a service does that others call. It keeps its certificate fresh and answers
// the peers it is told to, by mutual TLS, until SIGTERM.
//
//   QUANTUMAPI_KEY=… QUANTUMAPI_URL=… notifications HOST PORT ALLOWED-SPIFFE-ID...
#include <quantumapi/certificate_rotation.h>
#include <quantumapi/client.h>
#include <quantumapi/internal_server.h>

#include <cstdlib>

#include "example.h"

namespace sdk = quantumapi::sdk;

int main(int argc, char** argv) {
  if (argc < 4) return std::cerr << "usage: notifications HOST PORT ALLOWED-SPIFFE-ID...\n", 2;
  const example::EndSignals signals;
  auto options = sdk::Options::from_environment();
  if (!options) return example::failed(options.error());
  const auto client = sdk::Client::create(*std::move(options));
  if (!client) return example::failed(client.error());

  const auto certificates =
      sdk::ServiceCertificateProvider::create(**client, {.identity = "notifications"});
  if (!certificates) return example::failed(certificates.error());
  sdk::CertificateRotationService rotation(**certificates, {.log = example::log_line});
  if (const auto started = rotation.start(); !started) return example::failed(started.error());
  // Not ready until then: the platform may be down, and comes back.
  while (!rotation.wait_ready(std::chrono::seconds(60)))
    example::log_line(sdk::LogLevel::kWarning, rotation.readiness().reason);

  const auto server =
      sdk::InternalServer::start(**certificates,
                                 {.host = argv[1],
                                  .port = static_cast<std::uint16_t>(std::atoi(argv[2])),
                                  .allowed_peers = {argv + 3, argv + argc},
                                  .log = example::log_line},
                                 [](const sdk::InternalServer::Request& request) {
                                   if (request.method != "POST" || request.path != "/send")
                                     return sdk::Response{.status = 404};
                                   return sdk::Response{.status = 202,
                                                        .headers = {{"Content-Type", "text/plain"}},
                                                        .body = "accepted from " + request.peer};
                                 });
  if (!server) return example::failed(server.error());
  std::cout << "listening " << (*server)->port() << std::endl;
  signals.wait();
  (*server)->drain(std::chrono::seconds(5));
}
