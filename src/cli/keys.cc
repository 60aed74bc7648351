// qapi keys: list, rotate, check; the rest is in keys_manage.cc.
#include <algorithm>

#include "cli/answer.h"
#include "cli/group.h"
#include "cli/shapes.h"
#include "cli/table.h"

namespace quantumapi::cli {
namespace {

struct ListOptions {
  std::string type;
  std::string status;
  bool all_versions = false;
};

struct RotateOptions {
  std::string key;
  std::string name;
  bool set_default = false;
};

struct RotateBody {
  Text name;
  std::optional<bool> set_as_default;
};
BOOST_DESCRIBE_STRUCT(RotateBody, (), (name, set_as_default))

Outcome list(Context& context, const ListOptions& options) {
  std::string path = options.all_versions ? "/keys?allVersions=true" : "/keys?allVersions=false";
  if (!options.type.empty()) path += "&keyType=" + options.type;
  if (!options.status.empty()) path += "&status=" + options.status;
  TRY_ASSIGN(const auto answer, ask_all(context, path, "keys"));
  return print_rows(context, answer, "keys",
                    {"name",
                     "id",
                     {"keyType", "TYPE"},
                     "algorithm",
                     "version",
                     "status",
                     {"isDefault", "DEFAULT"}});
}

Outcome rotate(Context& context, const RotateOptions& options) {
  TRY_ASSIGN(sdk::Client* const client, context.client());
  TRY_ASSIGN(const std::string id, client->keys().find_id(options.key));
  RotateBody body{shown(options.name), {}};
  if (options.set_default) body.set_as_default = true;
  TRY_ASSIGN(const auto answer, ask(context, "POST", "/keys/" + id + "/rotate", body));
  if (context.format(Format::kTable) != Format::kTable)
    return print_answer(context, answer, "version");
  WipingArena arena;
  const auto key = json::parse(answer.reveal(), arena);
  if (!key) return give_up(kFailed, "the platform's answer can't be understood");
  std::vector<std::pair<std::string, std::string>> facts;
  for (const char* fact : {"id", "name", "version"}) facts.emplace_back(fact, text_at(*key, fact));
  print_facts(context.io().out, facts, context.color());
  return kOk;
}

constexpr const char* kNotAllowed = "insufficient_scope";  // other refusals are the key's fault
constexpr const char* kPass = "pass";
constexpr const char* kFail = "fail";
constexpr const char* kNotChecked = "not checked";

struct Check {
  std::string name;
  const char* status;
  std::string details;
};

// check_default: there is one active default key of the type.
Check check_default(const std::vector<sdk::Key>& keys, const std::string& type) {
  const std::string name = "default " + type + " key";
  const auto found = std::ranges::find_if(
      keys, [&](const sdk::Key& key) { return key.key_type == type && key.is_default; });
  if (found == keys.end()) return {name, kFail, "there is none"};
  if (found->status != "active") return {name, kFail, found->name + " is " + found->status};
  return {name, kPass, found->name + ", version " + std::to_string(found->version)};
}

Check check_algorithms(const std::vector<sdk::Key>& keys) {
  std::string classical;
  for (const sdk::Key& key : keys) {
    if (key.key_type == "hmac" || key.algorithm.starts_with("ML-")) continue;
    classical += (classical.empty() ? "" : ", ") + key.name + " (" + key.algorithm + ")";
  }
  if (classical.empty()) return {"post-quantum algorithms", kPass, "every key"};
  return {"post-quantum algorithms", kFail, classical};
}

// check_round_trip: what is encrypted now can be decrypted now.
Check check_round_trip(sdk::Client& client) {
  const std::string name = "encrypt and decrypt";
  const std::string_view text = "qapi keys check";
  const auto sealed = client.encryption().encrypt({text});
  if (!sealed && sealed.error().code == kNotAllowed)
    return {name, kNotChecked, "this key may not encrypt"};
  if (!sealed) return {name, kFail, sealed.error().message};
  const auto opened = client.encryption().decrypt({sealed->payload});
  if (!opened && opened.error().code == kNotAllowed)
    return {name, kNotChecked, "this key may not decrypt"};
  if (!opened) return {name, kFail, opened.error().message};
  if (opened->reveal() != text) return {name, kFail, "another text came back"};
  return {name, kPass, sealed->algorithm + ", key version " + std::to_string(sealed->key_version)};
}

int verdict(const std::vector<Check>& checks) {
  const auto any = [&](std::string_view status) {
    return std::ranges::any_of(checks, [&](const Check& check) { return check.status == status; });
  };
  if (any(kFail)) return kNotVerified;
  return any(kNotChecked) ? kUnknown : kOk;
}

Outcome check(Context& context, const NoOptions&) {
  TRY_ASSIGN(sdk::Client* const client, context.client());
  TRY_ASSIGN(const auto keys, client->keys().list());
  const std::vector<Check> checks{check_default(keys, "encryption"), check_default(keys, "signing"),
                                  check_algorithms(keys), check_round_trip(*client)};
  ChecksShape shape;
  Table table({"CHECK", "RESULT", "DETAILS"});
  for (const Check& one : checks) {
    shape.checks.push_back({one.name, one.status, one.details});
    table.add({one.name, one.status, one.details});
  }
  if (context.format(Format::kTable) == Format::kJson)
    print_json(context.io(), shape);
  else
    table.print(context.io().out, context.color());
  return verdict(checks);
}

}  // namespace

void add_keys(CLI::App& root, Context& context) {
  CLI::App& group = add_group(root, "keys", "Encryption and signing keys");
  const auto [every, wanted] = add_command(group, context, "list", "List keys", list);
  every->add_option("--type", wanted->type, "Of this type alone")
      ->check(CLI::IsMember({"encryption", "signing", "hmac"}));
  every->add_option("--status", wanted->status, "In this state alone")
      ->check(CLI::IsMember({"active", "inactive", "scheduled_deletion", "deleted"}));
  every->add_flag("--all-versions", wanted->all_versions, "A row for each version");
  add_key_management(group, context);
  const auto [command, options] =
      add_command(group, context, "rotate", "Give a key a new version; older ones decrypt", rotate);
  command->add_option("KEY", options->key, "Its id or name")->required();
  command->add_option("--name", options->name, "Its name from now on");
  command->add_flag("--default", options->set_default, "Make it its type's default");
  add_command(group, context, "check",
              "Check the default keys; ends with 1 if one fails, 3 if one could not be checked",
              check);
}

}  // namespace quantumapi::cli
