// Server identities for tests: made once for a process, for localhost and 127.0.0.1.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "base/clock.h"
#include "http/server.h"
#include "x509/server_identity.h"

namespace quantumapi::http::testing {

inline SecretBytes seed(std::uint8_t octet) {
  SecretBytes made(32);
  for (std::uint8_t& each : made.reveal_mutable(SecretAccess{})) each = octet;
  return made;
}

inline x509::ServerIdentity make_identity(x509::KeyType type, std::uint8_t octet,
                                          std::vector<std::string> names = {"localhost",
                                                                            "127.0.0.1"}) {
  const WallTime yesterday = base::SystemClock{}.wall() - std::chrono::hours(24);
  auto identity = x509::make_server_identity(type, names, seed(octet),
                                             seed(static_cast<std::uint8_t>(octet + 1)), yesterday,
                                             std::chrono::hours(24 * 30));
  if (!identity) {
    ADD_FAILURE() << identity.error().message;
    std::abort();
  }
  return std::move(*identity);
}

// Identities is what a public listener serves, and the roots its clients pin.
struct Identities {
  std::shared_ptr<const TlsOptions> tls;
  std::string ml_dsa_root;
  std::string ecdsa_root;
  [[nodiscard]] std::string roots() const { return ml_dsa_root + ecdsa_root; }
};

inline const Identities& identities() {
  static const Identities made = [] {
    x509::ServerIdentity ml_dsa = make_identity(x509::KeyType::kMlDsa65, 1);
    x509::ServerIdentity ecdsa = make_identity(x509::KeyType::kEcdsaP256, 3);
    auto tls = std::make_shared<TlsOptions>();
    tls->identities.push_back(std::move(ml_dsa.leaf));
    tls->identities.push_back(std::move(ecdsa.leaf));
    return Identities{std::move(tls), ml_dsa.root_pem, ecdsa.root_pem};
  }();
  return made;
}

}  // namespace quantumapi::http::testing
