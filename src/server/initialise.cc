#include "server/initialise.h"

#include <fmt/format.h>

#include "audit/platform_key.h"
#include "server/tls_identity.h"
#include "server/unfinished.h"

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

void print_seal_warning(std::ostream& err, const Config& config) {
  err << fmt::format(
      "\nWARNING: the root key lies in the file {} (mode 0600). Who reads that file and the\n"
      "store reads everything. Good for development; in production keep it on a volume that\n"
      "only this service can mount, apart from the database and its backups, and see\n"
      "docs/operations.md, \"The root key\".\n",
      config.seal_file);
}

// Made is the first tenant and an owner key of it.
struct Made {
  access::AccessService::Tenant tenant;
  access::CreatedApiKey owner_key;
};

Result<Made> make_first_tenant(Platform& platform, const Config& config, const Clock& clock) {
  access::AccessService::NewTenant wanted;
  wanted.name = config.tenant.empty() ? "default" : config.tenant;
  wanted.environment = config.environment;
  TRY_ASSIGN(auto made,
             platform.access().create_tenant(wanted, system_event(clock, "tenant.create")));
  return Made{std::move(made.tenant), std::move(made.owner_key)};
}

// make_again is for an init that was cut behind the tenant: its key may have been seen by
// nobody, or by somebody, so both are good.
Result<Made> make_again(Platform& platform, const access::AccessService::Tenant& tenant,
                        const Config& config, const Clock& clock, std::ostream& err) {
  TRY_ASSIGN(auto key, platform.access().create_owner_key(tenant.id, config.api_key_name,
                                                          system_event(clock, "apikey.create")));
  err << "quantumapid: finishing an init that was cut. The API key is a new one; if the cut one "
         "was shown, it is good as well.\n";
  return Made{tenant, std::move(key)};
}

Status ensure_authority(Platform& platform, TenantId tenant, const Config& config,
                        const Clock& clock) {
  Principal owner;
  owner.tenant = tenant;
  owner.role = base::Role::kOwner;
  owner.scopes = {"*"};
  TRY_ASSIGN(const auto there, platform.ca().list_authorities(owner));
  if (!there.empty()) return {};
  AuditEvent event = system_event(clock, "ca.create");
  event.category = "certificates";
  return platform.ca().create_first(tenant, config.server_keys, std::move(event));
}

Status print_first_key(std::ostream& out, const Config& config, const Made& made) {
  const FirstKey key{made.owner_key.text.reveal_text(SecretAccess{}), made.tenant.id.to_string()};
  if (config.json)
    print_json(out, key);
  else
    out << fmt::format(
        "The platform is initialised in {}.\n\nFirst API key of tenant \"{}\" ({}), shown this "
        "once:\n\n"
        "  {}\n\nClients verify the server by {}/ca.pem.\n",
        config.data, made.tenant.name, key.tenant_id, key.api_key, config.data);
  if (out.flush()) return {};
  return fail(Code::kUnavailable, "the first API key could not be written: run init again");
}

// written fails where a key that is good now was not shown whole, and says which.
Status written(std::ostream& out, const access::CreatedApiKey& key, std::string_view tenant) {
  if (out.flush()) return {};
  return fail(Code::kUnavailable,
              fmt::format("the API key {} could not be written, but it is good: make another by "
                          "quantumapid apikey create --tenant \"{}\" and revoke this one with it",
                          key.record.id.to_string(), tenant));
}

}  // namespace

Status initialise(const Config& config, std::ostream& out, std::ostream& err, Logger& log) {
  const base::SystemClock clock;
  const Unfinished unfinished(config);
  Metrics metrics;
  TRY_ASSIGN(const auto platform,
             Platform::open(config, Platform::Mode::kCreate, clock, log, metrics));
  const auto cut = platform->access().first_tenant();
  // open has refused what was done before; this is what another host did since.
  if (cut && !unfinished.stands()) return initialised_already(config);
  if (!cut && cut.error().code != Code::kNotFound) return std::unexpected(cut.error());
  TRY(make_platform_keys(*platform, clock));
  TRY(ensure_tls_identities(*platform, config, clock));
  if (!cut) TRY(unfinished.begin());
  TRY_ASSIGN(const Made made, cut ? make_again(*platform, *cut, config, clock, err)
                                  : make_first_tenant(*platform, config, clock));
  TRY(ensure_authority(*platform, made.tenant.id, config, clock));
  TRY(print_first_key(out, config, made));
  print_seal_warning(err, config);
  return unfinished.end();
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
  return written(out, made.owner_key, made.tenant.name);
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
  return written(out, made, tenant.name);
}

}  // namespace quantumapi::server
