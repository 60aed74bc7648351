// qapi apikeys: create, list, rotate, revoke.
#include <fmt/format.h>

#include "cli/answer.h"
#include "cli/expiry.h"
#include "cli/group.h"
#include "cli/shapes.h"
#include "cli/table.h"

namespace quantumapi::cli {
namespace {

struct CreateOptions {
  sdk::NewApiKey key;
  std::string expires;
};

struct RotateOptions {
  std::string id;
  std::int64_t overlap = 86'400;
};

struct RotateBody {
  std::int64_t overlap_seconds = 0;
};
BOOST_DESCRIBE_STRUCT(RotateBody, (), (overlap_seconds))

struct RevokeOptions {
  std::string id;
};

ApiKeyShape shape_of(const sdk::ApiKey& key) {
  return {.id = key.id,
          .name = key.name,
          .prefix = shown(key.prefix),
          .service_account = shown(key.service_account),
          .role = shown(key.role),
          .status = shown(key.status),
          .scopes = key.scopes,
          .created_at = shown(key.created_at),
          .expires_at = shown(key.expires_at),
          .revoked_at = shown(key.revoked_at),
          .api_key = shown(key.text.reveal())};
}

Outcome create(Context& context, const CreateOptions& options) {
  sdk::NewApiKey key = options.key;
  if (!options.expires.empty()) {
    TRY_ASSIGN(key.expires_at, expiry_of(options.expires, base::SystemClock().wall()));
  }
  TRY_ASSIGN(sdk::Client* const client, context.client());
  TRY_ASSIGN(const auto made, client->api_keys().create(key));
  Io& io = context.io();
  switch (context.format(Format::kTable)) {
    case Format::kJson:
      print_json(io, shape_of(made));
      return kOk;
    case Format::kValue:
      print_line(io, made.text.reveal());
      return kOk;
    case Format::kTable:
      break;
  }
  print_facts(io.out,
              {{"id", made.id},
               {"name", made.name},
               {"role", made.role},
               {"scopes", fmt::format("{}", fmt::join(made.scopes, " "))},
               {"expires", made.expires_at}},
              context.color());
  io.out << '\n' << made.text.reveal() << '\n';
  io.err << "The key is shown this once; keep it now.\n";
  return kOk;
}

Outcome list(Context& context, const NoOptions&) {
  TRY_ASSIGN(sdk::Client* const client, context.client());
  TRY_ASSIGN(const auto keys, client->api_keys().list());
  const Format format = context.format(Format::kTable);
  ApiKeyPageShape shape;
  Table table({"NAME", "ID", "PREFIX", "ROLE", "STATUS", "EXPIRES", "SCOPES"});
  for (const auto& key : keys) {
    shape.api_keys.push_back(shape_of(key));
    table.add({key.name, key.id, key.prefix, key.role, key.status, key.expires_at,
               fmt::format("{}", fmt::join(key.scopes, " "))});
    if (format == Format::kValue) print_line(context.io(), key.id);
  }
  if (format == Format::kJson) print_json(context.io(), shape);
  if (format == Format::kTable) table.print(context.io().out, context.color());
  return kOk;
}

Outcome rotate(Context& context, const RotateOptions& options) {
  TRY_ASSIGN(const auto answer, ask(context, "POST", "/apikeys/" + segment(options.id) + "/rotate",
                                    RotateBody{options.overlap}));
  TRY(print_answer(context, answer, "apiKey"));
  if (context.format(Format::kTable) == Format::kTable)
    context.io().err << "The key is shown this once; keep it now.\n";
  return kOk;
}

Outcome revoke(Context& context, const RevokeOptions& options) {
  TRY_ASSIGN(sdk::Client* const client, context.client());
  TRY(client->api_keys().revoke(options.id));
  return kOk;
}

}  // namespace

void add_api_keys(CLI::App& root, Context& context) {
  CLI::App& group = add_group(root, "apikeys", "API keys of the tenant");
  const auto [make, made] = add_command(
      group, context, "create", "Make an API key; it is shown once and never again", create);
  make->add_option("--name", made->key.name, "What the key is for")->required();
  make->add_option("--scope", made->key.scopes, "What it may do, as secrets:read; may be repeated")
      ->required()
      ->expected(1)
      ->take_all();
  make->add_option("--role", made->key.role, "member, admin or owner")
      ->check(CLI::IsMember({"member", "admin", "owner"}));
  make->add_option("--expires", made->expires, "When it ends: 90d, 12h, 30m or a time");
  make->add_option("--service-account", made->key.service_account,
                   "Whose it is; made when absent, by default named as the key");
  make->add_option("--secret", made->key.secrets, "The only secrets it reaches; may be repeated")
      ->expected(1)
      ->take_all();
  make->add_option("--key", made->key.keys, "The only keys it reaches; may be repeated")
      ->expected(1)
      ->take_all();
  add_command(group, context, "list", "List API keys", list);
  const auto [renew, renewed] =
      add_command(group, context, "rotate",
                  "Replace an API key; the old one works until the overlap ends", rotate);
  renew->add_option("ID", renewed->id, "Its id")->required();
  renew->add_option("--overlap", renewed->overlap, "Seconds, up to seven days")
      ->capture_default_str()
      ->check(CLI::Range(0, 604'800));
  const auto [end, ended] =
      add_command(group, context, "revoke", "End an API key for good", revoke);
  end->add_option("ID", ended->id, "Its id")->required();
}

}  // namespace quantumapi::cli
