#include <quantumapi/client.h>

#include <iostream>

int main() {
  namespace sdk = quantumapi::sdk;
  auto options = sdk::Options::from_environment();
  if (!options) return std::cerr << options.error().message << '\n', 2;
  auto client = sdk::Client::create(std::move(*options));
  if (!client) return std::cerr << client.error().message << '\n', 2;
  const auto sealed = (*client)->encryption().encrypt({"ada@example.org", "users/7/email"});
  if (!sealed) return std::cerr << sealed.error().message << '\n', 1;
  const auto opened = (*client)->encryption().decrypt({sealed->payload, "users/7/email"});
  if (!opened) return std::cerr << opened.error().message << '\n', 1;
  std::cout << opened->reveal() << '\n';
}
