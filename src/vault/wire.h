// What QuantumVault reads and writes on the wire.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "vault/service.h"

namespace quantumapi::vault {

struct CreateRequest {
  std::string_view name;
  std::string_view value;
  std::optional<std::string_view> description;
  std::optional<std::string_view> content_type;
  std::optional<std::vector<std::string>> labels;
  std::optional<std::string_view> username;
  std::optional<std::string_view> notes;
  std::optional<json::Value> urls;           // array of objects of strings
  std::optional<json::Value> custom_fields;  // array of objects
  std::optional<std::string_view> totp_secret;
  std::optional<WallTime> expires_at;
};
BOOST_DESCRIBE_STRUCT(CreateRequest, (),
                      (name, value, description, content_type, labels, username, notes, urls,
                       custom_fields, totp_secret, expires_at))

struct PutValueRequest {
  std::string_view value;
};
BOOST_DESCRIBE_STRUCT(PutValueRequest, (), (value))

// SecretReply views the record and the request's arena.
struct SecretReply {
  SecretId id;
  std::string_view name;
  std::int64_t version = 1;
  std::optional<std::string_view> value;
  std::optional<std::string_view> description;
  std::optional<std::string_view> content_type;
  std::optional<std::vector<std::string>> labels;
  bool is_active = true;
  bool is_favorite = false;
  bool has_totp = false;
  WallTime created_at;
  WallTime updated_at;
  std::optional<WallTime> expires_at;
  std::optional<std::string_view> username;
  std::optional<std::string_view> notes;
  std::optional<json::Value> urls;
  std::optional<json::Value> custom_fields;
  std::optional<std::string_view> totp_secret;
};
BOOST_DESCRIBE_STRUCT(SecretReply, (),
                      (id, name, version, value, description, content_type, labels, is_active,
                       is_favorite, has_totp, created_at, updated_at, expires_at, username, notes,
                       urls, custom_fields, totp_secret))

struct ListReply {
  std::vector<SecretReply> secrets;
  std::int64_t total = 0;
  std::int64_t page = 1;
  std::int64_t page_size = 50;
  bool has_more = false;
};
BOOST_DESCRIBE_STRUCT(ListReply, (), (secrets, total, page, page_size, has_more))

struct VersionReply {
  std::int64_t version = 1;
  WallTime created_at;
  std::string changed_by;
};
BOOST_DESCRIBE_STRUCT(VersionReply, (), (version, created_at, changed_by))

struct HistoryReply {
  SecretId secret_id;
  std::vector<VersionReply> versions;
};
BOOST_DESCRIBE_STRUCT(HistoryReply, (), (secret_id, versions))

// Include is which sealed fields a reader asked for.
struct Include {
  bool username = false;
  bool notes = false;
  bool urls = false;
  bool custom_fields = false;
  bool totp_secret = false;

  // parse reads a comma list; "all" stands for every one, "metadata" for all but
  // the TOTP seed, which is a secret of its own, unknown names for none.
  static Include parse(std::string_view list);
  static Include all() { return {true, true, true, true, true}; }
  [[nodiscard]] bool any() const {
    return username || notes || urls || custom_fields || totp_secret;
  }
};

// sealed_fields checks the fields of a request and gives their JSON text in
// `arena`; empty when there are none.
Result<std::string_view> sealed_fields(const CreateRequest& request, WipingArena& arena);

SecretReply reply_of(const SecretRecord& record);

// add_fields parses the JSON text of sealed_fields into `arena` and shows what was asked for.
Status add_fields(SecretReply& reply, std::string_view fields, const Include& include,
                  WipingArena& arena);

}  // namespace quantumapi::vault
