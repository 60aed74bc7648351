// qapi sign, verify, hmac and transit: keys named by whoever uses them.
#include "base/encoding.h"
#include "cli/answer.h"
#include "cli/group.h"
#include "cli/lines.h"

namespace quantumapi::cli {
namespace {

struct DataOptions {
  std::string value;  // stands in for the real one
  std::string key;    // a name; empty: the platform chooses, the default that fits
  std::string signature;
  bool lines = false;
};

struct TransitOptions {
  std::string key;
  std::string value;  // stands in for the real one
  std::string aad;
  bool lines = false;
};

struct EncryptBody {
  std::string_view plaintext;
  std::string_view encoding;
  Text associated_data;
};
BOOST_DESCRIBE_STRUCT(EncryptBody, (), (plaintext, encoding, associated_data))

struct CiphertextBody {
  std::string_view ciphertext;
  Text associated_data;
};
BOOST_DESCRIBE_STRUCT(CiphertextBody, (), (ciphertext, associated_data))

struct DataBody {
  std::string_view data;
  Text signature;
  Text encoding;  // below /transit it is base64 in any case
};
BOOST_DESCRIBE_STRUCT(DataBody, (), (data, signature, encoding))

// trimmed drops the newline that encrypt prints after a ciphertext, which holds none.
std::string_view trimmed(std::string_view text) {
  while (text.ends_with('\n') || text.ends_with('\r')) text.remove_suffix(1);
  return text;
}

// signature_of is --signature itself, or the file that @FILE names: those of ML-DSA are long.
Try<std::string> signature_of(const std::string& given) {
  if (!given.starts_with('@')) return given;
  TRY_ASSIGN(const std::string text, read_file(given.substr(1)));
  return std::string(trimmed(text));
}

// naming_option says how a key is named here, where the platform asks for one.
template <typename T>
Try<T> naming_option(Try<T> tried) {
  if (!tried && tried.error().code == kInvalid && tried.error().message.contains("keyId"))
    tried.error().message += "; name a key by --key";
  return tried;
}

Try<sdk::SecretString> on_data(Context& context, const std::string& operation,
                               const std::string& key, std::string_view signature = {}) {
  TRY_ASSIGN(const auto text, context.octets("Data"));
  const auto data = base64_of(text);
  if (key.empty())
    return naming_option(
        ask(context, "POST", "/" + operation, DataBody{data.reveal(), shown(signature), "base64"}));
  return ask(context, "POST", "/transit/" + operation + "/" + segment(key),
             DataBody{data.reveal(), shown(signature), {}});
}

LineWork data_lines(const std::string& key, std::string_view operation, std::string_view result) {
  LineWork work{.path = "/" + std::string(operation) + "/batch",
                .item = "data",
                .result = result,
                .octets = Octets::kAsNeeded};
  if (!key.empty()) work.body_members.emplace_back("keyId", key);
  return work;
}

Outcome sign(Context& context, const DataOptions& options) {
  if (options.lines)
    return naming_option(perform_lines(context, data_lines(options.key, "sign", "signature")));
  TRY_ASSIGN(const auto answer, on_data(context, "sign", options.key));
  return print_answer(context, answer, "signature", Format::kValue);
}

// verify_lines takes the signatures from a file of as many lines, as sign --lines prints them.
Outcome verify_lines(Context& context, const DataOptions& options) {
  if (!options.signature.starts_with('@'))
    return give_up(kUsage, "with --lines, --signature takes @FILE: a signature for each line");
  LineWork work = data_lines(options.key, "verify", "valid");
  work.second = "signature";
  work.second_file = options.signature.substr(1);
  work.verdict = true;
  return naming_option(perform_lines(context, work));
}

// verify ends with 1 when the signature is not of this data and key.
Outcome verify(Context& context, const DataOptions& options) {
  if (options.lines) return verify_lines(context, options);
  TRY_ASSIGN(const std::string signature, signature_of(options.signature));
  TRY_ASSIGN(const auto answer, on_data(context, "verify", options.key, signature));
  WipingArena arena;
  const auto parsed = json::parse(answer.reveal(), arena);
  const json::Member* valid = parsed ? parsed->find_member("valid") : nullptr;
  if (valid == nullptr || valid->value.kind != json::Value::Kind::kBool)
    return give_up(kFailed, "the platform's answer can't be understood");
  TRY(print_answer(context, answer, "valid"));
  return valid->value.boolean ? kOk : kNotVerified;
}

Outcome hmac(Context& context, const DataOptions& options) {
  if (options.lines)
    return naming_option(perform_lines(context, data_lines(options.key, "hmac", "hmac")));
  TRY_ASSIGN(const auto answer, on_data(context, "hmac", options.key));
  return print_answer(context, answer, "hmac", Format::kValue);
}

// bound_to is --aad as transit's routes take it.
std::string bound_to(const TransitOptions& options) {
  return base::base64_encode(as_bytes(options.aad), base::Base64::kStandard);
}

// perform_transit_lines adds to each line's item what all are bound to.
Outcome perform_transit_lines(Context& context, const TransitOptions& options, LineWork work) {
  if (!options.aad.empty()) work.item_members.emplace_back("associatedData", bound_to(options));
  return perform_lines(context, work);
}

Outcome transit_encrypt(Context& context, const TransitOptions& options) {
  if (options.lines)
    return perform_transit_lines(context, options,
                                 {.path = "/transit/batch/encrypt/" + segment(options.key),
                                  .item = "plaintext",
                                  .result = "ciphertext",
                                  .octets = Octets::kAlways});
  const std::string bound = bound_to(options);
  TRY_ASSIGN(const auto text, context.octets("Text to encrypt"));
  const std::string path = "/transit/encrypt/" + segment(options.key);
  // What is no text travels as base64; decrypt gives octets either way.
  const bool is_text = base::is_utf8(text.reveal());
  const auto coded = base64_of(text);
  const EncryptBody body = is_text ? EncryptBody{text.reveal(), "utf8", shown(bound)}
                                   : EncryptBody{coded.reveal(), "base64", shown(bound)};
  TRY_ASSIGN(const auto answer, ask(context, "POST", path, body));
  return print_answer(context, answer, "ciphertext", Format::kValue);
}

Outcome transit_decrypt(Context& context, const TransitOptions& options) {
  if (options.lines)
    return perform_transit_lines(context, options,
                                 {.path = "/transit/batch/decrypt/" + segment(options.key),
                                  .item = "ciphertext",
                                  .result = "plaintext",
                                  .base64_result = true,
                                  .coded = true});
  const std::string bound = bound_to(options);
  TRY_ASSIGN(const auto text, context.value("Ciphertext"));
  TRY_ASSIGN(const auto answer, ask(context, "POST", "/transit/decrypt/" + segment(options.key),
                                    CiphertextBody{trimmed(text.reveal()), shown(bound)}));
  if (context.format(Format::kValue) == Format::kJson)
    return print_answer(context, answer, "plaintext");
  TRY_ASSIGN(const auto plaintext, member_of(answer, "plaintext"));
  const auto octets = base::base64_decode_secret(plaintext.reveal(), base::Base64::kStandard);
  if (!octets) return give_up(kFailed, "the platform's answer can't be understood");
  print_value(context.io(), octets->reveal_text(SecretAccess{}));
  return kOk;
}

Outcome transit_rewrap(Context& context, const TransitOptions& options) {
  if (options.lines)
    return perform_transit_lines(context, options,
                                 {.path = "/transit/batch/rewrap/" + segment(options.key),
                                  .item = "ciphertext",
                                  .result = "ciphertext",
                                  .coded = true});
  const std::string bound = bound_to(options);
  TRY_ASSIGN(const auto text, context.value("Ciphertext"));
  TRY_ASSIGN(const auto answer, ask(context, "POST", "/transit/rewrap/" + segment(options.key),
                                    CiphertextBody{trimmed(text.reveal()), shown(bound)}));
  return print_answer(context, answer, "ciphertext", Format::kValue);
}

using OnData = Outcome (*)(Context&, const DataOptions&);
constexpr std::tuple<const char*, const char*, OnData> kOnData[] = {
    {"sign", "Sign data", sign},
    {"verify", "Verify a signature or MAC; ends with 1 if it is not of this data and key", verify},
    {"hmac", "Authenticate data under an hmac key", hmac}};

void add_data(CLI::App& command, DataOptions& options, OnData perform) {
  add_value(command, "TEXT", options.value, "The data");
  if (perform == verify)
    command
        .add_option("--signature", options.signature,
                    "As sign or hmac gave it, or @FILE of it; with --lines a file of one a line")
        ->required();
  add_lines(command, options.lines);
}

}  // namespace

void add_transit(CLI::App& root, Context& context) {
  for (const auto& [name, about, perform] : kOnData) {
    const auto [command, options] = add_command(root, context, name, about, perform);
    add_data(*command, *options, perform);
    command->add_option("--key", options->key,
                        perform == verify ? "Name of the key [the default that the signature fits]"
                                          : "Name of the key [the type's default]");
  }
  CLI::App& group = add_group(root, "transit", "Encryption under a key named by its user");
  using OnText = Outcome (*)(Context&, const TransitOptions&);
  for (const auto& [name, about, perform] : kOnData) {
    const auto [command, options] = add_command(group, context, name, about, perform);
    command->add_option("KEY", options->key, "Name of the key")->required();
    add_data(*command, *options, perform);
  }
  for (const auto& [name, about, perform] :
       {std::tuple<const char*, const char*, OnText>("encrypt", "Encrypt a text", transit_encrypt),
        {"decrypt", "Decrypt what transit encrypt gave", transit_decrypt},
        {"rewrap", "Encrypt anew under the key's newest version", transit_rewrap}}) {
    const auto [command, options] = add_command(group, context, name, about, perform);
    command->add_option("KEY", options->key, "Name of the key")->required();
    add_value(*command, "TEXT", options->value, "The text or ciphertext");
    command->add_option("--aad", options->aad,
                        "Data that encrypt binds the text to, and that all others must give again");
    add_lines(*command, options->lines);
  }
  add_transit_data_key(group, context);
}

}  // namespace quantumapi::cli
