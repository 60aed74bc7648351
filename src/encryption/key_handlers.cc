// GET /keys, GET /keys/{id} and POST /keys/{id}/rotate.
#include <algorithm>

#include "base/encoding.h"
#include "base/json_request.h"
#include "encryption/handlers.h"
#include "encryption/key_tools.h"
#include "encryption/rules.h"
#include "encryption/wire.h"

namespace quantumapi::encryption {
namespace {

using http::Call;
using http::Reply;
using keyring::KeyRecord;
using keyring::Keyring;
using keyring::Purpose;

constexpr std::int64_t kMaxPage = 1'000'000;
constexpr std::int64_t kMaxPageSize = 200;
constexpr json::Naming kBoth = json::Naming::kCamelAndSnake;

Result<std::optional<Purpose>> purpose_filter(std::optional<std::string_view> type) {
  if (!type) return std::nullopt;
  if (*type == "encryption") return Purpose::kEncrypt;
  if (*type == "signing") return Purpose::kSign;
  if (*type == "hmac") return Purpose::kHmac;
  return fail_field("keyType", "must be encryption, signing or hmac");
}

Result<std::optional<std::string>> state_filter(std::optional<std::string_view> status) {
  if (!status) return std::nullopt;
  if (*status == "inactive") return "disabled";
  if (*status == "active" || *status == "scheduled_deletion" || *status == "deleted")
    return std::string(*status);
  return fail_field("status", "must be active, inactive, scheduled_deletion or deleted");
}

struct Page {
  std::int64_t number;
  std::int64_t size;
  Keyring::Filter filter;
};

Result<Page> page_of(const Call& call) {
  TRY_ASSIGN(const auto query, http::Query::parse(call.request().query));
  Page page{};
  TRY_ASSIGN(page.number, query.integer("page", 1, 1, kMaxPage));
  TRY_ASSIGN(page.size, query.integer("pageSize", 50, 1, kMaxPageSize));
  TRY_ASSIGN(page.filter.purpose, purpose_filter(query.text("keytype")));
  TRY_ASSIGN(page.filter.state, state_filter(query.text("status")));
  TRY_ASSIGN(page.filter.all_versions, query.boolean("allVersions", false));
  page.filter.offset = (page.number - 1) * page.size;
  page.filter.limit = page.size;
  return page;
}

bool passes(const KeyRecord& key, const Keyring::Filter& filter, WallTime now) {
  const bool purpose = !filter.purpose || key.purpose == *filter.purpose ||
                       (*filter.purpose == Purpose::kSign && key.purpose == Purpose::kImage);
  const bool expired = key.state == "active" && has_expired(key, now);
  const std::string_view shown = expired ? std::string_view("disabled") : key.state;
  const bool state = filter.state ? shown == *filter.state : key.state != "deleted";
  return purpose && state;
}

// find_bound gives what a binding reaches: by its id, by its name, or by both.
Result<std::vector<KeyRecord>> find_bound(Keyring& keyring, TenantId tenant,
                                          const base::Binding& binding) {
  std::vector<KeyRecord> out;
  const auto add = [&](Result<KeyRecord> found) -> Status {
    if (found) out.push_back(*std::move(found));
    if (!found && found.error().code != Code::kNotFound) return std::unexpected(found.error());
    return {};
  };
  if (!binding.id.is_nil()) TRY(add(keyring.find(tenant, KeyId{binding.id})));
  if (!binding.name.empty()) TRY(add(keyring.find(tenant, binding.name)));
  return out;
}

// add_versions adds a record for each version of a key.
Status add_versions(Keyring& keyring, const KeyRecord& key, std::vector<KeyRecord>& out) {
  TRY_ASSIGN(const auto versions, keyring.versions(key.tenant, key.id));
  for (const keyring::VersionRecord& version : versions) {
    KeyRecord record = key;
    if (version.version != key.latest_version) record.public_key.clear();
    record.latest_version = version.version;
    record.created_at = version.created_at;
    out.push_back(std::move(record));
  }
  return {};
}

// list_bound: a bound credential sees the keys it is bound to and no others.
Result<keyring::KeyPage> list_bound(Keyring& keyring, const Principal& principal,
                                    const Keyring::Filter& filter, WallTime now) {
  keyring::KeyPage page;
  for (const base::Binding& binding : principal.bindings) {
    if (binding.type != "key") continue;
    TRY_ASSIGN(auto bound, find_bound(keyring, principal.tenant, binding));
    for (KeyRecord& found : bound) {
      const bool known =
          std::ranges::any_of(page.keys, [&](const KeyRecord& key) { return key.id == found.id; });
      if (!known && passes(found, filter, now)) page.keys.push_back(std::move(found));
    }
  }
  if (filter.all_versions) {
    std::vector<KeyRecord> all;
    for (const KeyRecord& key : page.keys) TRY(add_versions(keyring, key, all));
    page.keys = std::move(all);
  }
  page.total = std::ssize(page.keys);
  const auto skipped = std::min(filter.offset, page.total);
  page.keys.erase(page.keys.begin(), page.keys.begin() + skipped);
  if (std::ssize(page.keys) > filter.limit)
    page.keys.erase(page.keys.begin() + filter.limit, page.keys.end());
  return page;
}

}  // namespace

Result<Reply> handle_list_keys(Keyring& keyring, Call& call) {
  TRY_ASSIGN(const Page page, page_of(call));
  const Principal& principal = call.principal();
  TRY_ASSIGN(const keyring::KeyPage found,
             principal.bindings.empty() ? keyring.list(principal.tenant, page.filter)
                                        : list_bound(keyring, principal, page.filter, call.now()));
  KeyListReply reply{.keys = {}, .total = found.total, .page = page.number, .page_size = page.size};
  for (const KeyRecord& key : found.keys) fill(reply.keys.emplace_back(), key, call.now());
  reply.has_more = page.filter.offset + std::ssize(found.keys) < found.total;
  call.audit(call.event());
  return Reply::json(call.request(), reply, kBoth);
}

Result<Reply> handle_get_key(Keyring& keyring, Call& call) {
  TRY_ASSIGN(const KeyRecord key, find_key(keyring, call));
  KeyReply reply;
  fill(reply, key, call.now());
  call.audit(key_event(call, key));
  return Reply::json(call.request(), reply, kBoth);
}

Result<Reply> handle_rotate_key(Keyring& keyring, Call& call) {
  TRY_ASSIGN(const auto request,
             json::decode_request<RotateRequest>(call.request().body, call.arena()));
  const bool set_default = request.set_as_default.value_or(false);
  TRY(check_default(call.principal(), set_default));
  if (request.name) TRY(check_key_name(*request.name));
  TRY_ASSIGN(const KeyRecord key, find_key(keyring, call));
  if (request.name) TRY(check_renaming(call.principal(), key, *request.name));
  TRY_ASSIGN(
      const Keyring::Rotation rotation,
      keyring.rotate(call.principal().tenant, key.id, call.event(), set_default, request.name));
  call.recorded();
  KeyReply reply;
  fill(reply, rotation.key, call.now());
  reply.key_id = rotation.key.id;
  reply.new_version = rotation.key.latest_version;
  reply.previous_version = rotation.previous_version;
  reply.rotated_at = rotation.key.rotated_at.value_or(call.now());
  return Reply::json(call.request(), reply, kBoth);
}

}  // namespace quantumapi::encryption
