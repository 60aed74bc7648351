// What signing, verifying and making MACs have in common, one by one and in batches.
#pragma once

#include "encryption/transit_text.h"
#include "http/route.h"
#include "keyring/keyring.h"

namespace quantumapi::encryption {

using KeyUse = keyring::Keyring::KeyUse;

// in_transit is true below /transit, where the path names the key and data is base64.
bool in_transit(const http::Call& call);

// data_of is the octets to sign: base64 in transit, else as encoding says.
Result<Bytes> data_of(const http::Call& call, std::string_view data,
                      std::optional<std::string_view> encoding_name);

// concern_key lets a refusal say which key was asked for, where the path does not.
void concern_key(http::Call& call, std::optional<std::string_view> named);

// key_of is the key of the path, else that of keyId, else the tenant's default key for `purpose`,
// kSign or kHmac. One named by its id is most often in memory. kInvalidArgument names the field
// where the key is of another type, or there is none.
Result<KeyUse> key_of(keyring::Keyring& keyring, http::Call& call,
                      std::optional<std::string_view> named, keyring::Purpose purpose);
// key_of_signature is the key to check a signature or MAC with: where none is named, the default
// key that such octets may be of.
Result<KeyUse> key_of_signature(keyring::Keyring& keyring, http::Call& call,
                                std::optional<std::string_view> named, ByteView signature);

bool signs(const KeyUse& key);

// use_of is the audit event of a use of a version of the key.
AuditEvent use_of(const http::Call& call, const KeyUse& key, std::uint32_t version);

// check_sign_algorithm: the names of hashes, which clients send with every request, say nothing
// to algorithms that hash by themselves (ML-DSA, Ed25519). ECDSA-P256 signs SHA-256: another, which
// the caller would verify by, is refused.
Status check_sign_algorithm(const KeyUse& key, std::optional<std::string_view> asked);

// hash_of: absent is the key's own. The short names are those of transit.
Result<crypto::HmacHash> hash_of(const crypto::HmacKey& key, std::optional<std::string_view> name);

// Match is whether a signature or MAC is of some data, and by which algorithm: a MAC may be of
// another hash than the key's own.
struct Match {
  bool valid = false;
  std::string_view algorithm;
};
// match is no Match.valid too for a version that the key never had.
Result<Match> match(keyring::Keyring& keyring, const http::Call& call, const KeyUse& key,
                    ByteView data, const TransitText& signature);

}  // namespace quantumapi::encryption
