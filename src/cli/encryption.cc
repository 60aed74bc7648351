// qapi encrypt, decrypt, rewrap, hash and random.
#include "base/encoding.h"
#include "cli/answer.h"
#include "cli/azure_devops.h"
#include "cli/group.h"
#include "cli/lines.h"
#include "cli/shapes.h"
#include "cli/table.h"

namespace quantumapi::cli {
namespace {

struct TextOptions {
  std::string value;  // stands in for the real one
  std::string encoding = "utf8";
  std::string aad;
  std::string key;  // of encrypt: id or name; empty: the tenant's default
  std::string variable;
  bool lines = false;
  bool per_item = false;  // of encrypt --lines
  bool binary = false;
};

struct RewrapOptions {
  std::string value;  // stands in for the real one
  std::string aad;
  std::string key;
  bool lines = false;
};

struct EncryptBody {
  std::string_view plaintext;
  std::string_view encoding;
  Text additional_data;
  std::string_view key_id;
};
BOOST_DESCRIBE_STRUCT(EncryptBody, (), (plaintext, encoding, additional_data, key_id))

struct RewrapBody {
  std::string_view encrypted_payload;
  Text additional_data;
  Text key_id;
};
BOOST_DESCRIBE_STRUCT(RewrapBody, (), (encrypted_payload, additional_data, key_id))

struct HashOptions {
  std::string value;  // stands in for the real one
  bool plain = false;
  bool lines = false;
};

struct HashBody {
  std::string_view plaintext;
  bool keyed = true;
};
BOOST_DESCRIBE_STRUCT(HashBody, (), (plaintext, keyed))

struct RandomOptions {
  std::int64_t bytes = 32;
  std::string format = "hex";
  bool allow_csprng = false;
};

sdk::Encoding encoding_of(std::string_view name) {
  return name == "base64" ? sdk::Encoding::kBase64 : sdk::Encoding::kUtf8;
}

// members_of are what each line of a batch is sent with.
Members members_of(const TextOptions& options) {
  Members members;
  if (options.encoding != "utf8") members.emplace_back("encoding", options.encoding);
  if (!options.aad.empty()) members.emplace_back("additionalData", options.aad);
  return members;
}

// plaintext_of is what is sent: the text, or base64 of octets. base64 that other programs have
// broken into lines is put together again.
Try<sdk::SecretString> plaintext_of(Context& context, const TextOptions& options) {
  TRY_ASSIGN(auto given, context.octets("Text to encrypt"));
  if (options.binary) return base64_of(given);
  if (!base::is_utf8(given.reveal()))
    return give_up(kUsage, "the value is not UTF-8 text; add --binary to take it as it is");
  if (options.encoding != "base64") return given;
  base::WipedString joined;
  for (const char c : given.reveal())
    if (c != '\n' && c != '\r') joined += c;
  return sdk::SecretString(std::string_view(joined));
}

// key_of is the id of the key that --key names; empty without one.
Try<std::string> key_of(Context& context, const std::string& given) {
  if (given.empty()) return std::string();
  TRY_ASSIGN(sdk::Client* const client, context.client());
  TRY_ASSIGN(auto id, client->keys().find_id(given));
  return id;
}

// encoding_named is --encoding, or what --binary makes of its octets.
std::string_view encoding_named(const TextOptions& options) {
  if (options.binary) return "base64";
  return options.encoding;
}

// encrypt_under is encrypt under a key that --key names.
Outcome encrypt_under(Context& context, const std::string& key, const TextOptions& options) {
  TRY_ASSIGN(const auto text, plaintext_of(context, options));
  const EncryptBody body{text.reveal(), encoding_named(options), shown(options.aad), key};
  TRY_ASSIGN(const auto answer, ask(context, "POST", "/encrypt", body));
  return print_answer(context, answer, "encryptedPayload", Format::kValue);
}

Outcome encrypt(Context& context, const TextOptions& options) {
  if (options.binary && options.encoding == "base64")
    return give_up(kUsage, "--binary takes octets as they are: leave --encoding away");
  if (options.per_item && !options.lines)
    return give_up(kUsage, "--per-item is for --lines: what stands alone has its own anyway");
  TRY_ASSIGN(const std::string key, key_of(context, options.key));
  if (options.lines) {
    LineWork work{.path = "/encrypt/batch",
                  .item = "plaintext",
                  .result = "encryptedPayload",
                  .item_members = members_of(options),
                  .coded = options.encoding == "base64",
                  .octets = options.binary ? Octets::kAlways : Octets::kRefused};
    if (!key.empty()) work.body_members.emplace_back("keyId", key);
    if (options.per_item) work.body_members.emplace_back("perItem", true);
    return perform_lines(context, work);
  }
  if (!key.empty()) return encrypt_under(context, key, options);
  TRY_ASSIGN(const auto text, plaintext_of(context, options));
  TRY_ASSIGN(sdk::Client* const client, context.client());
  TRY_ASSIGN(const auto made, client->encryption().encrypt({text.reveal(), options.aad,
                                                            encoding_of(encoding_named(options))}));
  switch (context.format(Format::kValue)) {
    case Format::kJson:
      print_json(context.io(),
                 EncryptedShape{made.payload, made.key_id, made.key_version, made.algorithm});
      break;
    case Format::kValue:
      print_line(context.io(), made.payload);
      break;
    case Format::kTable:
      print_facts(context.io().out,
                  {{"payload", made.payload},
                   {"key", made.key_id},
                   {"key version", std::to_string(made.key_version)},
                   {"algorithm", made.algorithm}},
                  context.color());
  }
  return kOk;
}

// trimmed drops the newline that echo and files end with; payloads hold none.
std::string_view trimmed(std::string_view payload) {
  while (payload.ends_with('\n') || payload.ends_with('\r')) payload.remove_suffix(1);
  return payload;
}

// print_octets prints what encrypt --binary was given.
Outcome print_octets(Context& context, const sdk::SecretString& text) {
  const auto octets = base::base64_decode_secret(text.reveal(), base::Base64::kStandard);
  if (!octets) return give_up(kUsage, "the payload holds text, not octets: leave --binary away");
  context.io().out << octets->reveal_text(SecretAccess{});
  return kOk;
}

Outcome decrypt(Context& context, const TextOptions& options) {
  if (options.binary && !context.globals.output.empty())
    return give_up(kUsage, "--binary writes octets as they are: leave --output away");
  if (options.lines && context.azure_devops())
    return give_up(kUsage, "--lines gives no single value to hand on");
  if (options.lines)
    return perform_lines(context, {.path = "/decrypt/batch",
                                   .item = "encryptedPayload",
                                   .result = "plaintext",
                                   .item_members = members_of(options),
                                   .base64_result = options.binary,
                                   .coded = true});
  TRY_ASSIGN(const auto payload, context.value("Payload to decrypt"));
  TRY_ASSIGN(sdk::Client* const client, context.client());
  TRY_ASSIGN(const auto text,
             client->encryption().decrypt({trimmed(payload.reveal()), options.aad}));
  if (options.binary) return print_octets(context, text);
  if (context.azure_devops()) return hand_on(context, options.variable, {}, text.reveal());
  if (context.format(Format::kValue) == Format::kJson)
    print_json(context.io(), DecryptedShape{text.reveal()});
  else
    print_value(context.io(), text.reveal());
  return kOk;
}

Outcome rewrap(Context& context, const RewrapOptions& options) {
  TRY_ASSIGN(const std::string key, key_of(context, options.key));
  if (options.lines) {
    LineWork work{.path = "/rewrap/batch",
                  .item = "encryptedPayload",
                  .result = "encryptedPayload",
                  .coded = true};
    if (!options.aad.empty()) work.item_members.emplace_back("additionalData", options.aad);
    if (!key.empty()) work.body_members.emplace_back("keyId", key);
    return perform_lines(context, work);
  }
  TRY_ASSIGN(const auto payload, context.value("Payload to encrypt anew"));
  TRY_ASSIGN(const auto answer,
             ask(context, "POST", "/rewrap",
                 RewrapBody{trimmed(payload.reveal()), shown(options.aad), shown(key)}));
  return print_answer(context, answer, "encryptedPayload", Format::kValue);
}

Outcome hash(Context& context, const HashOptions& options) {
  if (options.lines)
    return perform_lines(context, {.path = "/hash/searchable/batch",
                                   .item = "plaintext",
                                   .result = "hash",
                                   .body_members = {{"keyed", !options.plain}}});
  TRY_ASSIGN(const auto text, context.value("Text to hash"));
  TRY_ASSIGN(const auto answer,
             ask(context, "POST", "/hash/searchable", HashBody{text.reveal(), !options.plain}));
  if (context.format(Format::kValue) != Format::kValue)
    return print_answer(context, answer, "hash");
  TRY_ASSIGN(const auto hash, member_of(answer, "hash"));
  print_line(context.io(), hash.reveal());
  return kOk;
}

Outcome random(Context& context, const RandomOptions& options) {
  TRY_ASSIGN(sdk::Client* const client, context.client());
  const std::string format = options.format == "base64" ? "raw" : options.format;
  TRY_ASSIGN(const auto drawn,
             client->encryption().random(options.bytes, format, options.allow_csprng));
  if (context.format(Format::kValue) == Format::kJson) {
    print_json(context.io(),
               RandomShape{drawn.value, options.format, drawn.source, drawn.is_quantum});
    return kOk;
  }
  print_line(context.io(), drawn.value);
  if (!drawn.is_quantum)
    context.io().err << "qapi: drawn from " << printable(drawn.source)
                     << ", which is not a quantum source\n";
  return kOk;
}

}  // namespace

void add_encryption(CLI::App& root, Context& context) {
  const auto [encrypt_command, plain] =
      add_command(root, context, "encrypt", "Encrypt a text under the tenant's key", encrypt);
  add_value(*encrypt_command, "TEXT", plain->value, "The text");
  encrypt_command->add_option("--encoding", plain->encoding, "What the text is [utf8]")
      ->check(CLI::IsMember({"utf8", "base64"}));
  encrypt_command->add_option("--aad", plain->aad,
                              "Data that must be given again to decrypt; not encrypted itself");
  encrypt_command->add_option("--key", plain->key, "The key, by id or name [the tenant's default]");
  encrypt_command->add_flag("--binary", plain->binary,
                            "Take any octets; decrypt --binary gives them back");
  add_lines(*encrypt_command, plain->lines);
  encrypt_command->add_flag("--per-item", plain->per_item,
                            "With --lines: an ML-KEM encapsulation for each line");

  const auto [decrypt_command, sealed] =
      add_command(root, context, "decrypt", "Decrypt what encrypt gave", decrypt);
  add_value(*decrypt_command, "TEXT", sealed->value, "The payload");
  decrypt_command->add_option("--aad", sealed->aad, "The data that encrypt was given");
  add_variable(*decrypt_command, sealed->variable);
  decrypt_command->add_flag("--binary", sealed->binary,
                            "Write the octets that encrypt --binary took");
  add_lines(*decrypt_command, sealed->lines);

  const auto [rewrap_command, old] = add_command(
      root, context, "rewrap", "Encrypt a payload anew, under its key's newest version", rewrap);
  add_value(*rewrap_command, "TEXT", old->value, "The payload");
  rewrap_command->add_option("--aad", old->aad, "The data that encrypt was given");
  rewrap_command->add_option("--key", old->key,
                             "Another key to go to, by id or name; needs the right to decrypt too");
  add_lines(*rewrap_command, old->lines);

  const auto [hash_command, hashed] = add_command(
      root, context, "hash", "Hash a text, trimmed and in lower case, to find it by", hash);
  add_value(*hash_command, "TEXT", hashed->value, "The text");
  hash_command->add_flag("--plain", hashed->plain,
                         "Under no key: whoever can guess the text can find it");
  add_lines(*hash_command, hashed->lines);

  const auto [random_command, wanted] =
      add_command(root, context, "random", "Draw random octets from the platform", random);
  random_command->add_option("N", wanted->bytes, "How many octets")
      ->required()
      ->check(CLI::Range(1, 65536));
  random_command->add_option("--format", wanted->format, "How they are written [hex]")
      ->check(CLI::IsMember({"base64", "raw", "hex", "uuid", "int32", "int64"}));
  random_command->add_flag("--allow-csprng", wanted->allow_csprng,
                           "Take the platform's generator where there is no QRNG");
}

}  // namespace quantumapi::cli
