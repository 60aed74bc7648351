// qapi secrets: create, get, list, put, versions, rollback, delete.
#include <fmt/format.h>

#include "cli/answer.h"
#include "cli/azure_devops.h"
#include "cli/expiry.h"
#include "cli/group.h"
#include "cli/names.h"
#include "cli/shapes.h"
#include "cli/table.h"

namespace quantumapi::cli {
namespace {

constexpr const char* kAllowEmpty = "Take an empty value too";

struct CreateOptions {
  std::string value;  // stands in for the real one
  bool allow_empty = false;
  sdk::NewSecret secret;
  std::string expires;
};

struct CreateBody {
  std::string_view name;
  std::string_view value;
  Text description;
  Text content_type;
  std::optional<std::vector<std::string>> labels;
  Text expires_at;
};
BOOST_DESCRIBE_STRUCT(CreateBody, (), (name, value, description, content_type, labels, expires_at))

struct GetOptions {
  std::string secret;
  bool show = false;
  std::int64_t version = 0;
  std::string variable;
};

struct ListOptions {
  std::int64_t page = 1;
  std::int64_t page_size = 50;
  std::string search;
  std::string label;
  std::string content_type;
  bool inactive = false;
};

struct PutOptions {
  std::string secret;
  std::string value;
  bool allow_empty = false;
};

struct VersionsOptions {
  std::string secret;
};

struct RollbackOptions {
  std::string secret;
  std::int64_t version = 0;
};

struct RollbackBody {
  std::int64_t version = 0;
};
BOOST_DESCRIBE_STRUCT(RollbackBody, (), (version))

struct DeleteOptions {
  std::string secret;
  bool yes = false;
};

// secret_of is what an answer says of a secret but for its value.
sdk::Secret secret_of(const json::Value& row) {
  sdk::Secret secret;
  secret.id = text_at(row, "id");
  secret.name = text_at(row, "name");
  secret.description = text_at(row, "description");
  secret.content_type = text_at(row, "contentType");
  secret.created_at = text_at(row, "createdAt");
  secret.updated_at = text_at(row, "updatedAt");
  secret.expires_at = text_at(row, "expiresAt");
  if (const json::Value* labels = row.find("labels"))
    for (const json::Value& label : labels->items) secret.labels.emplace_back(label.text);
  if (const json::Value* version = row.find("version")) secret.version = version->integer;
  if (const json::Value* active = row.find("isactive")) secret.is_active = active->boolean;
  return secret;
}

SecretShape shape_of(const sdk::Secret& secret, bool show) {
  SecretShape shape{.id = secret.id, .name = secret.name, .version = secret.version};
  if (show) shape.value = secret.value.reveal();
  shape.description = shown(secret.description);
  shape.content_type = shown(secret.content_type);
  if (!secret.labels.empty()) shape.labels = secret.labels;
  shape.is_active = secret.is_active;
  shape.created_at = shown(secret.created_at);
  shape.updated_at = shown(secret.updated_at);
  shape.expires_at = shown(secret.expires_at);
  return shape;
}

void print_secret(Context& context, const sdk::Secret& secret, bool show) {
  std::vector<std::pair<std::string, std::string>> facts{
      {"id", secret.id},
      {"name", secret.name},
      {"version", std::to_string(secret.version)},
      {"description", secret.description},
      {"content type", secret.content_type},
      {"labels", fmt::format("{}", fmt::join(secret.labels, ", "))},
      {"created", secret.created_at},
      {"updated", secret.updated_at},
      {"expires", secret.expires_at}};
  print_facts(context.io().out, facts, context.color());
  if (!show) return;
  const std::string_view value = secret.value.reveal();
  context.io().out << '\n' << value << (value.ends_with('\n') ? "" : "\n");
}

// print_changed answers create and put; the value is never among it.
Outcome print_changed(Context& context, const sdk::Secret& secret) {
  switch (context.format(Format::kTable)) {
    case Format::kJson:
      print_json(context.io(), shape_of(secret, false));
      break;
    case Format::kValue:
      print_line(context.io(), secret.id);
      break;
    case Format::kTable:
      print_secret(context, secret, false);
  }
  return kOk;
}

// print_answered is print_changed of an answer that may hold the value.
Outcome print_answered(Context& context, const sdk::SecretString& answer) {
  WipingArena arena;
  const auto parsed = json::parse(answer.reveal(), arena);
  if (!parsed) return give_up(kFailed, "the platform's answer can't be understood");
  return print_changed(context, secret_of(*parsed));
}

// read_secret refuses an empty value unless it is meant: most often a command in front of the pipe
// has failed, and what it should have given would be replaced by nothing.
Try<sdk::SecretString> read_secret(Context& context, std::string_view prompt, bool allow_empty) {
  TRY_ASSIGN(auto value, context.value(prompt));
  if (value.reveal().empty() && !allow_empty)
    return give_up(kUsage, "the value is empty; add --allow-empty if that is meant");
  return value;
}

Outcome create(Context& context, const CreateOptions& options) {
  TRY_ASSIGN(const auto value, read_secret(context, "Value of the secret", options.allow_empty));
  const sdk::NewSecret& secret = options.secret;
  std::string expires;
  if (!options.expires.empty()) {
    TRY_ASSIGN(expires, expiry_of("--expires", options.expires, base::SystemClock().wall()));
  }
  CreateBody body{.name = secret.name,
                  .value = value.reveal(),
                  .description = shown(secret.description),
                  .content_type = shown(secret.content_type),
                  .labels = {},
                  .expires_at = shown(expires)};
  if (!secret.labels.empty()) body.labels = secret.labels;
  TRY_ASSIGN(const auto answer, ask(context, "POST", "/secrets", body));
  return print_answered(context, answer);
}

Outcome get(Context& context, const GetOptions& options) {
  TRY_ASSIGN(sdk::Client* const client, context.client());
  const auto version =
      options.version == 0 ? std::nullopt : std::optional<std::int64_t>(options.version);
  TRY_ASSIGN(const auto secret, client->vault().get(options.secret, version));
  if (context.azure_devops())
    return hand_on(context, options.variable, secret.name, secret.value.reveal());
  switch (context.format(Format::kTable)) {
    case Format::kJson:
      print_json(context.io(), shape_of(secret, options.show));
      break;
    case Format::kValue:
      print_value(context.io(), secret.value.reveal());
      break;
    case Format::kTable:
      print_secret(context, secret, options.show);
  }
  return kOk;
}

std::string query_of(const ListOptions& options) {
  std::string query = fmt::format("?page={}&pageSize={}", options.page, options.page_size);
  if (options.inactive) query += "&includeInactive=true";
  for (const auto& [name, value] :
       {std::pair<const char*, const std::string&>("search", options.search),
        {"label", options.label},
        {"contentType", options.content_type}})
    if (!value.empty()) query += fmt::format("&{}={}", name, segment(value));
  return query;
}

Try<sdk::SecretPage> ask_page(Context& context, const ListOptions& options) {
  TRY_ASSIGN(const auto answer, ask(context, "GET", "/secrets" + query_of(options)));
  WipingArena arena;
  const auto parsed = read_list(answer, arena);
  const json::Value* const rows = parsed ? parsed->find("secrets") : nullptr;
  if (rows == nullptr) return give_up(kFailed, "the platform's answer can't be understood");
  sdk::SecretPage page;
  for (const json::Value& row : rows->items) page.secrets.push_back(secret_of(row));
  page.page = options.page;
  page.page_size = options.page_size;
  if (const json::Value* total = parsed->find("total")) page.total = total->integer;
  if (const json::Value* more = parsed->find("hasmore")) page.has_more = more->boolean;
  return page;
}

Outcome list(Context& context, const ListOptions& options) {
  TRY_ASSIGN(const auto page, ask_page(context, options));
  const Format format = context.format(Format::kTable);
  if (format == Format::kJson) {
    SecretPageShape shape{{}, page.total, page.page, page.page_size, page.has_more};
    for (const auto& secret : page.secrets) shape.secrets.push_back(shape_of(secret, false));
    print_json(context.io(), shape);
    return kOk;
  }
  Table table({"NAME", "ID", "VERSION", "TYPE", "UPDATED"});
  for (const auto& secret : page.secrets) {
    if (format == Format::kValue) print_line(context.io(), printable(secret.name));
    table.add({secret.name, secret.id, std::to_string(secret.version), secret.content_type,
               secret.updated_at});
  }
  if (format == Format::kTable) table.print(context.io().out, context.color());
  if (page.has_more)
    context.io().err << fmt::format("{} of {} secrets; --page {} shows more\n", page.secrets.size(),
                                    page.total, page.page + 1);
  return kOk;
}

Outcome put(Context& context, const PutOptions& options) {
  TRY_ASSIGN(const auto value,
             read_secret(context, "New value of the secret", options.allow_empty));
  TRY_ASSIGN(sdk::Client* const client, context.client());
  TRY_ASSIGN(const auto secret, client->vault().put(options.secret, value));
  return print_changed(context, secret);
}

// versions says where the answer, which has no pages, leaves older ones out.
Outcome versions(Context& context, const VersionsOptions& options) {
  TRY_ASSIGN(const std::string id, secret_id(context, options.secret));
  TRY_ASSIGN(const auto answer, ask(context, "GET", "/secrets/" + id + "/versions"));
  TRY(print_rows(context, answer, "versions", {"version", "createdAt", "changedBy"}));
  constexpr std::size_t kMost = 1000;
  WipingArena arena;
  const auto parsed = read_list(answer, arena);
  const json::Value* const rows = parsed ? parsed->find("versions") : nullptr;
  if (rows == nullptr || rows->items.size() < kMost) return kOk;
  const json::Value* const oldest = rows->items.back().find("version");
  if (oldest != nullptr && oldest->integer > 1)
    context.io().err << fmt::format(
        "the newest {} versions; older ones can be asked for by number\n", rows->items.size());
  return kOk;
}

// rollback adds a version; what it answers with the value in it is not printed.
Outcome rollback(Context& context, const RollbackOptions& options) {
  TRY_ASSIGN(const std::string id, secret_id(context, options.secret));
  TRY_ASSIGN(const auto answer,
             ask(context, "POST", "/secrets/" + id + "/rollback", RollbackBody{options.version}));
  return print_answered(context, answer);
}

Outcome remove(Context& context, const DeleteOptions& options) {
  if (!options.yes)
    TRY(confirm(context.io(), "The secret " + printable(options.secret) +
                                  " goes with all its versions, for good."));
  TRY_ASSIGN(sdk::Client* const client, context.client());
  TRY(client->vault().remove(options.secret));
  return kOk;
}

}  // namespace

void add_secrets(CLI::App& root, Context& context) {
  CLI::App& group = add_group(root, "secrets", "Secrets of QuantumVault");

  const auto [create_command, made] =
      add_command(group, context, "create", "Store a new secret", create);
  create_command->add_option("NAME", made->secret.name, "Its name, unique in the tenant")
      ->required();
  add_value(*create_command, "VALUE", made->value, "The value");
  create_command->add_flag("--allow-empty", made->allow_empty, kAllowEmpty);
  create_command->add_option("--description", made->secret.description, "What it is for");
  create_command->add_option("--content-type", made->secret.content_type,
                             "Its media type, as application/x-pem-file");
  create_command->add_option("--label", made->secret.labels, "A label; may be given again")
      ->expected(1)
      ->take_all();
  create_command->add_option("--expires", made->expires, "When it ends: 90d, 12h, 30m or a time");

  const auto [get_command, wanted] = add_command(group, context, "get", "Show a secret", get);
  get_command->add_option("SECRET", wanted->secret, "Its id or name")->required();
  get_command->add_flag("--show", wanted->show, "Print the value too");
  get_command->add_option("--version", wanted->version, "An older version")->check(counting());
  add_variable(*get_command, wanted->variable, "the secret's name");

  const auto [list_command, listed] = add_command(group, context, "list", "List secrets", list);
  list_command->add_option("--page", listed->page, "Which page, from 1")->check(counting());
  list_command->add_option("--page-size", listed->page_size, "Secrets a page, up to 200")
      ->check(CLI::Range(1, 200));
  list_command->add_option("--search", listed->search, "Those with this in their name");
  list_command->add_option("--label", listed->label, "Those with this whole label");
  list_command->add_option("--content-type", listed->content_type, "Those of this media type");
  list_command->add_flag("--inactive", listed->inactive, "Those that have ended too");

  const auto [put_command, changed] =
      add_command(group, context, "put", "Give a secret a new value", put);
  put_command->add_option("SECRET", changed->secret, "Its id or name")->required();
  add_value(*put_command, "VALUE", changed->value, "The new value");
  put_command->add_flag("--allow-empty", changed->allow_empty, kAllowEmpty);

  const auto [versions_command, asked] =
      add_command(group, context, "versions", "List the versions of a secret", versions);
  versions_command->add_option("SECRET", asked->secret, "Its id or name")->required();

  const auto [rollback_command, back] = add_command(
      group, context, "rollback", "Give a secret the value of an earlier version again", rollback);
  rollback_command->add_option("SECRET", back->secret, "Its id or name")->required();
  rollback_command->add_option("VERSION", back->version, "Whose value becomes the newest")
      ->required()
      ->check(counting());

  const auto [delete_command, ended] =
      add_command(group, context, "delete", "Delete a secret with all its versions", remove);
  delete_command->add_option("SECRET", ended->secret, "Its id or name")->required();
  delete_command->add_flag("--yes", ended->yes, "Do not ask");
}

}  // namespace quantumapi::cli
