// qapi cert: issue, renew, request, list, show, revoke, inspect; verify is in cert_verify.cc.
#include <fmt/format.h>

#include "cli/answer.h"
#include "cli/cert_key.h"
#include "cli/cert_verify.h"
#include "cli/group.h"
#include "cli/table.h"
#include "cli/whole_file.h"
#include "x509/serial.h"
#include "x509/server_identity.h"

namespace quantumapi::cli {
namespace {

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
  std::string expires_before;
};

struct NamedCertificate {
  std::string certificate;
};

struct RevokeOptions {
  std::string certificate;
  std::string reason;
  bool yes = false;
};

struct FileOption {
  std::string file;
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

struct InspectShape {
  std::string subject;
  std::string issuer;
  std::string serial_number;
  std::string not_before;
  std::string not_after;
  std::string signature_algorithm;
  std::vector<std::string> names;
};
BOOST_DESCRIBE_STRUCT(InspectShape, (),
                      (subject, issuer, serial_number, not_before, not_after, signature_algorithm,
                       names))

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

Try<KeyAndRequest> make_named(const std::string& key_type, std::string common_name,
                              const std::vector<std::string>& dns_names) {
  const auto type = x509::parse_key_type(key_type);
  if (!type) return give_up(kUsage, type.error().message);
  const x509::SubjectNames names{
      .common_name = std::move(common_name), .dns_names = dns_names, .uris = {}, .addresses = {}};
  return make_key_and_request(*type, names);
}

Try<Ordered> order_of(const Outputs& outputs, const std::string& common_name) {
  if (!outputs.csr.empty()) {
    if (!outputs.key_out.empty())
      return give_up(kUsage, "--csr is of a key of your own: leave --key-out away");
    TRY_ASSIGN(const auto csr, read_file(outputs.csr));
    return Ordered{csr, {}};
  }
  if (outputs.key_out.empty())
    return give_up(kUsage,
                   "--key-out says where the private key goes: a file (mode 0600), or - for "
                   "standard output; or give --csr of a key of your own");
  TRY_ASSIGN(auto made, make_named(outputs.key_type, common_name, outputs.dns_names));
  return Ordered{std::move(made.csr_pem), std::move(made.private_key_pem)};
}

// deliver opens all outputs first: a certificate whose key could not be kept helps nobody.
template <typename Send>
Outcome deliver(Context& context, const Outputs& outputs, const std::string& common_name,
                Send send) {
  TRY_ASSIGN(const Ordered ordered, order_of(outputs, common_name));
  if (outputs.chain_out.empty() && context.format(Format::kTable) == Format::kTable)
    return give_up(kUsage,
                   "--out-chain says where the certificate goes: a file, or - for standard output "
                   "(or have it all by --output json)");
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

Outcome issue(Context& context, const IssueOptions& options) {
  const Text ttl = shown(options.outputs.ttl);
  return deliver(context, options.outputs, options.identity, [&](std::string_view csr) {
    return ask(context, "POST", "/certificates", IssueBody{options.identity, csr, ttl});
  });
}

Outcome renew(Context& context, const RenewOptions& options) {
  TRY_ASSIGN(const std::string path, path_of(options.certificate));
  const Text ttl = shown(options.outputs.ttl);
  TRY_ASSIGN(const auto old, ask(context, "GET", path));
  TRY_ASSIGN(const auto identity, member_of(old, "identity"));
  return deliver(context, options.outputs, std::string(identity.reveal()),
                 [&](std::string_view csr) {
                   return ask(context, "POST", path + "/renew", RenewBody{csr, ttl});
                 });
}

Outcome request(Context& context, const RequestOptions& options) {
  TRY_ASSIGN(const auto made, make_named(options.key_type, options.name, options.dns_names));
  TRY_ASSIGN(Sink key, Sink::open(context, options.key_out));
  TRY_ASSIGN(Sink csr, Sink::open(context, options.csr_out));
  TRY(key.write(made.private_key_pem.reveal_text(SecretAccess())));
  TRY(csr.write(made.csr_pem));
  return kOk;
}

Outcome list(Context& context, const ListOptions& options) {
  std::string path = "/certificates?pageSize=200";
  if (!options.identity.empty()) path += "&identity=" + segment(options.identity);
  if (!options.status.empty()) path += "&status=" + options.status;
  if (!options.expires_before.empty()) path += "&expiresBefore=" + segment(options.expires_before);
  TRY_ASSIGN(const auto answer, ask(context, "GET", path));
  return print_rows(context, answer, "certificates",
                    {"serialNumber", "identity", "status", "keyType", "notAfter", "createdAt"});
}

Outcome show(Context& context, const NamedCertificate& options) {
  TRY_ASSIGN(const std::string path, path_of(options.certificate));
  TRY_ASSIGN(const auto answer, ask(context, "GET", path));
  return print_answer(context, answer, "id");
}

Outcome revoke(Context& context, const RevokeOptions& options) {
  TRY_ASSIGN(const std::string path, path_of(options.certificate));
  if (!options.yes)
    TRY(confirm(context.io(), "Certificate " + options.certificate + " ends for good."));
  TRY_ASSIGN(const auto answer,
             ask(context, "POST", path + "/revoke", RevokeBody{shown(options.reason)}));
  return print_answer(context, answer, "status");
}

Outcome inspect(Context& context, const FileOption& options) {
  TRY_ASSIGN(const std::string pem, read_certificates(context, options.file));
  TRY_ASSIGN(const auto info, x509::describe_certificate(pem));
  const InspectShape shape{info.subject,
                           info.issuer,
                           info.serial_hex,
                           info.not_before.to_string(),
                           info.not_after.to_string(),
                           info.signature_algorithm,
                           info.names};
  if (context.format(Format::kTable) == Format::kJson) {
    print_json(context.io(), shape);
    return kOk;
  }
  if (context.format(Format::kTable) == Format::kValue) {
    print_line(context.io(), shape.serial_number);
    return kOk;
  }
  print_facts(context.io().out,
              {{"subject", shape.subject},
               {"issuer", shape.issuer},
               {"serial number", shape.serial_number},
               {"not before", shape.not_before},
               {"not after", shape.not_after},
               {"signature", shape.signature_algorithm},
               {"names", fmt::format("{}", fmt::join(shape.names, " "))}},
              context.color());
  return kOk;
}

void add_outputs(CLI::App& command, Outputs& outputs) {
  command.add_option(
      "--key-out", outputs.key_out,
      "Where the new private key goes: a file (mode 0600; one that is there is replaced) or -");
  command.add_option("--out-chain", outputs.chain_out,
                     "Where certificate and intermediates go, as PEM: a file or -");
  command.add_option("--out-ca", outputs.ca_out, "Where the roots to trust go, as PEM");
  command.add_option("--csr", outputs.csr, "File of a request (PKCS#10) of a key of your own");
  command.add_option("--key-type", outputs.key_type, "ML-DSA-65 or ECDSA-P256")
      ->capture_default_str();
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
  renew_command->add_option("CERTIFICATE", renewed->certificate, "Its id or serial number")
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
      ->capture_default_str();
  request_command->add_option("--dns", requested->dns_names, "A DNS name to ask for")
      ->expected(1)
      ->take_all();

  const auto [list_command, wanted] =
      add_command(group, context, "list", "List certificates", list);
  list_command->add_option("--identity", wanted->identity, "Those of one identity");
  list_command->add_option("--status", wanted->status, "pending, active, expired or revoked")
      ->check(CLI::IsMember({"pending", "active", "expired", "revoked"}));
  list_command->add_option("--expires-before", wanted->expires_before,
                           "Those that end by a time (RFC 3339), the first first");

  const auto [show_command, shown_one] =
      add_command(group, context, "show", "Show a certificate", show);
  show_command->add_option("CERTIFICATE", shown_one->certificate, "Its id or serial number")
      ->required();

  const auto [revoke_command, ended] =
      add_command(group, context, "revoke", "Revoke a certificate for good", revoke);
  revoke_command->add_option("CERTIFICATE", ended->certificate, "Its id or serial number")
      ->required();
  revoke_command->add_option("--reason", ended->reason,
                             "As RFC 5280 names it: keyCompromise, superseded, …");
  revoke_command->add_flag("--yes", ended->yes, "Do not ask");

  const auto [inspect_command, looked] =
      add_command(group, context, "inspect", "Show what a certificate file says", inspect);
  inspect_command->add_option("FILE", looked->file, "PEM; - reads standard input")->required();
  add_verify(group, context);
}

}  // namespace quantumapi::cli
