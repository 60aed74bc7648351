// qapi datakey and qapi transit datakey: keys for encryption outside the platform, wrapped under
// one of its keys.
#include "base/encoding.h"
#include "cli/answer.h"
#include "cli/azure_devops.h"
#include "cli/group.h"

namespace quantumapi::cli {
namespace {

struct GenerateOptions {
  std::string key;
  std::int64_t octets = 0;  // none: as many as the algorithm's, or 32
  std::string algorithm;
  std::string context;
  bool without_plaintext = false;
};

struct UnwrapOptions {
  std::string key;
  std::string variable;
  std::string value;  // stands in for the real one
  std::string context;
};

struct GenerateBody {
  std::optional<std::int64_t> key_bytes;
  Text algorithm;
  Text context;
};
BOOST_DESCRIBE_STRUCT(GenerateBody, (), (key_bytes, algorithm, context))

struct UnwrapBody {
  std::string_view wrapped_key;
  Text context;
};
BOOST_DESCRIBE_STRUCT(UnwrapBody, (), (wrapped_key, context))

std::string context_of(const std::string& text) {
  return base::base64_encode(as_bytes(text), base::Base64::kStandard);
}

Try<std::string> path_of(Context& context, const std::string& key, std::string_view rest) {
  TRY_ASSIGN(sdk::Client* const client, context.client());
  TRY_ASSIGN(const std::string id, client->keys().find_id(key));
  return "/keys/" + id + std::string(rest);
}

Outcome make_at(Context& context, const std::string& path, const GenerateOptions& options) {
  const std::string bound = context_of(options.context);
  GenerateBody body{{}, shown(options.algorithm), shown(bound)};
  if (options.octets > 0) body.key_bytes = options.octets;
  TRY_ASSIGN(const auto answer, ask(context, "POST", path, body));
  // With the plain key among it the answer is never cut short to a table.
  const bool plain = !options.without_plaintext;
  return print_answer(context, answer, "encryptedKey", plain ? Format::kJson : Format::kValue);
}

Outcome generate(Context& context, const GenerateOptions& options) {
  TRY_ASSIGN(const auto path,
             path_of(context, options.key,
                     options.without_plaintext ? "/generate-data-key-without-plaintext"
                                               : "/generate-data-key"));
  return make_at(context, path, options);
}

Outcome generate_named(Context& context, const GenerateOptions& options) {
  const std::string path = "/transit/datakey/" + segment(options.key);
  return make_at(context, options.without_plaintext ? path + "/without-plaintext" : path, options);
}

Outcome unwrap(Context& context, const UnwrapOptions& options) {
  TRY_ASSIGN(const auto wrapped, context.value("Wrapped key"));
  TRY_ASSIGN(const auto path, path_of(context, options.key, "/unwrap"));
  const std::string bound = context_of(options.context);
  std::string_view text = wrapped.reveal();
  while (text.ends_with('\n') || text.ends_with('\r')) text.remove_suffix(1);
  TRY_ASSIGN(const auto answer, ask(context, "POST", path, UnwrapBody{text, shown(bound)}));
  if (!context.azure_devops()) return print_answer(context, answer, "keyMaterial", Format::kValue);
  TRY_ASSIGN(const auto material, member_of(answer, "keyMaterial"));
  return hand_on(context, options.variable, {}, material.reveal());
}

void add_generate(CLI::App& command, GenerateOptions& options, const std::string& about) {
  command.add_option("KEY", options.key, about)->required();
  command.add_option("--bytes", options.octets, "Its size [the algorithm's; without one 32]")
      ->check(CLI::IsMember({16, 24, 32}));
  command.add_option("--algorithm", options.algorithm, "What it is for; says its size too")
      ->check(CLI::IsMember({"AES-256-GCM", "AES-192-GCM", "AES-128-GCM"}));
  command.add_option("--context", options.context, "Text that must be given again to unwrap it");
  command.add_flag("--without-plaintext", options.without_plaintext,
                   "Print the wrapped form alone");
}

}  // namespace

void add_transit_data_key(CLI::App& group, Context& context) {
  const auto [make, made] = add_command(
      group, context, "datakey", "Make a data key, plain and wrapped; qapi datakey unwrap opens it",
      generate_named);
  add_generate(*make, *made, "Name of the key that wraps it");
}

void add_data_keys(CLI::App& root, Context& context) {
  CLI::App& group =
      add_group(root, "datakey", "Data keys: made here, used elsewhere, wrapped under a key");
  const auto [make, made] =
      add_command(group, context, "generate", "Make a data key, plain and wrapped", generate);
  add_generate(*make, *made, "Id or name of the key that wraps it");
  const auto [open, wrapped] = add_command(
      group, context, "unwrap", "Print a data key (base64) from its wrapped form", unwrap);
  open->add_option("KEY", wrapped->key, "Id or name of the key that wrapped it")->required();
  add_value(*open, "WRAPPED", wrapped->value, "The wrapped key");
  open->add_option("--context", wrapped->context, "The text that generate was given");
  add_variable(*open, wrapped->variable);
}

}  // namespace quantumapi::cli
