// qapi cert: issue, renew, request, list, show; revoke, inspect and verify have files of their own.
#include <fmt/format.h>

#include <filesystem>
#include <span>

#include "cli/answer.h"
#include "cli/ca.h"
#include "cli/cert_key.h"
#include "cli/cert_verify.h"
#include "cli/expiry.h"
#include "cli/group.h"
#include "cli/named_certificate.h"
#include "cli/whole_file.h"

namespace quantumapi::cli {
namespace {

constexpr const char* kUsualType = "ML-DSA-65";

struct Outputs {
  std::string csr;  // a request of the user's own; empty: a key is made
  std::string key_out;
  std::string chain_out;
  std::string ca_out;
  std::string ttl;
  std::string key_type;  // empty: that of the certificate that is renewed, or kUsualType
  std::vector<std::string> dns_names;
};

struct IssueOptions {
  std::string identity;
  Outputs outputs;
};

struct RenewOptions {
  std::string certificate;
  Outputs outputs;
};

struct RequestOptions {
  std::string name;
  std::string key_out;
  std::string csr_out = "-";
  std::string key_type = kUsualType;
  std::vector<std::string> dns_names;
};

struct ListOptions {
  std::string identity;
  std::string status;
  std::string expires_after;
  std::string expires_before;
  std::int64_t page = 1;
  std::int64_t page_size = 200;
};

struct ShowOptions {
  std::string certificate;
};

struct IssueBody {
  std::string_view identity;
  std::string_view csr;
  Text ttl;
};
BOOST_DESCRIBE_STRUCT(IssueBody, (), (identity, csr, ttl))

struct RenewBody {
  std::string_view csr;
  Text ttl;
};
BOOST_DESCRIBE_STRUCT(RenewBody, (), (csr, ttl))

// Sink is where one output goes: a file that appears whole, standard output, or nowhere.
class Sink {
 public:
  static Try<Sink> open(Context& context, const std::string& path, Readers readers) {
    Sink sink;
    if (path == "-") sink.out_ = &context.io().out;
    if (path.empty() || path == "-") return sink;
    TRY_ASSIGN(auto file, WholeFile::create(path, readers));
    sink.file_ = std::make_unique<WholeFile>(std::move(file));
    return sink;
  }
  // write leaves what stands at the path as it is.
  Try<void> write(std::string_view text) {
    if (out_ != nullptr && !(*out_ << text).flush())
      return give_up(kFailed, "the output could not be written");
    if (!file_) return {};
    file_->stream() << text;
    return file_->settle();
  }
  // take_place puts what was written at the path.
  Try<void> take_place() { return file_ ? file_->take_name() : Try<void>(); }

