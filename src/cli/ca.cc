// qapi ca: the tenant's certificate authorities and what it decided about certificates.
#include "cli/ca.h"

#include "cli/answer.h"
#include "cli/group.h"
#include "x509/key_type.h"

namespace quantumapi::cli {
namespace {

struct NamedAuthority {
  std::string name;
};

struct NewAuthority {
  std::string name;
  bool direct = false;
  bool classical = false;
  bool set_default = false;
};

struct ListOptions {
  std::string name;
  std::string format = "pem";
};

struct PolicyOptions {
  std::string server_keys;
  std::string trust_domain;
  std::string issuer;
  std::string classical_issuer;
  std::string min_ttl;
};

struct CreateBody {
  std::string_view name;
  bool direct = false;
  bool classical = false;
  bool set_default = false;
};
BOOST_DESCRIBE_STRUCT(CreateBody, (), (name, direct, classical, set_default))

struct PolicyBody {
  std::optional<bool> server_keys;
  Text trust_domain;
  Text issuer_id;
  Text classical_issuer_id;
  Text min_ttl;
};
BOOST_DESCRIBE_STRUCT(PolicyBody, (),
                      (server_keys, trust_domain, issuer_id, classical_issuer_id, min_ttl))

Outcome list(Context& context, const NoOptions&) {
  TRY_ASSIGN(const auto answer, ask(context, "GET", "/cas"));
  return print_rows(context, answer, "cas",
                    {"name", "type", "issues", "inForce", "keyType", "status", "notAfter", "id"});
}

Outcome show(Context& context, const NamedAuthority& options) {
  TRY_ASSIGN(const Authority found, find_authority(context, options.name));
  TRY_ASSIGN(const auto answer, ask(context, "GET", "/cas/" + found.id));
  return print_answer(context, answer, "id");
}

Outcome create(Context& context, const NewAuthority& options) {
  TRY_ASSIGN(const auto answer,
             ask(context, "POST", "/cas",
                 CreateBody{options.name, options.direct, options.classical, options.set_default}));
  return print_answer(context, answer, "id");
}

Outcome renew(Context& context, const NamedAuthority& options) {
  TRY_ASSIGN(const Authority found, find_authority(context, options.name));
  TRY_ASSIGN(const auto answer, ask(context, "POST", "/cas/" + found.id + "/renew"));
  return print_answer(context, answer, "id");
}

// pem prints the roots that peers trust, or the chain of one authority.
Outcome pem(Context& context, const NamedAuthority& options) {
  if (!options.name.empty()) {
    TRY_ASSIGN(const Authority found, find_authority(context, options.name));
    TRY_ASSIGN(const auto chain, ask(context, "GET", "/cas/" + found.id + "/pem"));
    context.io().out << chain.reveal();
    return kOk;
  }
  TRY_ASSIGN(const auto all, list_authorities(context));
  const std::string roots = roots_of(all, false);
  if (roots.empty()) return give_up(kNotFound, "there is no root yet: `qapi ca create` makes one");
  context.io().out << roots;
  return kOk;
}

Outcome revocation_list(Context& context, const ListOptions& options) {
  TRY_ASSIGN(const Authority found, find_authority(context, options.name));
  TRY_ASSIGN(const auto list,
             ask(context, "GET", "/cas/" + found.id + "/crl?format=" + options.format));
  context.io().out << list.reveal();
  return kOk;
}

Outcome policy(Context& context, const PolicyOptions& options) {
  PolicyBody body;
  if (!options.server_keys.empty()) body.server_keys = options.server_keys == "on";
  body.trust_domain = shown(options.trust_domain);
  body.min_ttl = shown(options.min_ttl);
  Authority issuer;
  if (!options.issuer.empty()) {
    TRY_ASSIGN(issuer, find_authority(context, options.issuer));
    body.issuer_id = issuer.id;
  }
  Authority classical;
  if (!options.classical_issuer.empty()) {
    TRY_ASSIGN(classical, find_authority(context, options.classical_issuer));
    body.classical_issuer_id = classical.id;
  }
  const bool changes = body.server_keys || body.trust_domain || body.issuer_id ||
                       body.classical_issuer_id || body.min_ttl;
  auto answer = changes ? ask(context, "PATCH", "/certificate-policy", body)
                        : ask(context, "GET", "/certificate-policy");
  if (!answer) return std::unexpected(std::move(answer).error());
  return print_answer(context, *answer, "trustDomain");
}

}  // namespace

Try<std::vector<Authority>> list_authorities(Context& context) {
  TRY_ASSIGN(const auto answer, ask(context, "GET", "/cas"));
  WipingArena arena;
  auto page = json::decode<AuthorityPage>(answer.reveal(), arena);
  if (!page) return give_up(kFailed, "the platform's answer can't be understood");
  return std::move(page->cas);
}

Try<Authority> find_authority(Context& context, std::string_view id_or_name) {
  TRY_ASSIGN(const auto all, list_authorities(context));
  for (const Authority& one : all)
    if (one.id == id_or_name || one.name == id_or_name) return one;
  return give_up(kNotFound, "there is no such certificate authority; `qapi ca list` shows them");
}

std::string roots_of(const std::vector<Authority>& all, bool classical) {
  std::string pem;
  for (const Authority& one : all)
    if (one.type == "root" && one.status == "active" &&
        one.key_type.starts_with("ECDSA") == classical)
      pem += one.certificate_pem;
  return pem;
}

std::string key_type_fault(const std::string& text) {
  const auto type = x509::parse_key_type(text);
  if (type && *type != x509::KeyType::kMlDsa87) return {};  // that one is the authorities'
  return "is ML-DSA-65 or ECDSA-P256";
}

void add_ca(CLI::App& root, Context& context) {
  CLI::App& group = add_group(root, "ca", "The tenant's certificate authorities");
  add_command(group, context, "list", "List certificate authorities", list);

  const auto [create_command, made] = add_command(
      group, context, "create", "Make a root and, below it, an authority that issues", create);
  create_command->add_option("NAME", made->name, "Its name, unique in the tenant")->required();
  create_command->add_flag("--direct", made->direct, "One root that issues by itself");
  create_command->add_flag("--classical", made->classical,
                           "ECDSA P-256, for peers that know no ML-DSA");
  create_command->add_flag("--default", made->set_default,
                           "Issue from it from now on; for owners where another does");

  using Perform = Outcome (*)(Context&, const NamedAuthority&);
  for (const auto& [name, about, perform] :
       {std::tuple<const char*, const char*, Perform>("show", "Show an authority", show),
        {"renew", "Put a new intermediate below the same root in an old one's place", renew}}) {
    const auto [command, options] = add_command(group, context, name, about, perform);
    command->add_option("CA", options->name, "Its name or id")->required();
  }
  const auto [pem_command, wanted] = add_command(
      group, context, "pem", "Print the roots that peers trust, or one authority's chain", pem);
  pem_command->add_option("CA", wanted->name, "Its name or id [all roots]");

  const auto [crl_command, asked] =
      add_command(group, context, "crl", "Print an authority's revocation list", revocation_list);
  crl_command->add_option("CA", asked->name, "Its name or id")->required();
  crl_command->add_option("--format", asked->format, "pem or der")
      ->capture_default_str()
      ->check(CLI::IsMember({"pem", "der"}));

  const auto [policy_command, policies] = add_command(
      group, context, "policy", "Show, or as an owner change, what holds for certificates", policy);
  policy_command
      ->add_option("--server-keys", policies->server_keys,
                   "on: POST /pki/issue makes keys for callers; off: it does not")
      ->check(CLI::IsMember({"on", "off"}));
  policy_command->add_option("--trust-domain", policies->trust_domain,
                             "Of the SPIFFE ids of identities made from now on");
  policy_command->add_option("--issuer", policies->issuer, "The CA that issues for ML-DSA keys");
  policy_command->add_option("--classical-issuer", policies->classical_issuer,
                             "The CA that issues for ECDSA keys");
  policy_command->add_option(
      "--min-ttl", policies->min_ttl,
      "The shortest lifetime of certificates: 60s, 5m; default: the server's");
  add_identities(group, context);
  // Last, for commands take over what is there when they are added.
  group.footer("Revoking (qapi cert revoke) is for services' certificates;\n" +
               std::string(kNoAuthority) + ".");
}

}  // namespace quantumapi::cli
