#include "server/initialise.h"

#include <fmt/format.h>

#include "audit/platform_key.h"
#include "server/tls_identity.h"

namespace quantumapi::server {
namespace {

struct FirstKey {
  std::string_view api_key;
  std::string tenant_id;
};

// print_json writes the members in snake_case, as scripts are promised.
void print_json(std::ostream& out, const FirstKey& key) {
  out << fmt::format("{{\"api_key\":\"{}\",\"tenant_id\":\"{}\"}}\n", key.api_key, key.tenant_id);
}

AuditEvent system_event(const Clock& clock, std::string_view action) {
  AuditEvent event{.time = clock.wall(),
                   .request = RequestId::make(clock.wall()),
                   .action = action,
                   .category = "platform"};
  event.actor.type = "system";
  return event;
}

// make_platform_keys makes what belongs to no tenant: the key of personal data
// without a principal, the look-up key, the audit key of the platform's own log.
Status make_platform_keys(Platform& platform, const Clock& clock) {
  keyring::Keyring& keyring = platform.keyring();
  if (!keyring.personal_key(TenantId{}, Uuid{})) {
    TRY_ASSIGN(const Bytes wrapped, keyring.make_personal_key(TenantId{}, Uuid{}));
    TRY(platform.database().change([&](store::Transaction& tx) {
      return keyring.put_personal_key(tx, TenantId{}, Uuid{}, wrapped, clock.wall());
    }));
  }
  if (!keyring.newest_lookup_key()) TRY(keyring.make_lookup_key());
  return audit::ensure_platform_key(keyring, system_event(clock, "key.create"));
}

void print_seal_warning(std::ostream& out, const Config& config) {
  out << fmt::format(
      "\nWARNING: the root key lies in the file {} (mode 0600). Who reads that file and the\n"
      "store reads everything. Good for development; in production keep it on a volume that\n"
      "only this service can mount, apart from the database and its backups, and see\n"
      "docs/operations.md, \"The root key\".\n",
      config.seal_file);
}

}  // namespace

Status initialise(const Config& config, std::ostream& out, Logger& log) {
  const base::SystemClock clock;
  Metrics metrics;
  TRY_ASSIGN(const auto platform,
             Platform::open(config, Platform::Mode::kCreate, clock, log, metrics));
  if (platform->access().first_tenant())
    return fail(Code::kConflict, config.data + " is initialised already; nothing was changed");
  TRY(make_platform_keys(*platform, clock));
  TRY(ensure_tls_identities(*platform, config, clock));
  access::AccessService::NewTenant tenant;
  tenant.name = config.tenant.empty() ? "default" : config.tenant;
  tenant.environment = config.environment;
  TRY_ASSIGN(const auto made,
             platform->access().create_tenant(tenant, system_event(clock, "tenant.create")));
  AuditEvent authority = system_event(clock, "ca.create");
  authority.category = "certificates";
  TRY(platform->ca().create_first(made.tenant.id, config.server_keys, std::move(authority)));
  const FirstKey key{made.owner_key.text.reveal_text(SecretAccess{}), made.tenant.id.to_string()};
  if (config.json) {
    print_json(out, key);
    return {};
  }
  out << fmt::format(
      "The platform is initialised in {}.\n\nFirst API key of tenant \"{}\" ({}), shown this "
      "once:\n\n"
      "  {}\n\nClients verify the server by {}/ca.pem.\n",
      config.data, made.tenant.name, key.tenant_id, key.api_key, config.data);
  print_seal_warning(out, config);
  return {};
}

Status create_tenant(const Config& config, std::ostream& out, Logger& log) {
  const base::SystemClock clock;
  Metrics metrics;
  TRY_ASSIGN(const auto platform,
             Platform::open(config, Platform::Mode::kOpen, clock, log, metrics));
  // The platform's keys and its first tenant are made by init alone.
  TRY(platform->access().first_tenant());
  access::AccessService::NewTenant tenant;
  tenant.name = config.tenant;
  tenant.environment = config.environment;
  TRY_ASSIGN(const auto made,
             platform->access().create_tenant(tenant, system_event(clock, "tenant.create")));
  const FirstKey key{made.owner_key.text.reveal_text(SecretAccess{}), made.tenant.id.to_string()};
  if (config.json)
    print_json(out, key);
  else
    out << fmt::format("First API key of tenant \"{}\" ({}), shown this once:\n\n  {}\n",
                       made.tenant.name, key.tenant_id, key.api_key);
  return {};
}

Status create_api_key(const Config& config, std::ostream& out, Logger& log) {
  const base::SystemClock clock;
  Metrics metrics;
  TRY_ASSIGN(const auto platform,
             Platform::open(config, Platform::Mode::kOpen, clock, log, metrics));
  TRY_ASSIGN(const auto tenant, config.tenant.empty()
                                    ? platform->access().first_tenant()
                                    : platform->access().find_tenant(config.tenant));
  TRY_ASSIGN(const auto made,
             platform->access().create_owner_key(tenant.id, config.api_key_name,
                                                 system_event(clock, "apikey.create")));
  const FirstKey key{made.text.reveal_text(SecretAccess{}), tenant.id.to_string()};
  if (config.json)
    print_json(out, key);
  else
    out << fmt::format("API key of tenant \"{}\", shown this once:\n\n  {}\n", tenant.name,
                       key.api_key);
  return {};
}

}  // namespace quantumapi::server
