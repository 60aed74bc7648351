// qapi datakey: keys for encryption outside the platform, wrapped under one of its keys.
#include "base/encoding.h"
#include "cli/answer.h"
#include "cli/azure_devops.h"
#include "cli/group.h"

namespace quantumapi::cli {
namespace {

struct GenerateOptions {
  std::string key;
  std::int64_t octets = 32;
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
  std::int64_t key_bytes = 32;
  Text context;
};
BOOST_DESCRIBE_STRUCT(GenerateBody, (), (key_bytes, context))

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

Outcome generate(Context& context, const GenerateOptions& options) {
  const bool plain = !options.without_plaintext;
  TRY_ASSIGN(const auto path,
             path_of(context, options.key,
                     plain ? "/generate-data-key" : "/generate-data-key-without-plaintext"));
  const std::string bound = context_of(options.context);
  TRY_ASSIGN(const auto answer,
             ask(context, "POST", path, GenerateBody{options.octets, shown(bound)}));
  // With the plain key among it the answer is never cut short to a table.
  return print_answer(context, answer, "encryptedKey", plain ? Format::kJson : Format::kValue);
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

}  // namespace

void add_data_keys(CLI::App& root, Context& context) {
  CLI::App& group =
      add_group(root, "datakey", "Data keys: made here, used elsewhere, wrapped under a key");
  const auto [make, made] =
      add_command(group, context, "generate", "Make a data key, plain and wrapped", generate);
  make->add_option("KEY", made->key, "Id or name of the key that wraps it")->required();
  make->add_option("--bytes", made->octets, "Its size")
      ->capture_default_str()
      ->check(CLI::IsMember({16, 24, 32}));
  make->add_option("--context", made->context, "Text that must be given again to unwrap it");
  make->add_flag("--without-plaintext", made->without_plaintext, "Print the wrapped form alone");
  const auto [open, wrapped] = add_command(
      group, context, "unwrap", "Print a data key (base64) from its wrapped form", unwrap);
  open->add_option("KEY", wrapped->key, "Id or name of the key that wrapped it")->required();
  add_value(*open, "WRAPPED", wrapped->value, "The wrapped key");
  open->add_option("--context", wrapped->context, "The text that generate was given");
  add_variable(*open, wrapped->variable);
}

}  // namespace quantumapi::cli
