// qapi ca identity: who may hold which certificates.
#include "base/json.h"
#include "cli/answer.h"
#include "cli/ca.h"
#include "cli/group.h"
#include "cli/table.h"

namespace quantumapi::cli {
namespace {

using Texts = std::vector<std::string>;

struct Definition {
  std::string name;
  std::string service_account;
  std::string spiffe_namespace;
  std::string spiffe_name;
  Texts dns_names;
  Texts addresses;
  Texts key_types;
  Texts usages;
  std::string ttl;
  std::string max_ttl;
};

struct NamedIdentity {
  std::string name;
};

struct CreateBody {
  std::string_view name;
  Text service_account;
  Text spiffe_namespace;
  Text spiffe_name;
  std::optional<Texts> dns_names;
  std::optional<Texts> addresses;
  std::optional<Texts> key_types;
  std::optional<Texts> usages;
  Text ttl;
  Text max_ttl;
};
BOOST_DESCRIBE_STRUCT(CreateBody, (),
                      (name, service_account, spiffe_namespace, spiffe_name, dns_names, addresses,
                       key_types, usages, ttl, max_ttl))

struct UpdateBody {
  Text service_account;
  std::optional<Texts> dns_names;
  std::optional<Texts> addresses;
  std::optional<Texts> key_types;
  std::optional<Texts> usages;
  Text ttl;
  Text max_ttl;
};
BOOST_DESCRIBE_STRUCT(UpdateBody, (),
                      (service_account, dns_names, addresses, key_types, usages, ttl, max_ttl))

struct Row {
  std::string id;
  std::string name;
};
BOOST_DESCRIBE_STRUCT(Row, (), (id, name))

struct Page {
  std::vector<Row> service_identities;
  bool has_more = false;
};
BOOST_DESCRIBE_STRUCT(Page, (), (service_identities, has_more))

std::optional<Texts> given(const Texts& list) {
  return list.empty() ? std::nullopt : std::optional(list);
}

// path_of finds an identity by its id or name.
Try<std::string> path_of(Context& context, std::string_view id_or_name) {
  if (Uuid::parse(id_or_name)) return "/service-identities/" + std::string(id_or_name);
  for (int number = 1;; ++number) {
    TRY_ASSIGN(
        const auto answer,
        ask(context, "GET", "/service-identities?pageSize=200&page=" + std::to_string(number)));
    WipingArena arena;
    const auto page = json::decode<Page>(answer.reveal(), arena);
    if (!page) return give_up(kFailed, "the platform's answer can't be understood");
    for (const Row& row : page->service_identities)
      if (row.name == id_or_name) return "/service-identities/" + row.id;
    if (!page->has_more) break;
  }
  return give_up(kNotFound, "there is no such identity; `qapi ca identity list` shows them");
}

Outcome create(Context& context, const Definition& wanted) {
  const CreateBody body{wanted.name,
                        shown(wanted.service_account),
                        shown(wanted.spiffe_namespace),
                        shown(wanted.spiffe_name),
                        given(wanted.dns_names),
                        given(wanted.addresses),
                        given(wanted.key_types),
                        given(wanted.usages),
                        shown(wanted.ttl),
                        shown(wanted.max_ttl)};
  TRY_ASSIGN(const auto answer, ask(context, "POST", "/service-identities", body));
  return print_answer(context, answer, "id");
}

Outcome update(Context& context, const Definition& wanted) {
  const UpdateBody body{shown(wanted.service_account), given(wanted.dns_names),
                        given(wanted.addresses),       given(wanted.key_types),
                        given(wanted.usages),          shown(wanted.ttl),
                        shown(wanted.max_ttl)};
  const bool changes = body.service_account || body.dns_names || body.addresses || body.key_types ||
                       body.usages || body.ttl || body.max_ttl;
  if (!changes)
    return give_up(kUsage, "nothing is to be changed: give --dns, --ttl or another option");
  TRY_ASSIGN(const auto path, path_of(context, wanted.name));
  TRY_ASSIGN(const auto answer, ask(context, "PATCH", path, body));
  return print_answer(context, answer, "id");
}

Outcome list(Context& context, const NoOptions&) {
  TRY_ASSIGN(const auto answer, ask_all(context, "/service-identities", "serviceIdentities"));
  return print_rows(context, answer, "serviceIdentities",
                    {"name", "serviceAccount", "spiffeId", "dnsNames", "keyTypes", "ttl", "id"});
}

Outcome show(Context& context, const NamedIdentity& options) {
  TRY_ASSIGN(const auto path, path_of(context, options.name));
  TRY_ASSIGN(const auto answer, ask(context, "GET", path));
  return print_answer(context, answer, "id");
}

Outcome remove(Context& context, const EndOptions& options) {
  if (!options.yes)
    TRY(confirm_on_terminal(context.io(), "Identity " + printable(options.named) +
                                              " goes; its service gets no certificate any more."));
  TRY_ASSIGN(const auto path, path_of(context, options.named));
  TRY(ask(context, "DELETE", path));
  return kOk;
}

void add_definition(CLI::App& command, Definition& wanted) {
  command.add_option("--service-account", wanted.service_account,
                     "Whose it is, by name or id: it alone gets the certificates [your own]");
  command.add_option("--dns", wanted.dns_names, "A DNS name; *.x is any one label before x")
      ->expected(1)
      ->take_all();
  command.add_option("--address", wanted.addresses, "An IP address")->expected(1)->take_all();
  command.add_option("--key-type", wanted.key_types, "ML-DSA-65 or ECDSA-P256")
      ->expected(1)
      ->take_all()
      ->check(key_type_fault);
  command.add_option("--usage", wanted.usages, "clientAuth or serverAuth [both]")
      ->expected(1)
      ->take_all()
      ->check(CLI::IsMember({"clientAuth", "serverAuth"}));
  command.add_option("--ttl", wanted.ttl, "How long its certificates last, as 24h");
  command.add_option("--max-ttl", wanted.max_ttl, "The longest that may be asked for, as 24h");
}

}  // namespace

void add_identities(CLI::App& parent, Context& context) {
  CLI::App& group = add_group(parent, "identity", "Who may hold which certificates");
  const auto [create_command, made] =
      add_command(group, context, "create", "Let a service account have certificates", create);
  create_command->add_option("NAME", made->name, "The common name of its certificates")->required();
  add_definition(*create_command, *made);
  create_command->add_option("--namespace", made->spiffe_namespace,
                             "spiffe://TRUST-DOMAIN/ns/NAMESPACE/sa/NAME [default]");
  create_command->add_option("--spiffe-name", made->spiffe_name,
                             "NAME of that SPIFFE id [the identity's]");

  const auto [update_command, changed] =
      add_command(group, context, "update", "Change what its certificates say from now on", update);
  update_command->add_option("IDENTITY", changed->name, "Its name or id")->required();
  add_definition(*update_command, *changed);

  add_command(group, context, "list", "List identities", list);
  const auto [show_command, shown_one] =
      add_command(group, context, "show", "Show an identity", show);
  show_command->add_option("IDENTITY", shown_one->name, "Its name or id")->required();
  const auto [delete_command, ended] =
      add_command(group, context, "delete", "Issue nothing more for an identity", remove);
  add_end(*delete_command, *ended, "IDENTITY", "Its name or id");
}

}  // namespace quantumapi::cli
