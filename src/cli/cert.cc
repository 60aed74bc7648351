// qapi cert: issue, renew, request, list, show, revoke; inspect and verify have files of their own.
#include <fmt/format.h>

#include <filesystem>
#include <span>

#include "cli/answer.h"
#include "cli/ca.h"
#include "cli/cert_key.h"
#include "cli/cert_verify.h"
#include "cli/expiry.h"
#include "cli/group.h"
#include "cli/table.h"
#include "cli/whole_file.h"
#include "x509/serial.h"
#include "x509/server_identity.h"

namespace quantumapi::cli {
namespace {

constexpr const char* kWhich =
    "Its id or serial number, or a file of it (PEM or DER, - reads input)";

struct Outputs {
  std::string csr;  // a request of the user's own; empty: a key is made
  std::string key_out;
  std::string chain_out;
  std::string ca_out;
  std::string ttl;
  std::string key_type = "ML-DSA-65";
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
  std::string key_type = "ML-DSA-65";
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

struct NamedCertificate {
  std::string certificate;
};

struct RevokeOptions {
  std::string certificate;
  std::string reason;
  bool yes = false;
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

struct RevokeBody {
  Text reason;
};
BOOST_DESCRIBE_STRUCT(RevokeBody, (), (reason))

// Sink is where one output goes: a file that appears whole, standard output, or nowhere.
class Sink {
 public:
  static Try<Sink> open(Context& context, const std::string& path) {
    Sink sink;
    if (path == "-") sink.out_ = &context.io().out;
    if (path.empty() || path == "-") return sink;
    TRY_ASSIGN(auto file, WholeFile::create(path));
    sink.file_ = std::make_unique<WholeFile>(std::move(file));
    return sink;
  }
  Try<void> write(std::string_view text) {
    if (out_ != nullptr) *out_ << text;
    if (!file_) return {};
    file_->stream() << text;
    return file_->finish();
  }