 private:
  std::ostream* out_ = nullptr;
  std::unique_ptr<WholeFile> file_;
};

// Ordered is what goes to the platform, and the key that stays here.
struct Ordered {
  std::string csr;
  SecretBytes key;
};

// Output is where an option sends something.
struct Output {
  std::string_view option;
  const std::string& path;
};

// place_of is the same for every spelling of one file.
std::string place_of(const std::string& path) {
  if (path == "-") return path;
  std::error_code unknown;
  const auto whole = std::filesystem::absolute(path, unknown);
  const auto place = std::filesystem::weakly_canonical(whole, unknown);
  return unknown ? whole.string() : place.string();
}

// check_apart refuses two outputs in one place: of two files the later would take the key's place.
Try<void> check_apart(std::span<const Output> outputs) {
  for (std::size_t i = 0; i < outputs.size(); ++i)
    for (std::size_t j = i + 1; j < outputs.size(); ++j)
      if (!outputs[i].path.empty() && !outputs[j].path.empty() &&
          place_of(outputs[i].path) == place_of(outputs[j].path))
        return give_up(kUsage, fmt::format("{} and {} name one place: give each its own",
                                           outputs[i].option, outputs[j].option));
  return {};
}

// check_order refuses what a request of the user's own has settled.
Try<void> check_order(const Outputs& outputs) {
  if (outputs.csr.empty()) {
    if (!outputs.key_out.empty()) return {};
    return give_up(kUsage,
                   "--key-out says where the private key goes: a file (mode 0600), or - for "
                   "standard output; or give --csr of a key of your own");
  }
  for (const auto& [option, given] : {std::pair{"--key-out", !outputs.key_out.empty()},
                                      {"--key-type", !outputs.key_type.empty()},
                                      {"--dns", !outputs.dns_names.empty()}})
    if (given)
      return give_up(
          kUsage, fmt::format("--csr is of a key and of names of your own: leave {} away", option));
  return {};
}

// check_outputs comes before anything is made or asked for: what is issued has one place to go.
Try<void> check_outputs(Context& context, const Outputs& outputs) {
  TRY(check_order(outputs));
  const Output places[] = {{"--key-out", outputs.key_out},
                           {"--out-chain", outputs.chain_out},
                           {"--out-ca", outputs.ca_out}};
  TRY(check_apart(places));
  const Format format = context.format(Format::kTable);
  // What goes to standard output stands alone there.
  for (const Output& output : places)
    if (output.path == "-" && format != Format::kTable)
      return give_up(kUsage, fmt::format("{} - and --output {} both want standard output: give {} "
                                         "a file, or leave --output away",
                                         output.option, context.globals.output, output.option));
  if (outputs.chain_out.empty() && format != Format::kJson)
    return give_up(kUsage,
                   "--out-chain says where the certificate goes: a file, or - for standard output "
                   "(or have it all by --output json)");
  return {};
}

Try<KeyAndRequest> make_named(const std::string& key_type, const x509::SubjectNames& names) {
  const auto type = x509::parse_key_type(key_type);
  if (!type) return give_up(kUsage, type.error().message);
  return make_key_and_request(*type, names);
}

Try<Ordered> order_of(const Outputs& outputs, const x509::SubjectNames& names) {
  if (!outputs.csr.empty()) {
    TRY_ASSIGN(const auto csr, read_file(outputs.csr));
    return Ordered{x509::request_pem(csr), {}};
  }
  TRY_ASSIGN(auto made,
             make_named(outputs.key_type.empty() ? kUsualType : outputs.key_type, names));
  return Ordered{std::move(made.csr_pem), std::move(made.private_key_pem)};
}

// deliver opens all outputs first: a certificate whose key could not be kept helps nobody. Nor does
// a key without its certificate: where one output can't be written, as on a full disk, all files
// stay as they were, and the key takes its place last.
template <typename Send>
Outcome deliver(Context& context, const Outputs& outputs, const x509::SubjectNames& names,
                Send send) {
  TRY_ASSIGN(const Ordered ordered, order_of(outputs, names));
  TRY_ASSIGN(Sink key, Sink::open(context, outputs.key_out, Readers::kOwner));
  TRY_ASSIGN(Sink chain, Sink::open(context, outputs.chain_out, Readers::kAll));
  TRY_ASSIGN(Sink roots, Sink::open(context, outputs.ca_out, Readers::kAll));
  TRY_ASSIGN(const sdk::SecretString answer, send(ordered.csr));
  TRY_ASSIGN(const auto chain_pem, member_of(answer, "chainPem"));
  TRY_ASSIGN(const auto ca_pem, member_of(answer, "caPem"));
  TRY(key.write(ordered.key.reveal_text(SecretAccess())));
  TRY(chain.write(chain_pem.reveal()));
  TRY(roots.write(ca_pem.reveal()));
  const bool has_told = outputs.key_out == "-" || outputs.chain_out == "-" || outputs.ca_out == "-";
  // Without --out-chain the answer itself is where the certificate goes.
  if (outputs.chain_out.empty()) {
    TRY(print_answer(context, answer, "id"));
    if (!context.io().out.flush()) return give_up(kFailed, "the output could not be written");
  }
  for (Sink* const sink : {&roots, &chain, &key}) TRY(sink->take_place());
  return has_told || outputs.chain_out.empty() ? Outcome(kOk) : print_answer(context, answer, "id");
}

x509::SubjectNames names_of(std::string common_name, const std::vector<std::string>& dns_names) {
  return {
      .common_name = std::move(common_name), .dns_names = dns_names, .uris = {}, .addresses = {}};
}

Outcome issue(Context& context, const IssueOptions& options) {
  TRY(check_outputs(context, options.outputs));
  const Text ttl = shown(options.outputs.ttl);
  return deliver(context, options.outputs, names_of(options.identity, options.outputs.dns_names),
                 [&](std::string_view csr) {
                   return ask(context, "POST", "/certificates",
                              IssueBody{options.identity, csr, ttl});
                 });
}

// look_up asks for a certificate, which the right to renew it does not let see.
Try<sdk::SecretString> look_up(Context& context, const std::string& path) {
  TRY_ASSIGN(sdk::Client* const client, context.client());
  auto old = client->request("GET", path);
  if (old) return *std::move(old);
  Failure failure(old.error());
  if (old.error().kind == sdk::Kind::kForbidden)
    failure.message +=
        "; to renew without certificates:read, name the certificate by its file, or give --dns "
        "or --csr";
  return std::unexpected(std::move(failure));
}

// Renewal is what a request for a new key says.
struct Renewal {
  x509::SubjectNames names;  // one, and the platform gives the rest
  std::string key_type;
};

// renewal_of takes from the certificate what the options leave open: from its file where that is
// given, else from the platform where no option names it.
Try<Renewal> renewal_of(Context& context, const NamedCertificate& old, const Outputs& outputs) {
  Renewal wanted{names_of({}, outputs.dns_names), outputs.key_type};
  if (old.file) {
    if (!old.file->spiffe_id.empty()) wanted.names.uris = {old.file->spiffe_id};
    if (wanted.key_type.empty()) wanted.key_type = old.file->key_algorithm;
  }
  if (!wanted.names.uris.empty() || !wanted.names.dns_names.empty()) return wanted;
  TRY_ASSIGN(const auto found, look_up(context, old.path));
  TRY_ASSIGN(const auto identity, member_of(found, "identity"));
  wanted.names.common_name = identity.reveal();
  if (!wanted.key_type.empty()) return wanted;
  TRY_ASSIGN(const auto key_type, member_of(found, "keyType"));
  wanted.key_type = key_type.reveal();
  return wanted;
}

Outcome renew(Context& context, const RenewOptions& options) {
  TRY(check_outputs(context, options.outputs));
  TRY_ASSIGN(const auto old, certificate_named(context, options.certificate));
  Outputs outputs = options.outputs;
  x509::SubjectNames names;
  if (outputs.csr.empty()) {
    TRY_ASSIGN(Renewal wanted, renewal_of(context, old, outputs));
    names = std::move(wanted.names);
    outputs.key_type = std::move(wanted.key_type);
  }
  const Text ttl = shown(outputs.ttl);
  return deliver(context, outputs, names, [&](std::string_view csr) {
    return ask(context, "POST", old.path + "/renew", RenewBody{csr, ttl});
  });
}

Outcome request(Context& context, const RequestOptions& options) {
  const Output places[] = {{"--key-out", options.key_out}, {"--out", options.csr_out}};
  if (options.csr_out != "-") TRY(check_apart(places));
  TRY_ASSIGN(const auto made,
             make_named(options.key_type, names_of(options.name, options.dns_names)));
  TRY_ASSIGN(Sink key, Sink::open(context, options.key_out, Readers::kOwner));
  TRY_ASSIGN(Sink csr, Sink::open(context, options.csr_out, Readers::kAll));
  TRY(key.write(made.private_key_pem.reveal_text(SecretAccess())));
  TRY(csr.write(made.csr_pem));
  TRY(csr.take_place());
  TRY(key.take_place());
  return kOk;
}

Try<std::string> query_of(const ListOptions& options) {
  std::string query = fmt::format("?page={}&pageSize={}", options.page, options.page_size);
  if (!options.identity.empty()) query += "&identity=" + segment(options.identity);
  if (!options.status.empty()) query += "&status=" + options.status;
  const WallTime now = base::SystemClock().wall();
  if (!options.expires_after.empty()) {
    TRY_ASSIGN(const std::string from, moment_of("--expires-after", options.expires_after, now));
    query += "&expiresAfter=" + segment(from);
  }
  if (!options.expires_before.empty()) {
    TRY_ASSIGN(const std::string by, moment_of("--expires-before", options.expires_before, now));
    query += "&expiresBefore=" + segment(by);
  }
  return query;
}

Outcome list(Context& context, const ListOptions& options) {
  TRY_ASSIGN(const std::string query, query_of(options));
  TRY_ASSIGN(const auto answer, ask(context, "GET", "/certificates" + query));
  TRY(print_rows(context, answer, "certificates",
                 {"serialNumber", "identity", "status", "keyType", "notAfter", "createdAt"}));
  WipingArena arena;
  const auto page = read_list(answer, arena);
  const json::Value* const more = page ? page->find("hasmore") : nullptr;
  if (more != nullptr && more->boolean && context.format(Format::kTable) != Format::kJson)
    context.io().err << fmt::format("--page {} shows more\n", options.page + 1);
  return kOk;
}

Outcome show(Context& context, const ShowOptions& options) {
  TRY_ASSIGN(const auto named, certificate_named(context, options.certificate));
  TRY_ASSIGN(const auto answer, ask(context, "GET", named.path));
  return print_answer(context, answer, "id");
}

void add_outputs(CLI::App& command, Outputs& outputs, const std::string& usual_type) {
  command.add_option(
      "--key-out", outputs.key_out,
      "Where the new private key goes: a file (mode 0600; one that is there is replaced) or -");
  command.add_option("--out-chain", outputs.chain_out,
                     "Where certificate and intermediates go, as PEM: a file (mode 0644) or -");
  command.add_option("--out-ca", outputs.ca_out, "Where the roots to trust go, as PEM");
  command.add_option("--csr", outputs.csr,
                     "File of a request (PKCS#10, PEM or DER) of a key of your own");
  command
      .add_option("--key-type", outputs.key_type, "ML-DSA-65 or ECDSA-P256 [" + usual_type + "]")
      ->check(key_type_fault);
  command.add_option("--dns", outputs.dns_names, "A DNS name to ask for [all of the identity's]")
      ->expected(1)
      ->take_all();
  command.add_option("--ttl", outputs.ttl, "How long it lasts, as 24h [the identity's]");
}

void add_verify(CLI::App& group, Context& context) {
  const auto [command, options] = add_command(
      group, context, "verify", "Check a chain against roots, time and revocation lists", verify);
  command->add_option("FILE", options->file, "Certificate and intermediates as PEM; - reads input")
      ->required();
  command->add_option("--roots", options->roots,
                      "File of roots as PEM; without it the platform is asked for roots and lists");
  command->add_option("--crl", options->lists, "File of a revocation list; may be given again")
      ->expected(1)
      ->take_all();
  command->add_option("--usage", options->usage, "client or server")
      ->capture_default_str()
      ->check(CLI::IsMember({"client", "server"}));
  command->add_option("--at", options->at, "The time that counts (RFC 3339) [now]");
  command->add_flag("--allow-classical", options->allow_classical,
                    "Take ECDSA keys and signatures too");
}

}  // namespace

void add_cert(CLI::App& root, Context& context) {
  CLI::App& group = add_group(root, "cert", "Certificates of services");
  const auto [issue_command, ordered] =
      add_command(group, context, "issue", "Get a certificate for an identity of yours", issue);
  issue_command->add_option("IDENTITY", ordered->identity, "Its name")->required();
  add_outputs(*issue_command, ordered->outputs, kUsualType);

  const auto [renew_command, renewed] =
      add_command(group, context, "renew", "Get the next certificate of the same identity", renew);
  renew_command
      ->add_option("CERTIFICATE", renewed->certificate,
                   "Its file, or its id or serial number; a key without certificates:read gives "
                   "the file, --dns or --csr")
      ->required();
  add_outputs(*renew_command, renewed->outputs,
              "the certificate's; ML-DSA-65 of an id or number with --dns");

  const auto [request_command, requested] = add_command(
      group, context, "request", "Make a key and the request for its certificate, here", request);
  request_command->add_option("NAME", requested->name, "The identity's name")->required();
  request_command
      ->add_option("--key-out", requested->key_out,
                   "Where the private key goes: a file (mode 0600) or -")
      ->required();
  request_command->add_option("--out", requested->csr_out, "Where the request goes, as PEM")
      ->capture_default_str();
  request_command->add_option("--key-type", requested->key_type, "ML-DSA-65 or ECDSA-P256")
      ->capture_default_str()
      ->check(key_type_fault);
  request_command->add_option("--dns", requested->dns_names, "A DNS name to ask for")
      ->expected(1)
      ->take_all();

  const auto [list_command, wanted] =
      add_command(group, context, "list", "List certificates", list);
  list_command->add_option("--identity", wanted->identity, "Those of one identity");
  list_command->add_option("--status", wanted->status, "pending, active, expired or revoked")
      ->check(CLI::IsMember({"pending", "active", "expired", "revoked"}));
  list_command->add_option(
      "--expires-before", wanted->expires_before,
      "Those that end within 2h, 30d, or by a time (RFC 3339), the first first");
  list_command->add_option("--expires-after", wanted->expires_after,
                           "Those that are valid beyond that, likewise");
  list_command->add_option("--page", wanted->page, "Which page, from 1")->check(counting());
  list_command->add_option("--page-size", wanted->page_size, "Certificates a page, up to 200")
      ->capture_default_str()
      ->check(CLI::Range(1, 200));

  const auto [show_command, shown_one] =
      add_command(group, context, "show", "Show a certificate", show);
  show_command->add_option("CERTIFICATE", shown_one->certificate, kWhich)->required();

  add_cert_revoke(group, context);
  add_cert_inspect(group, context);
  add_verify(group, context);
  // Last, for commands take over what is there when they are added.
  group.footer(revoking_note());
}

}  // namespace quantumapi::cli
