// qapi keys: create, import, show, change and end keys.
#include "base/encoding.h"
#include "cli/answer.h"
#include "cli/expiry.h"
#include "cli/group.h"

namespace quantumapi::cli {
namespace {

constexpr const char* kExpires = "When it protects nothing new any more: 90d, 12h, 30m or a time";
constexpr char kDerSequence = 0x30;  // what DER of a key begins with; base64 of it with M

struct NamedKey {
  std::string key;
};

struct NewKey {
  std::string name;
  std::string type = "encryption";
  std::string algorithm;
  std::string description;
  std::vector<std::string> labels;
  std::string usage;
  std::string expires;
  bool set_default = false;
};

struct ChangeKey {
  std::string key;
  std::string name;
  std::optional<std::string> description;
  std::vector<std::string> labels;
  bool no_labels = false;
  std::string expires;
};

struct ImportKey {
  std::string value;  // stands in for the real one
  NewKey key;
  std::string format = "pem";
  std::string encoding;
};

struct EndKey {
  std::string key;
  int days = 30;
  bool yes = false;
};

struct MinimumVersion {
  std::string key;
  std::int64_t version = 1;
};

struct PublicKey {
  std::string key;
  std::string format = "pem";
  std::int64_t version = 0;  // none: the newest
};

struct CreateBody {
  std::string_view name;
  std::string_view key_type;
  Text algorithm;
  Text description;
  std::optional<std::vector<std::string>> labels;
  Text usage;
  Text expires_at;
  bool set_as_default = false;
};
BOOST_DESCRIBE_STRUCT(CreateBody, (),
                      (name, key_type, algorithm, description, labels, usage, expires_at,
                       set_as_default))

struct UpdateBody {
  Text name;
  Text description;
  std::optional<std::vector<std::string>> labels;
  Text expires_at;
};
BOOST_DESCRIBE_STRUCT(UpdateBody, (), (name, description, labels, expires_at))

struct ProtectBody {
  bool purge_protected = true;
};
BOOST_DESCRIBE_STRUCT(ProtectBody, (), (purge_protected))

struct ImportBody {
  std::string_view name;
  std::string_view key_type;
  Text algorithm;
  std::string_view key_material;
  std::string_view format;
  Text description;
  std::optional<std::vector<std::string>> labels;
  Text expires_at;
  bool set_as_default = false;
};
BOOST_DESCRIBE_STRUCT(ImportBody, (),
                      (name, key_type, algorithm, key_material, format, description, labels,
                       expires_at, set_as_default))

struct StatusBody {
  std::string_view status;
};
BOOST_DESCRIBE_STRUCT(StatusBody, (), (status))

struct MinimumBody {
  std::int64_t min_decryption_version = 1;
};
BOOST_DESCRIBE_STRUCT(MinimumBody, (), (min_decryption_version))

struct DefaultBody {
  std::string_view key_type;
};
BOOST_DESCRIBE_STRUCT(DefaultBody, (), (key_type))

// path_of is the path of a key given by id or name.
Try<std::string> path_of(Context& context, std::string_view key, std::string_view rest = {}) {
  TRY_ASSIGN(sdk::Client* const client, context.client());
  TRY_ASSIGN(const std::string id, client->keys().find_id(key));
  return "/keys/" + id + std::string(rest);
}

std::optional<std::vector<std::string>> given(const std::vector<std::string>& labels) {
  return labels.empty() ? std::nullopt : std::optional(labels);
}

Try<std::string> end_of(const std::string& expires) {
  if (expires.empty()) return expires;
  return expiry_of("--expires", expires, base::SystemClock().wall());
}

Outcome create(Context& context, const NewKey& key) {
  TRY_ASSIGN(const std::string expires, end_of(key.expires));
  const CreateBody body{.name = key.name,
                        .key_type = key.type,
                        .algorithm = shown(key.algorithm),
                        .description = shown(key.description),
                        .labels = given(key.labels),
                        .usage = shown(key.usage),
                        .expires_at = shown(expires),
                        .set_as_default = key.set_default};
  TRY_ASSIGN(const auto answer, ask(context, "POST", "/keys", body));
  return print_answer(context, answer, "id");
}

// read_material takes DER as base64 or, as other programs write it, as it is. A raw key is its
// octets; what stands on the command line itself, or is said to be base64, is that.
Try<sdk::SecretString> read_material(Context& context, const ImportKey& options) {
  const std::string_view format = options.format;
  TRY_ASSIGN(const std::string_view argument, context.argument());
  const bool is_octets = argument == "-" || argument.starts_with('@');
  if (!options.encoding.empty() && format != "raw")
    return give_up(kUsage, "--encoding is for --format raw: of the other forms it shows");
  TRY_ASSIGN(auto material, context.octets("Key material"));
  if (material.reveal().empty()) return give_up(kUsage, "the key material is empty");
  if (format == "raw") {
    if (options.encoding.empty() && is_octets) return base64_of(material);
    if (options.encoding != "hex") return material;
    std::string_view digits = material.reveal();
    while (digits.ends_with('\n') || digits.ends_with('\r')) digits.remove_suffix(1);
    auto octets = base::from_hex(digits);
    if (!octets) return give_up(kUsage, "the key material is not hexadecimal");
    auto encoded = base64_of(sdk::SecretString(base::as_text(*octets)));
    base::wipe(octets->data(), octets->size());
    return encoded;
  }
  const bool is_der = format == "der" || format == "pkcs8";
  const bool is_text =
      is_der ? !material.reveal().starts_with(kDerSequence) : base::is_utf8(material.reveal());
  if (is_text) return material;
  if (!is_der)
    return give_up(kUsage, "the key material is no text; --format der or raw may be meant");
  return base64_of(material);
}

Outcome import(Context& context, const ImportKey& options) {
  TRY_ASSIGN(const auto material, read_material(context, options));
  const NewKey& key = options.key;
  TRY_ASSIGN(const std::string expires, end_of(key.expires));
  const ImportBody body{.name = key.name,
                        .key_type = key.type,
                        .algorithm = shown(key.algorithm),
                        .key_material = material.reveal(),
                        .format = options.format,
                        .description = shown(key.description),
                        .labels = given(key.labels),
                        .expires_at = shown(expires),
                        .set_as_default = key.set_default};
  TRY_ASSIGN(const auto answer, ask(context, "POST", "/keys/import", body));
  return print_answer(context, answer, "id");
}

Outcome update(Context& context, const ChangeKey& options) {
  if (options.name.empty() && !options.description && options.labels.empty() &&
      !options.no_labels && options.expires.empty())
    return give_up(kUsage, "nothing to change: give --name, --description, --label or --expires");
  TRY_ASSIGN(const std::string expires, end_of(options.expires));
  TRY_ASSIGN(const auto path, path_of(context, options.key));
  UpdateBody body{shown(options.name), options.description ? Text(*options.description) : Text(),
                  given(options.labels), shown(expires)};
  if (options.no_labels) body.labels.emplace();
  TRY_ASSIGN(const auto answer, ask(context, "PATCH", path, body));
  return print_answer(context, answer, "id");
}

Outcome set_protection(Context& context, const NamedKey& options, bool protect) {
  TRY_ASSIGN(const auto path, path_of(context, options.key));
  TRY_ASSIGN(const auto answer, ask(context, "PATCH", path, ProtectBody{protect}));
  return print_answer(context, answer, "purgeProtected");
}

Outcome protect(Context& context, const NamedKey& options) {
  return set_protection(context, options, true);
}

Outcome unprotect(Context& context, const NamedKey& options) {
  return set_protection(context, options, false);
}

Outcome get(Context& context, const NamedKey& options) {
  TRY_ASSIGN(const auto path, path_of(context, options.key));
  TRY_ASSIGN(const auto answer, ask(context, "GET", path));
  return print_answer(context, answer, "id");
}

Outcome set_status(Context& context, const NamedKey& options, std::string_view status) {
  TRY_ASSIGN(const auto path, path_of(context, options.key));
  TRY_ASSIGN(const auto answer, ask(context, "PATCH", path, StatusBody{status}));
  return print_answer(context, answer, "status");
}

Outcome enable(Context& context, const NamedKey& options) {
  return set_status(context, options, "active");
}

Outcome disable(Context& context, const NamedKey& options) {
  return set_status(context, options, "disabled");
}

Outcome remove(Context& context, const EndKey& options) {
  if (!options.yes)
    TRY(confirm(context.io(), "Key " + options.key + " is unusable at once and gone for good in " +
                                  std::to_string(options.days) +
                                  " days, with everything encrypted under it."));
  TRY_ASSIGN(const auto path,
             path_of(context, options.key, "?scheduleDays=" + std::to_string(options.days)));
  TRY(ask(context, "DELETE", path));
  context.io().err << "qapi: unusable from now on; until its end in " << options.days
                   << " days `qapi keys recover` takes this back\n";
  return kOk;
}

Outcome recover(Context& context, const NamedKey& options) {
  TRY_ASSIGN(const auto path, path_of(context, options.key, "/recover"));
  TRY_ASSIGN(const auto answer, ask(context, "POST", path));
  return print_answer(context, answer, "status");
}

Outcome versions(Context& context, const NamedKey& options) {
  TRY_ASSIGN(const auto path, path_of(context, options.key, "/versions"));
  TRY_ASSIGN(const auto answer, ask(context, "GET", path));
  return print_rows(context, answer, "versions", {"version", "state", "createdAt", "rotatedAt"});
}

Outcome set_minimum(Context& context, const MinimumVersion& options) {
  TRY_ASSIGN(const auto path, path_of(context, options.key, "/min-decryption-version"));
  TRY_ASSIGN(const auto answer, ask(context, "PUT", path, MinimumBody{options.version}));
  return print_answer(context, answer, "minDecryptionVersion");
}

Outcome set_default(Context& context, const NamedKey& options) {
  TRY_ASSIGN(const auto path, path_of(context, options.key));
  TRY_ASSIGN(const auto key, ask(context, "GET", path));
  TRY_ASSIGN(const auto type, member_of(key, "keyType"));
  TRY(ask(context, "POST", path + "/set-default", DefaultBody{type.reveal()}));
  return kOk;
}

Outcome public_key(Context& context, const PublicKey& options) {
  TRY_ASSIGN(
      const auto path,
      path_of(context, options.key,
              "/public-key?format=" + options.format +
                  (options.version > 0 ? "&version=" + std::to_string(options.version) : "")));
  TRY_ASSIGN(const auto answer, ask(context, "GET", path));
  return print_answer(context, answer, "publicKey", Format::kValue);
}

// add_new_key adds what create and import share; an imported key has no usual algorithm.
void add_new_key(CLI::App& command, NewKey& key, bool made_here) {
  command.add_option("NAME", key.name, "Its name, unique in the tenant")->required();
  command.add_option("--type", key.type, "What it does")
      ->capture_default_str()
      ->check(CLI::IsMember({"encryption", "signing", "hmac"}));
  command.add_option("--algorithm", key.algorithm,
                     std::string("ML-KEM-768 (or 512, 1024); ML-DSA-65 (44, 87), Ed25519, "
                                 "ECDSA-P256; HMAC-SHA3-256 (SHA256, SHA384, SHA512)") +
                         (made_here ? " [the first of its type]" : ""));
  command.add_option("--description", key.description, "What it is for");
  command.add_option("--label", key.labels, "A label; may be given again")->expected(1)->take_all();
  command.add_option("--expires", key.expires, kExpires);
  command.add_flag("--default", key.set_default, "Make it its type's default");
}

}  // namespace

void add_key_management(CLI::App& group, Context& context) {
  const auto [create_command, made] = add_command(group, context, "create", "Make a key", create);
  add_new_key(*create_command, *made, true);
  create_command->add_option("--usage", made->usage, "image: a key of image signatures")
      ->check(CLI::IsMember({"image"}));

  const auto [import_command, imported] =
      add_command(group, context, "import", "Bring a key of your own", import);
  add_new_key(*import_command, imported->key, false);
  import_command->get_option("--algorithm")->required();
  add_value(*import_command, "VALUE", imported->value, "The key material");
  import_command
      ->add_option("--format", imported->format,
                   "Its form; der and pkcs8 also as base64; raw of - and @FILE: octet by octet")
      ->capture_default_str()
      ->check(CLI::IsMember({"raw", "pem", "der", "pkcs8", "jwk"}));
  import_command
      ->add_option("--encoding", imported->encoding, "With --format raw: what the text is")
      ->check(CLI::IsMember({"base64", "hex"}));

  using Perform = Outcome (*)(Context&, const NamedKey&);
  for (const auto& [name, about, perform] :
       {std::tuple<const char*, const char*, Perform>("get", "Show a key", get),
        {"disable", "Let nobody use a key until it is enabled", disable},
        {"enable", "Let a disabled key be used again", enable},
        {"protect", "Let nobody schedule a key's end", protect},
        {"unprotect", "Take a key's protection away; for owners", unprotect},
        {"recover", "Take back a key's scheduled end", recover},
        {"versions", "List the versions of a key", versions},
        {"set-default", "Make a key its type's default", set_default}}) {
    const auto [command, options] = add_command(group, context, name, about, perform);
    command->add_option("KEY", options->key, "Its id or name")->required();
  }

  const auto [update_command, changed] = add_command(
      group, context, "update", "Change a key's name, description, labels or end", update);
  update_command->add_option("KEY", changed->key, "Its id or name")->required();
  update_command->add_option("--name", changed->name, "Its new name");
  update_command->add_option("--description", changed->description, "What it is for");
  update_command
      ->add_option("--label", changed->labels, "A label, in place of all; may be repeated")
      ->expected(1)
      ->take_all();
  update_command->add_flag("--no-labels", changed->no_labels, "Take all labels away")
      ->excludes("--label");
  update_command->add_option("--expires", changed->expires, kExpires);

  const auto [delete_command, ended] = add_command(
      group, context, "delete", "End a key after a time in which it can be taken back", remove);
  delete_command->add_option("KEY", ended->key, "Its id or name")->required();
  delete_command->add_option("--days", ended->days, "When its material is destroyed")
      ->capture_default_str()
      ->check(CLI::Range(7, 365));
  delete_command->add_flag("--yes", ended->yes, "Do not ask");

  const auto [minimum_command, minimum] = add_command(
      group, context, "min-version", "Refuse payloads of versions older than this", set_minimum);
  minimum_command->add_option("KEY", minimum->key, "Its id or name")->required();
  minimum_command->add_option("VERSION", minimum->version, "The oldest that still decrypts")
      ->required()
      ->check(counting());

  const auto [public_command, wanted] =
      add_command(group, context, "public-key", "Print the public key of a key", public_key);
  public_command->add_option("KEY", wanted->key, "Its id or name")->required();
  public_command->add_option("--format", wanted->format, "Its form; der and raw are base64")
      ->capture_default_str()
      ->check(CLI::IsMember({"pem", "der", "jwk", "raw"}));
  public_command->add_option("--version", wanted->version, "An older version")->check(counting());
}

}  // namespace quantumapi::cli
