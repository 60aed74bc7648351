// What the handlers of keys share: a key as clients see it, and how one is found.
#pragma once

#include "encryption/wire.h"
#include "http/route.h"
#include "keyring/keyring.h"

namespace quantumapi::encryption {

// type_of: clients know three types; an image key signs, and says what for.
std::string_view type_of(keyring::Purpose purpose);
// fill shows an expired key as inactive, the clients' word for what protects nothing new.
void fill(KeyReply& reply, const keyring::KeyRecord& key, WallTime now);
AuditEvent key_event(const http::Call& call, const keyring::KeyRecord& key);

// wrong_type answers for a key of another type than `wanted`, that `field` names.
std::unexpected<Error> wrong_type(std::string_view field, keyring::Purpose is,
                                  std::string_view wanted);

// find_named takes an id or a name; find_key that of the path, and lets a refusal say both.
Result<keyring::KeyRecord> find_named(keyring::Keyring& keyring, const Principal& principal,
                                      std::string_view named);
Result<keyring::KeyRecord> find_key(keyring::Keyring& keyring, http::Call& call);
// find_encrypting is find_key, and wrong_type naming `field` where that is no encryption key.
Result<keyring::KeyRecord> find_encrypting(keyring::Keyring& keyring, http::Call& call,
                                           std::string_view field);

}  // namespace quantumapi::encryption
