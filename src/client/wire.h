// Answers of the platform as the SDK reads them. Views point into the answer's arena.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"

namespace quantumapi::sdk::wire {

using Text = std::optional<std::string_view>;

struct Health {
  std::string_view status;
  Text version;
};
BOOST_DESCRIBE_STRUCT(Health, (), (status, version))

struct Identity {
  std::string_view tenant_id;
  Text service_account_id;
  Text api_key_id;
  Text name;
  Text role;
  std::optional<std::vector<std::string>> scopes;
};
BOOST_DESCRIBE_STRUCT(Identity, (), (tenant_id, service_account_id, api_key_id, name, role, scopes))

struct Encrypted {
  std::string_view encrypted_payload;
  std::string_view key_id;
  std::int64_t key_version = 0;
  std::string_view algorithm;
};
BOOST_DESCRIBE_STRUCT(Encrypted, (), (encrypted_payload, key_id, key_version, algorithm))

struct Decrypted {
  std::string_view plaintext;
};
BOOST_DESCRIBE_STRUCT(Decrypted, (), (plaintext))

struct Secret {
  std::string_view id;
  std::string_view name;
  std::int64_t version = 0;
  Text description;
  Text content_type;
  Text created_at;
  Text updated_at;
  Text expires_at;
  std::optional<std::vector<std::string>> labels;
  std::optional<bool> is_active;
  Text value;
};
BOOST_DESCRIBE_STRUCT(Secret, (),
                      (id, name, version, description, content_type, created_at, updated_at,
                       expires_at, labels, is_active, value))

struct SecretPage {
  std::vector<Secret> secrets;
  std::int64_t total = 0;
  std::int64_t page = 1;
  std::int64_t page_size = 50;
  bool has_more = false;
};
BOOST_DESCRIBE_STRUCT(SecretPage, (), (secrets, total, page, page_size, has_more))

struct Key {
  std::string_view id;
  std::string_view name;
  std::string_view key_type;
  std::string_view algorithm;
  std::int64_t version = 0;
  Text status;
  Text created_at;
  Text last_rotated_at;
  std::optional<bool> is_default;
};
BOOST_DESCRIBE_STRUCT(Key, (),
                      (id, name, key_type, algorithm, version, status, created_at, last_rotated_at,
                       is_default))

struct KeyPage {
  std::vector<Key> keys;
  bool has_more = false;
};
BOOST_DESCRIBE_STRUCT(KeyPage, (), (keys, has_more))

struct ApiKey {
  std::string_view id;
  std::string_view name;
  Text prefix;
  Text service_account;
  Text role;
  Text status;
  Text created_at;
  Text expires_at;
  Text revoked_at;
  std::optional<std::vector<std::string>> scopes;
  Text api_key;
};
BOOST_DESCRIBE_STRUCT(ApiKey, (),
                      (id, name, prefix, service_account, role, status, created_at, expires_at,
                       revoked_at, scopes, api_key))

struct ApiKeyPage {
  std::vector<ApiKey> api_keys;
  std::optional<bool> has_more;
};
BOOST_DESCRIBE_STRUCT(ApiKeyPage, (), (api_keys, has_more))

struct SourceDetails {
  std::optional<bool> is_quantum;
};
BOOST_DESCRIBE_STRUCT(SourceDetails, (), (is_quantum))

struct Entropy {
  base::json::Value entropy;  // text, or an array of texts or integers
  std::string_view source;
  std::optional<SourceDetails> source_details;
};
BOOST_DESCRIBE_STRUCT(Entropy, (), (entropy, source, source_details))

struct AuditEntry {
  std::string_view id;
  std::string_view timestamp;
  std::string_view action;
  std::string_view category;
  Text actor;
  Text actor_type;
  Text resource_type;
  Text resource_id;
  Text resource_name;
  Text outcome;
  Text error;
  Text ip_address;
};
BOOST_DESCRIBE_STRUCT(AuditEntry, (),
                      (id, timestamp, action, category, actor, actor_type, resource_type,
                       resource_id, resource_name, outcome, error, ip_address))

struct AuditPage {
  std::vector<AuditEntry> items;
  std::int64_t total_count = 0;
};
BOOST_DESCRIBE_STRUCT(AuditPage, (), (items, total_count))

struct Binding {
  std::string_view type;
  Text id;
  Text name;
};
BOOST_DESCRIBE_STRUCT(Binding, (), (type, id, name))

struct NewApiKey {
  std::string_view name;
  Text service_account;
  Text role;
  std::vector<std::string> scopes;
  std::optional<std::vector<Binding>> bindings;
  Text expires_at;
};
BOOST_DESCRIBE_STRUCT(NewApiKey, (), (name, service_account, role, scopes, bindings, expires_at))

struct NewSecret {
  std::string_view name;
  std::string_view value;
  Text description;
  Text content_type;
  std::optional<std::vector<std::string>> labels;
};
BOOST_DESCRIBE_STRUCT(NewSecret, (), (name, value, description, content_type, labels))

struct NewValue {
  std::string_view value;
};
BOOST_DESCRIBE_STRUCT(NewValue, (), (value))

struct Certificate {
  std::string_view id;
  std::string_view serial_number;
  std::string_view identity;
  std::string_view status;
  std::string_view key_type;
  Text spiffe_id;
  std::optional<std::vector<std::string>> dns_names;
  std::string_view ca_id;
  std::string_view not_before;
  std::string_view not_after;
  Text created_at;
  Text revoked_at;
  Text chain_pem;
  Text ca_pem;
};
BOOST_DESCRIBE_STRUCT(Certificate, (),
                      (id, serial_number, identity, status, key_type, spiffe_id, dns_names, ca_id,
                       not_before, not_after, created_at, revoked_at, chain_pem, ca_pem))

struct Issuer {
  std::string_view id;
  std::string_view certificate_pem;
};
BOOST_DESCRIBE_STRUCT(Issuer, (), (id, certificate_pem))

struct IssuerList {
  std::vector<Issuer> issuers;
};
BOOST_DESCRIBE_STRUCT(IssuerList, (), (issuers))

struct CertificateOrder {
  std::string_view identity;
  std::string_view csr;
  std::optional<std::string> ttl;
};
BOOST_DESCRIBE_STRUCT(CertificateOrder, (), (identity, csr, ttl))

struct CertificateRenewal {
  std::string_view csr;
  std::optional<std::string> ttl;
};
BOOST_DESCRIBE_STRUCT(CertificateRenewal, (), (csr, ttl))

struct Revocation {
  Text reason;
};
BOOST_DESCRIBE_STRUCT(Revocation, (), (reason))

struct EncryptRequest {
  std::string_view plaintext;
  std::string_view encoding;
  Text additional_data;
};
BOOST_DESCRIBE_STRUCT(EncryptRequest, (), (plaintext, encoding, additional_data))

struct DecryptRequest {
  std::string_view encrypted_payload;
  Text additional_data;
};
BOOST_DESCRIBE_STRUCT(DecryptRequest, (), (encrypted_payload, additional_data))

struct EncryptBatch {
  std::vector<EncryptRequest> items;
};
BOOST_DESCRIBE_STRUCT(EncryptBatch, (), (items))

struct DecryptBatch {
  std::vector<DecryptRequest> items;
};
BOOST_DESCRIBE_STRUCT(DecryptBatch, (), (items))

struct ItemError {
  std::string_view code;
  std::string_view message;
};
BOOST_DESCRIBE_STRUCT(ItemError, (), (code, message))

struct EncryptedItem {
  std::int64_t index = 0;
  Text encrypted_payload;
  std::optional<ItemError> error;
};
BOOST_DESCRIBE_STRUCT(EncryptedItem, (), (index, encrypted_payload, error))

struct EncryptedBatch {
  std::vector<EncryptedItem> results;
};
BOOST_DESCRIBE_STRUCT(EncryptedBatch, (), (results))

struct DecryptedItem {
  std::int64_t index = 0;
  Text plaintext;
  std::optional<ItemError> error;
};
BOOST_DESCRIBE_STRUCT(DecryptedItem, (), (index, plaintext, error))

struct DecryptedBatch {
  std::vector<DecryptedItem> results;
};
BOOST_DESCRIBE_STRUCT(DecryptedBatch, (), (results))

struct SearchHashRequest {
  std::string_view plaintext;
  bool keyed = true;
};
BOOST_DESCRIBE_STRUCT(SearchHashRequest, (), (plaintext, keyed))

struct SearchHash {
  std::string_view hash;
  bool keyed = false;
};
BOOST_DESCRIBE_STRUCT(SearchHash, (), (hash, keyed))

struct EntropyRequest {
  std::int64_t bytes = 0;
  std::string_view format;
};
BOOST_DESCRIBE_STRUCT(EntropyRequest, (), (bytes, format))

}  // namespace quantumapi::sdk::wire
