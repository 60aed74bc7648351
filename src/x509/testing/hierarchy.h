// A root, an intermediate and a leaf of one key type, for the tests of this room and its fuzzers.
#pragma once

#include "crypto/signing_key.h"
#include "x509/issue.h"

namespace quantumapi::x509::testing {

inline constexpr WallTime kNow{1'800'000'000'000'000};  // 2027-01-15T08:00:00Z
inline constexpr std::chrono::seconds kDay{24 * 3600};
inline constexpr const char* kSpiffeId = "spiffe://example.org/ns/users-api/sa/users-api-sa";

inline crypto::SigningKey make_key(std::string_view algorithm, std::uint8_t octet) {
  return crypto::SigningKey::create(algorithm, SecretBytes::copy_of(Bytes(32, octet))).value();
}
inline crypto::SigningKey make_key(KeyType type, std::uint8_t octet) {
  return make_key(algorithm(type), octet);
}

inline SubjectNames workload_names() {
  SubjectNames names;
  names.common_name = "users-api";
  names.dns_names = {"users-api.internal"};
  names.uris = {kSpiffeId};
  names.addresses = {"192.0.2.7"};
  return names;
}

inline CertificateRequest request_for(const SubjectNames& names, const crypto::SigningKey& key) {
  return parse_request(make_request(names, key).value()).value();
}

// Hierarchy has keys of octets, octets + 1 and octets + 2.
struct Hierarchy {
  explicit Hierarchy(KeyType key_type, std::uint8_t octet = 1)
      : type(key_type),
        root_key(make_key(key_type, octet)),
        intermediate_key(make_key(key_type, static_cast<std::uint8_t>(octet + 1))),
        leaf_key(make_key(key_type, static_cast<std::uint8_t>(octet + 2))) {}

  KeyType type;
  crypto::SigningKey root_key;
  crypto::SigningKey intermediate_key;
  crypto::SigningKey leaf_key;
  Validity root_life{kNow - kDay, kDay * 3650};
  Validity intermediate_life{kNow - kDay, kDay * 365};
  Validity leaf_life{kNow, kDay};

  Bytes root =
      sign_certificate(prepare_root("Test root", root_key, 1, root_life).value(), root_key).value();
  Bytes intermediate =
      sign_certificate(
          prepare_intermediate("Test issuer", intermediate_key, root, intermediate_life).value(),
          root_key)
          .value();
  Bytes leaf = make_leaf(workload_names());

  [[nodiscard]] Bytes make_leaf(const SubjectNames& names, const LeafProfile& profile = {}) const {
    return make_leaf(names, profile, leaf_life);
  }
  [[nodiscard]] Bytes make_leaf(const SubjectNames& names, const LeafProfile& profile,
                                const Validity& life) const {
    const auto tbs = prepare_leaf(request_for(names, leaf_key), profile, intermediate, life);
    return sign_certificate(tbs.value(), intermediate_key).value();
  }
};

}  // namespace quantumapi::x509::testing
