// The handlers behind the routes of EaaS, one source a subject.
#pragma once

#include "crypto/entropy.h"
#include "encryption/service.h"
#include "http/route.h"
#include "keyring/keyring.h"

namespace quantumapi::encryption {

Result<http::Reply> handle_encrypt(EncryptionService& service, http::Call& call);
Result<http::Reply> handle_decrypt(EncryptionService& service, http::Call& call);

Result<http::Reply> handle_encrypt_batch(EncryptionService& service, http::Call& call);
Result<http::Reply> handle_decrypt_batch(EncryptionService& service, http::Call& call);

Result<http::Reply> handle_list_keys(keyring::Keyring& keyring, http::Call& call);
Result<http::Reply> handle_get_key(keyring::Keyring& keyring, http::Call& call);
Result<http::Reply> handle_rotate_key(keyring::Keyring& keyring, http::Call& call);

Result<http::Reply> handle_entropy(crypto::EntropyPool& entropy, http::Call& call);

}  // namespace quantumapi::encryption
