// The handlers behind the routes of EaaS, one source a subject.
#pragma once

#include "crypto/entropy.h"
#include "encryption/quota.h"
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

Result<http::Reply> handle_create_key(keyring::Keyring& keyring, http::Call& call);
Result<http::Reply> handle_import_key(keyring::Keyring& keyring, http::Call& call);
Result<http::Reply> handle_update_key(keyring::Keyring& keyring, http::Call& call);
Result<http::Reply> handle_delete_key(keyring::Keyring& keyring, http::Call& call);
Result<http::Reply> handle_recover_key(keyring::Keyring& keyring, http::Call& call);
Result<http::Reply> handle_set_default_key(keyring::Keyring& keyring, http::Call& call);
Result<http::Reply> handle_min_version(keyring::Keyring& keyring, http::Call& call);
Result<http::Reply> handle_key_versions(keyring::Keyring& keyring, http::Call& call);
Result<http::Reply> handle_public_key(keyring::Keyring& keyring, http::Call& call);

Result<http::Reply> handle_transit_encrypt(EncryptionService& service, keyring::Keyring& keyring,
                                           http::Call& call);
Result<http::Reply> handle_transit_decrypt(EncryptionService& service, keyring::Keyring& keyring,
                                           http::Call& call);
Result<http::Reply> handle_transit_rewrap(EncryptionService& service, keyring::Keyring& keyring,
                                          http::Call& call);
Result<http::Reply> handle_transit_encrypt_batch(EncryptionService& service,
                                                 keyring::Keyring& keyring, http::Call& call);
Result<http::Reply> handle_transit_decrypt_batch(EncryptionService& service,
                                                 keyring::Keyring& keyring, http::Call& call);
Result<http::Reply> handle_transit_rewrap_batch(EncryptionService& service,
                                                keyring::Keyring& keyring, http::Call& call);
Result<http::Reply> handle_sign(keyring::Keyring& keyring, http::Call& call);
Result<http::Reply> handle_verify(keyring::Keyring& keyring, http::Call& call);
Result<http::Reply> handle_hmac(keyring::Keyring& keyring, http::Call& call);

Result<http::Reply> handle_entropy(crypto::EntropyPool& entropy, EntropyQuota& quota,
                                   http::Call& call);

}  // namespace quantumapi::encryption
