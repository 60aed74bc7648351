// What QuantumVault reads and writes on the wire.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json_schema.h"
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
constexpr auto schema_facts(const CreateRequest*) {
  return std::to_array<json::Fact>({
      {"name", R"("minLength":1,"maxLength":255)"},
      {"value", R"("maxLength":1048576)"},
      {"description", R"("maxLength":1000)"},
      {"content_type", R"("maxLength":100)"},
      {"labels", R"("maxItems":64,"uniqueItems":true)"},
      {"username", R"("maxLength":255)"},
      {"urls",
       R"({"type":"array","items":{"type":"object","additionalProperties":{"type":"string"}}})"},
      {"custom_fields", R"({"type":"array","items":{"type":"object"}})"},
  });
}

struct PutValueRequest {
  std::string_view value;
  std::optional<std::int64_t> restored_from_version;  // says that this is a rollback
};
BOOST_DESCRIBE_STRUCT(PutValueRequest, (), (value, restored_from_version))
constexpr auto schema_facts(const PutValueRequest*) {
  return std::to_array<json::Fact>({
      {"value", R"("maxLength":1048576)"},
      {"restored_from_version", R"("minimum":1)"},
  });
}

struct RollbackRequest {
  std::int64_t version = 0;
};
BOOST_DESCRIBE_STRUCT(RollbackRequest, (), (version))
constexpr auto schema_facts(const RollbackRequest*) {
  return std::to_array<json::Fact>({
      {"version", R"("minimum":1)"},
  });
}

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
constexpr auto schema_facts(const SecretReply*) {
  return std::to_array<json::Fact>({
      {"version", R"("minimum":1)"},
      {"urls",
       R"({"type":"array","items":{"type":"object","additionalProperties":{"type":"string"}}})"},
      {"custom_fields", R"({"type":"array","items":{"type":"object"}})"},
  });
}

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