 private:
  std::ostream* out_ = nullptr;
  std::unique_ptr<WholeFile> file_;
};

// path_of takes an id, or a serial number as any program shows it.
Try<std::string> path_of(std::string_view certificate) {
  if (Uuid::parse(certificate)) return "/certificates/" + std::string(certificate);
  const auto serial = x509::parse_serial(certificate);
  if (!serial) return give_up(kUsage, "a certificate is named by its id or serial number");
  return "/certificates/" + Uuid{*serial}.to_string();
}

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

// check_outputs comes before anything is made or asked for.
Try<void> check_outputs(Context& context, const Outputs& outputs) {
  if (!outputs.csr.empty() && !outputs.key_out.empty())
    return give_up(kUsage, "--csr is of a key of your own: leave --key-out away");
  if (outputs.csr.empty() && outputs.key_out.empty())
    return give_up(kUsage,
                   "--key-out says where the private key goes: a file (mode 0600), or - for "
                   "standard output; or give --csr of a key of your own");
  if (outputs.chain_out.empty() && context.format(Format::kTable) == Format::kTable)
    return give_up(kUsage,
                   "--out-chain says where the certificate goes: a file, or - for standard output "
                   "(or have it all by --output json)");
  const Output places[] = {{"--key-out", outputs.key_out},
                           {"--out-chain", outputs.chain_out},
                           {"--out-ca", outputs.ca_out}};
  return check_apart(places);
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
  TRY_ASSIGN(auto made, make_named(outputs.key_type, names));
  return Ordered{std::move(made.csr_pem), std::move(made.private_key_pem)};
}

// deliver opens all outputs first: a certificate whose key could not be kept helps nobody.
template <typename Send>
Outcome deliver(Context& context, const Outputs& outputs, const x509::SubjectNames& names,
                Send send) {
  TRY_ASSIGN(const Ordered ordered, order_of(outputs, names));
  TRY_ASSIGN(Sink key, Sink::open(context, outputs.key_out));
  TRY_ASSIGN(Sink chain, Sink::open(context, outputs.chain_out));
  TRY_ASSIGN(Sink roots, Sink::open(context, outputs.ca_out));
  TRY_ASSIGN(const sdk::SecretString answer, send(ordered.csr));
  TRY(key.write(ordered.key.reveal_text(SecretAccess())));
  TRY_ASSIGN(const auto chain_pem, member_of(answer, "chainPem"));
  TRY(chain.write(chain_pem.reveal()));
  TRY_ASSIGN(const auto ca_pem, member_of(answer, "caPem"));
  TRY(roots.write(ca_pem.reveal()));
  // What went to standard output stands alone there.
  if (outputs.key_out == "-" || outputs.chain_out == "-" || outputs.ca_out == "-") return kOk;
  return print_answer(context, answer, "id");
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

// Named is a certificate of the platform and, where a file named it, what that says.
struct Named {
  std::string path;
  std::optional<x509::CertificateInfo> file;
};

// named_by takes an id, a serial number or a file ("-": standard input) whose first certificate it
// is. What reads as an id or a number is that, though a file be called so.
Try<Named> named_by(Context& context, const std::string& certificate) {
  std::error_code unknown;
  const bool is_file = certificate == "-" || std::filesystem::exists(certificate, unknown);
  if (auto path = path_of(certificate); path || !is_file) {
    if (!path)
      return give_up(kUsage, "a certificate is named by its file, its id or its serial number");
    return Named{*std::move(path), {}};
  }
  TRY_ASSIGN(const std::string pem, read_certificates(context, certificate));
  auto info = x509::describe_certificate(pem);
  if (!info) return give_up(kUsage, "the file holds no certificate: " + certificate);
  auto path = path_of(info->serial_hex);
  if (!path)
    return give_up(kUsage,
                   "the certificate is of another platform: serial number " + info->serial_hex);
  return Named{*std::move(path), *std::move(info)};
}

// identity_of asks whose a certificate is, which the right to renew it does not let see.
Try<std::string> identity_of(Context& context, const std::string& path) {
  TRY_ASSIGN(sdk::Client* const client, context.client());
  const auto old = client->request("GET", path);
  if (!old) {
    Failure failure(old.error());
    if (old.error().kind == sdk::Kind::kForbidden)
      failure.message +=
          "; to renew without certificates:read, name the certificate by its file, or give --dns "
          "or --csr";
    return std::unexpected(std::move(failure));
  }
  TRY_ASSIGN(const auto identity, member_of(*old, "identity"));
  return std::string(identity.reveal());
}

Outcome renew(Context& context, const RenewOptions& options) {
  const Outputs& outputs = options.outputs;
  TRY(check_outputs(context, outputs));
  TRY_ASSIGN(const Named old, named_by(context, options.certificate));
  // A request needs one name, and the platform gives the rest.
  x509::SubjectNames names = names_of({}, outputs.dns_names);
  if (old.file && !old.file->spiffe_id.empty()) names.uris = {old.file->spiffe_id};
  if (outputs.csr.empty() && names.uris.empty() && names.dns_names.empty()) {
    TRY_ASSIGN(names.common_name, identity_of(context, old.path));
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
  TRY_ASSIGN(Sink key, Sink::open(context, options.key_out));
  TRY_ASSIGN(Sink csr, Sink::open(context, options.csr_out));
  TRY(key.write(made.private_key_pem.reveal_text(SecretAccess())));
  TRY(csr.write(made.csr_pem));
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

Outcome show(Context& context, const NamedCertificate& options) {
  TRY_ASSIGN(const Named named, named_by(context, options.certificate));
  TRY_ASSIGN(const auto answer, ask(context, "GET", named.path));
  return print_answer(context, answer, "id");
}

// revoke of a file says first what it has read: the file may be another than was meant.
Outcome revoke(Context& context, const RevokeOptions& options) {
  TRY_ASSIGN(const Named named, named_by(context, options.certificate));
  if (named.file && named.file->is_ca)
    return give_up(kUsage, "the file begins with an authority's certificate, and " +
                               std::string(kNoAuthority));
  std::string what = options.certificate;
  if (named.file) what = named.file->serial_hex + " (" + named.file->subject + ")";
  if (!options.yes)
    TRY(confirm(context.io(), "Certificate " + printable(what) + " ends for good."));
  TRY_ASSIGN(const auto answer,
             ask(context, "POST", named.path + "/revoke", RevokeBody{shown(options.reason)}));
  return print_answer(context, answer, "status");
}

void add_outputs(CLI::App& command, Outputs& outputs) {
  command.add_option(
      "--key-out", outputs.key_out,
      "Where the new private key goes: a file (mode 0600; one that is there is replaced) or -");
  command.add_option("--out-chain", outputs.chain_out,
                     "Where certificate and intermediates go, as PEM: a file or -");
  command.add_option("--out-ca", outputs.ca_out, "Where the roots to trust go, as PEM");
  command.add_option("--csr", outputs.csr,
                     "File of a request (PKCS#10, PEM or DER) of a key of your own");
  command.add_option("--key-type", outputs.key_type, "ML-DSA-65 or ECDSA-P256")
      ->capture_default_str()
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
  add_outputs(*issue_command, ordered->outputs);

  const auto [renew_command, renewed] =
      add_command(group, context, "renew", "Get the next certificate of the same identity", renew);
  renew_command
      ->add_option("CERTIFICATE", renewed->certificate,
                   "Its file, or its id or serial number; a key without certificates:read gives "
                   "the file, --dns or --csr")
      ->required();
  add_outputs(*renew_command, renewed->outputs);

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

  const auto [revoke_command, ended] =
      add_command(group, context, "revoke", "Revoke a certificate for good", revoke);
  revoke_command->add_option("CERTIFICATE", ended->certificate, kWhich)->required();
  revoke_command->add_option("--reason", ended->reason,
                             "As RFC 5280 names it: keyCompromise, superseded, …");
  revoke_command->add_flag("--yes", ended->yes, "Do not ask");

  add_cert_inspect(group, context);
  add_verify(group, context);
  // Last, for commands take over what is there when they are added.
  for (CLI::App* const command : {&group, revoke_command})
    command->footer("Revoking is for services' certificates;\n" + std::string(kNoAuthority) + ".");
}

}  // namespace quantumapi::cli
