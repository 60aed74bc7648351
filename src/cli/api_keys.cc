// qapi apikeys: create, get, list, rotate, revoke, rate-limit.
#include "cli/answer.h"
#include "cli/azure_devops.h"
#include "cli/expiry.h"
#include "cli/group.h"
#include "cli/names.h"
#include "cli/shapes.h"
#include "cli/table.h"

namespace quantumapi::cli {
namespace {

struct CreateOptions {
  std::string name;
  std::string service_account;
  std::string role;
  std::string expires;
  std::string description;
  std::vector<std::string> scopes;
  std::vector<std::string> secrets;
  std::vector<std::string> keys;
  std::vector<std::string> identities;
  std::vector<std::string> groups;
  std::vector<std::string> addresses;
  std::int64_t rate_limit = 0;
  std::string variable;
};

struct BindingBody {
  std::string_view type;
  Text id;
  Text name;
};
BOOST_DESCRIBE_STRUCT(BindingBody, (), (type, id, name))

struct CreateBody {
  std::string_view name;
  Text service_account;
  Text role;
  std::vector<std::string> scopes;
  std::optional<std::vector<BindingBody>> bindings;
  Text expires_at;
  Text description;
  std::optional<std::vector<std::string>> addresses;
  std::optional<std::int64_t> rate_limit;
};
BOOST_DESCRIBE_STRUCT(CreateBody, (),
                      (name, service_account, role, scopes, bindings, expires_at, description,
                       addresses, rate_limit))

struct RotateOptions {
  std::string key;
  std::string overlap = "24h";
  std::string variable;
};

struct RotateBody {
  std::int64_t overlap_seconds = 0;
};
BOOST_DESCRIBE_STRUCT(RotateBody, (), (overlap_seconds))

struct NamedApiKey {
  std::string key;
};

constexpr const char* kWhich = "Its id, or a name that one active key alone bears";
constexpr std::string_view kNoLimit = "2147483647";
constexpr std::int64_t kLongestOverlap = 604'800;

void bind_to(std::string_view type, const std::vector<std::string>& resources,
             std::vector<BindingBody>& out) {
  for (const std::string& resource : resources) {
    const bool is_id = Uuid::parse(resource).has_value();
    out.push_back({type, is_id ? Text(resource) : Text(), is_id ? Text() : Text(resource)});
  }
}

// print_key prints a new key, or hands it on as a pipeline's variable.
Outcome print_key(Context& context, const sdk::SecretString& answer, const std::string& variable) {
  if (!context.azure_devops()) return print_new_key(context, answer);
  TRY_ASSIGN(const auto name, member_of(answer, "name"));
  TRY_ASSIGN(const auto key, member_of(answer, "apiKey"));
  return hand_on(context, variable, name.reveal(), key.reveal());
}

Outcome create(Context& context, const CreateOptions& options) {
  CreateBody body{.name = options.name,
                  .service_account = shown(options.service_account),
                  .role = shown(options.role),
                  .scopes = options.scopes,
                  .bindings = {},
                  .expires_at = {},
                  .description = shown(options.description),
                  .addresses = {},
                  .rate_limit = {}};
  std::string expires;
  if (!options.expires.empty()) {
    TRY_ASSIGN(expires, expiry_of("--expires", options.expires, base::SystemClock().wall()));
  }
  body.expires_at = shown(expires);
  std::vector<BindingBody> bindings;
  bind_to("secret", options.secrets, bindings);
  bind_to("key", options.keys, bindings);
  bind_to("identity", options.identities, bindings);
  std::vector<std::string> groups;
  for (const std::string& group : options.groups) {
    TRY_ASSIGN(std::string id, group_id(context, group));
    groups.push_back(std::move(id));
  }
  bind_to("group", groups, bindings);
  if (!bindings.empty()) body.bindings = std::move(bindings);
  if (!options.addresses.empty()) body.addresses = options.addresses;
  if (options.rate_limit > 0) body.rate_limit = options.rate_limit;
  TRY_ASSIGN(const auto answer, ask(context, "POST", "/apikeys", body));
  return print_key(context, answer, options.variable);
}

Outcome get(Context& context, const NamedApiKey& options) {
  TRY_ASSIGN(const std::string id, api_key_id(context, options.key));
  TRY_ASSIGN(const auto answer, ask(context, "GET", "/apikeys/" + id));
  return print_answer(context, answer, "id");
}

Outcome rate_limit(Context& context, const NoOptions&) {
  TRY_ASSIGN(const auto answer, ask(context, "GET", "/rate-limit"));
  WipingArena arena;
  const auto parsed = json::parse(answer.reveal(), arena);
  // Clients want a number where there is no limit too; people do not.
  if (context.format(Format::kTable) == Format::kTable && parsed &&
      text_at(*parsed, "limit") == kNoLimit) {
    print_facts(context.io().out, {{"limit", "none"}}, context.color());
    return kOk;
  }
  return print_answer(context, answer, "remaining");
}

Outcome list(Context& context, const NoOptions&) {
  TRY_ASSIGN(const auto answer, ask_all(context, "/apikeys", "apiKeys"));
  return print_rows(context, answer, "apiKeys",
                    {"id",
                     "name",
                     "prefix",
                     "role",
                     "status",
                     {"expiresAt", "EXPIRES"},
                     {"lastUsedAt", "LAST USED"},
                     "scopes",
                     {"bindings", "BOUND TO"}});
}

Outcome rotate(Context& context, const RotateOptions& options) {
  const auto overlap = seconds_of(options.overlap);
  if (!overlap || *overlap > kLongestOverlap)
    return give_up(kUsage, "--overlap is seconds or a time as 12h, up to 7d; 0: none");
  TRY_ASSIGN(const std::string id, api_key_id(context, options.key));
  TRY_ASSIGN(const auto answer,
             ask(context, "POST", "/apikeys/" + id + "/rotate", RotateBody{*overlap}));
  return print_key(context, answer, options.variable);
}

Outcome revoke(Context& context, const EndOptions& options) {
  TRY_ASSIGN(const std::string id, api_key_id(context, options.named));
  const std::string name = id == options.named ? "" : " (" + id + ")";
  if (!options.yes)
    TRY(confirm_on_terminal(context.io(),
                            "API key " + printable(options.named) + name + " ends for good."));
  TRY_ASSIGN(sdk::Client* const client, context.client());
  TRY(client->api_keys().revoke(id));
  return kOk;
}

}  // namespace

void add_api_keys(CLI::App& root, Context& context) {
  CLI::App& group = add_group(root, "apikeys", "API keys of the tenant");
  const auto [make, made] = add_command(
      group, context, "create", "Make an API key; it is shown once and never again", create);
  make->add_option("--name", made->name, "What the key is for")->required();
  const auto add_list = [make](const char* name, std::vector<std::string>& list,
                               const char* about) {
    return make->add_option(name, list, about)->expected(1)->take_all();
  };
  add_list("--scope", made->scopes, "What it may do, as secrets:read; may be repeated")->required();
  make->add_option("--role", made->role, "What its holder is [member]")
      ->check(CLI::IsMember({"member", "admin", "owner"}));
  make->add_option("--expires", made->expires, "When it ends: 90d, 12h, 30m or a time");
  make->add_option("--description", made->description, "More about it");
  make->add_option("--service-account", made->service_account,
                   "Whose it is; made when absent, by default named as the key");
  add_list("--secret", made->secrets, "The only secrets it reaches; may be repeated");
  add_list("--key", made->keys, "The only keys it reaches; may be repeated");
  add_list("--identity", made->identities,
           "The only identities of certificates it reaches; may be repeated");
  add_list("--group", made->groups, "A resource group it reaches, by id or name; may be repeated");
  add_list("--address", made->addresses,
           "Where it may be used from, as 192.0.2.0/24; may be repeated");
  make->add_option("--rate-limit", made->rate_limit, "Requests a minute; 0: no limit")
      ->check(CLI::Range(0, 1'000'000));
  add_variable(*make, made->variable, "the key's name");
  add_command(group, context, "list", "List API keys", list);
  const auto [show, named] = add_command(group, context, "get", "Show an API key", get);
  show->add_option("KEY", named->key, kWhich)->required();
  const auto [renew, renewed] =
      add_command(group, context, "rotate",
                  "Replace an API key; the old one works until the overlap ends", rotate);
  renew->add_option("KEY", renewed->key, kWhich)->required();
  renew->add_option("--overlap", renewed->overlap, "Seconds, or as 12h, up to 7d")
      ->capture_default_str();
  add_variable(*renew, renewed->variable, "the key's name");
  const auto [end, ended] =
      add_command(group, context, "revoke", "End an API key for good", revoke);
  add_end(*end, *ended, "KEY", kWhich);
  add_command(group, context, "rate-limit", "Show what is left of this key's rate", rate_limit);
}

}  // namespace quantumapi::cli
