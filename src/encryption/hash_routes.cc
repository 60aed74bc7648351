#include "encryption/hash_routes.h"

#include "base/encoding.h"
#include "base/json_request.h"
#include "base/search_text.h"
#include "crypto/hash.h"
#include "encryption/batch.h"
#include "encryption/handler_tools.h"
#include "encryption/hash_wire.h"
#include "encryption/rules.h"

namespace quantumapi::encryption {
namespace {

using http::Call;
using http::Method;
using http::Reply;
using http::schema;
using json::Value;
using keyring::Keyring;

constexpr std::size_t kMaxSearchText = 16 * 1024;  // octets

// Hasher makes the hashes of one call: all plain, or all under the search key.
class Hasher {
 public:
  static Result<Hasher> create(Keyring& keyring, const Call& call, bool keyed) {
    TRY(check_thread(call));
    Hasher hasher;
    if (!keyed) return hasher;
    TRY_ASSIGN(hasher.key_, keyring.search_key(call.principal().tenant, call.may_block()));
    TRY(check_reach(keyring, call.principal(), hasher.key_->key, call.may_block()));
    return hasher;
  }

  [[nodiscard]] Result<std::string> hash(std::string_view plaintext) const {
    TRY(check_size("plaintext", plaintext.size(), kMaxSearchText));
    const auto searched = base::search_text(plaintext);
    if (!searched) return fail_field("plaintext", "is not UTF-8");
    const ByteView octets = searched->reveal(SecretAccess{});
    return base::to_hex(key_ ? key_->keyed.mac({octets}) : plain(octets));
  }

  // describe says in a reply how its hashes were made.
  template <typename AnyReply>
  void describe(AnyReply& reply) const {
    reply.keyed = key_ != nullptr;
    reply.algorithm = algorithm();
    if (key_) reply.key_id = key_->key;
    if (key_) reply.key_version = key_->version;
  }

  [[nodiscard]] AuditEvent event(const Call& call) const {
    AuditEvent event = call.event();
    event.algorithm = algorithm();
    event.channel = "eaas";
    if (!key_) return event;
    event.resource_type = "key";
    event.resource = key_->key.uuid;
    event.key_version = key_->version;
    return event;
  }

 private:
  static Bytes plain(ByteView octets) {
    const crypto::Digest digest = crypto::sha3_256(octets);
    return {digest.begin(), digest.end()};
  }
  [[nodiscard]] std::string_view algorithm() const {
    return key_ ? to_string(key_->keyed.hash()) : "SHA3-256";
  }

  std::shared_ptr<const keyring::HmacVersion> key_;  // none: plain
};

Result<Reply> handle_hash(Keyring& keyring, Call& call) {
  TRY_ASSIGN(const auto request,
             json::decode_request<HashRequest>(call.request().body, call.arena()));
  TRY_ASSIGN(const Hasher hasher, Hasher::create(keyring, call, request.keyed.value_or(true)));
  HashReply reply;
  TRY_ASSIGN(reply.hash, hasher.hash(request.plaintext));
  hasher.describe(reply);
  call.audit(hasher.event(call));
  return Reply::json(call.request(), reply);
}

Result<std::string> hash_item(const Hasher& hasher, const Value& item) {
  TRY(json::check_item_names<HashItem>(item));
  TRY_ASSIGN(const auto plaintext, text_of(item, "plaintext", "plaintext"));
  return hasher.hash(plaintext);
}

Result<Reply> handle_hash_batch(Keyring& keyring, Call& call) {
  TRY_ASSIGN(const auto request,
             json::decode_request<HashBatchRequest>(call.request().body, call.arena()));
  TRY(check_batch(request.items, call));
  const auto items = request.items.items;
  TRY_ASSIGN(const Hasher hasher, Hasher::create(keyring, call, request.keyed.value_or(true)));
  HashBatchReply reply;
  hasher.describe(reply);
  reply.results.resize(items.size());
  AuditEvent event = hasher.event(call);
  event.batch_size = static_cast<std::uint32_t>(items.size());
  std::uint32_t failed = 0;
  for (std::size_t i = 0; i < items.size(); ++i) {
    HashResult& result = reply.results[i];
    result.index = static_cast<std::int64_t>(i);
    auto hash = hash_item(hasher, items[i]);
    if (hash) result.hash = *std::move(hash);
    if (!hash) result.error = item_error(hash.error());
    failed += !hash;
  }
  event.failed_items = failed;
  if (failed == items.size()) {
    event.outcome = Outcome::kFailure;
    event.error = "all_items_failed";
  }
  call.audit(std::move(event));
  return Reply::json(call.request(), reply, json::Naming::kCamel, 200, 256 + items.size() * 128);
}

}  // namespace

std::vector<http::Route> hash_routes(Keyring& keyring) {
  std::vector<http::Route> all;
  all.push_back({.method = Method::kPost,
                 .path = "/hash/searchable",
                 .summary = "Hash a text, trimmed and in lower case, to find it by.",
                 .handler = [&keyring](Call& call) { return handle_hash(keyring, call); },
                 .scope = "encryption:hash",
                 .action = "payload.hash",
                 .category = "encryption",
                 .pure = true,
                 .request_schema = schema<HashRequest>(),
                 .reply_schema = schema<HashReply>()});
  all.push_back({.method = Method::kPost,
                 .path = "/hash/searchable/batch",
                 .summary = "Hash up to 1,000 texts to find them by; a bad one fails alone.",
                 .handler = [&keyring](Call& call) { return handle_hash_batch(keyring, call); },
                 .scope = "encryption:hash",
                 .action = "payload.hash",
                 .category = "encryption",
                 .pure = true,
                 .body_limit = 8 * kMaxPlaintext,
                 .request_schema = schema<HashBatchSchema>(),
                 .reply_schema = schema<HashBatchReply>()});
  return all;
}

}  // namespace quantumapi::encryption
