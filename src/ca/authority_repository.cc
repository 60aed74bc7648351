// Authorities, policies and revocation lists.
#include "ca/repository.h"

namespace quantumapi::ca::repository {
namespace {

using store::Row;
using store::Statement;
using store::Transaction;

const Statement kInsertAuthority{"ca.insert_authority", R"sql(
  INSERT INTO certificate_authorities (id, tenant, name, parent, issues, key_type, key_id,
    key_version, certificate, not_before, not_after, created_at, revision)
  VALUES (:id, :tenant, :name, :parent, :issues, :key_type, :key_id,
    :key_version, :certificate, :not_before, :not_after, :created_at, 1)
  ON CONFLICT (tenant, name) DO NOTHING
)sql"};

const Statement kFindAuthority{"ca.find_authority", R"sql(
  SELECT id, tenant, name, parent, issues, key_type, key_id, key_version, certificate, not_before,
    not_after, created_at, revision
  FROM certificate_authorities WHERE id = :id
)sql"};

const Statement kListAuthorities{"ca.list_authorities", R"sql(
  SELECT id, tenant, name, parent, issues, key_type, key_id, key_version, certificate, not_before,
    not_after, created_at, revision
  FROM certificate_authorities WHERE tenant = :tenant
  ORDER BY created_at, issues, id
)sql"};

// Hierarchies are of two: the parent of one that a policy names is a root.
const Statement kAuthoritiesInUse{"ca.authorities_in_use", R"sql(
  WITH named (id) AS (
    SELECT issuer FROM certificate_policies WHERE issuer IS NOT NULL
    UNION SELECT classical_issuer FROM certificate_policies WHERE classical_issuer IS NOT NULL
    UNION SELECT direct_issuer FROM certificate_policies WHERE direct_issuer IS NOT NULL)
  SELECT id, tenant, name, parent, issues, key_type, key_id, key_version, certificate, not_before,
    not_after, created_at, revision
  FROM certificate_authorities
  WHERE id IN (SELECT id FROM named
    UNION SELECT parent FROM certificate_authorities
      WHERE parent IS NOT NULL AND id IN (SELECT id FROM named))
  ORDER BY not_after, id LIMIT :limit
)sql"};

const Statement kFindPolicy{"ca.find_policy", R"sql(
  SELECT id, issuer, classical_issuer, direct_issuer, server_keys, trust_domain, min_lifetime,
    revision
  FROM certificate_policies WHERE id = :id
)sql"};

const Statement kInsertPolicy{"ca.insert_policy", R"sql(
  INSERT INTO certificate_policies (id, issuer, classical_issuer, direct_issuer, server_keys,
    trust_domain, min_lifetime, revision)
  VALUES (:id, :issuer, :classical_issuer, :direct_issuer, :server_keys, :trust_domain,
    :min_lifetime, 1)
  ON CONFLICT (id) DO NOTHING
)sql"};

const Statement kUpdatePolicy{"ca.update_policy", R"sql(
  UPDATE certificate_policies SET issuer = :issuer, classical_issuer = :classical_issuer,
    direct_issuer = :direct_issuer, server_keys = :server_keys, trust_domain = :trust_domain,
    min_lifetime = :min_lifetime, revision = revision + 1
  WHERE id = :id AND revision = :revision
)sql"};

const Statement kBeginList{"ca.begin_revocation_list", R"sql(
  INSERT INTO revocation_lists (id, changes, covers, number, this_update, next_update, der, revision)
  VALUES (:id, 0, 0, 0, 0, 0, :nothing, 1)
)sql"};

const Statement kFindList{"ca.find_revocation_list", R"sql(
  SELECT id, changes, covers, number, this_update, next_update, der, revision
  FROM revocation_lists WHERE id = :id
)sql"};

const Statement kNoteRevocation{"ca.note_revocation", R"sql(
  UPDATE revocation_lists SET changes = changes + 1, revision = revision + 1 WHERE id = :id
)sql"};

const Statement kPutList{"ca.put_revocation_list", R"sql(
  UPDATE revocation_lists SET covers = :covers, number = :number, this_update = :this_update,
    next_update = :next_update, der = :der, revision = revision + 1
  WHERE id = :id AND number = :before
)sql"};

std::optional<AuthorityId> optional_authority(const Row& row, int column) {
  if (row.is_null(column)) return std::nullopt;
  return row.id<AuthorityId>(column);
}

std::optional<std::chrono::seconds> optional_seconds(const Row& row, int column) {
  if (row.is_null(column)) return std::nullopt;
  return std::chrono::seconds(row.integer(column));
}

Status read_authority(const Row& row, Authority& out) {
  out.id = row.id<AuthorityId>(0);
  out.tenant = row.id<TenantId>(1);
  out.name = row.text(2);
  out.parent = optional_authority(row, 3);
  out.issues = row.boolean(4);
  TRY_ASSIGN(out.key_type, x509::parse_key_type(row.text(5)));
  out.key = row.id<KeyId>(6);
  out.key_version = static_cast<std::uint32_t>(row.integer(7));
  out.certificate = row.bytes(8);
  out.not_before = row.time(9);
  out.not_after = row.time(10);
  out.created_at = row.time(11);
  out.revision = row.integer(12);
  return {};
}

Result<std::vector<Authority>> authorities(Transaction& tx, const Statement& statement,
                                           store::Params params) {
  std::vector<Authority> found;
  TRY(tx.each(statement, params,
              [&](const Row& row) { return read_authority(row, found.emplace_back()); }));
  return found;
}

}  // namespace

Status insert_authority(Transaction& tx, const Authority& authority) {
  TRY_ASSIGN(const std::int64_t inserted,
             tx.execute(kInsertAuthority, {{"id", authority.id},
                                           {"tenant", authority.tenant},
                                           {"name", authority.name},
                                           {"parent", authority.parent},
                                           {"issues", authority.issues ? 1 : 0},
                                           {"key_type", x509::algorithm(authority.key_type)},
                                           {"key_id", authority.key},
                                           {"key_version", authority.key_version},
                                           {"certificate", authority.certificate},
                                           {"not_before", authority.not_before},
                                           {"not_after", authority.not_after},
                                           {"created_at", authority.created_at}}));
  if (inserted == 0)
    return fail(Code::kConflict, "an authority of this name exists already", "ca_name_conflict");
  TRY(tx.execute(kBeginList, {{"id", authority.id}, {"nothing", ByteView()}}));
  return {};
}

Result<std::optional<Authority>> find_authority(Transaction& tx, AuthorityId id) {
  std::optional<Authority> found;
  TRY(tx.one(kFindAuthority, {{"id", id}},
             [&](const Row& row) { return read_authority(row, found.emplace()); }));
  return found;
}

Result<std::vector<Authority>> list_authorities(Transaction& tx, TenantId tenant) {
  return authorities(tx, kListAuthorities, {{"tenant", tenant}});
}

Result<std::vector<Authority>> authorities_in_use(Transaction& tx, std::int64_t limit) {
  return authorities(tx, kAuthoritiesInUse, {{"limit", limit}});
}

Result<std::optional<Policy>> find_policy(Transaction& tx, TenantId tenant) {
  std::optional<Policy> found;
  TRY(tx.one(kFindPolicy, {{"id", tenant}}, [&](const Row& row) -> Status {
    found = Policy{.tenant = row.id<TenantId>(0),
                   .issuer = optional_authority(row, 1),
                   .classical_issuer = optional_authority(row, 2),
                   .direct_issuer = optional_authority(row, 3),
                   .server_keys = row.boolean(4),
                   .trust_domain = std::string(row.text(5)),
                   .min_lifetime = optional_seconds(row, 6),
                   .revision = row.integer(7)};
    return {};
  }));
  return found;
}

Result<bool> put_policy(Transaction& tx, const Policy& policy) {
  const store::Param id("id", policy.tenant);
  const store::Param issuer("issuer", policy.issuer);
  const store::Param classical("classical_issuer", policy.classical_issuer);
  const store::Param direct("direct_issuer", policy.direct_issuer);
  const store::Param server_keys("server_keys", policy.server_keys ? 1 : 0);
  const store::Param domain("trust_domain", policy.trust_domain);
  std::optional<std::int64_t> seconds;
  if (policy.min_lifetime) seconds = policy.min_lifetime->count();
  const store::Param min_lifetime("min_lifetime", seconds);
  if (policy.revision == 0) {
    TRY_ASSIGN(const std::int64_t inserted,
               tx.execute(kInsertPolicy,
                          {id, issuer, classical, direct, server_keys, domain, min_lifetime}));
    return inserted == 1;
  }
  const store::Param revision("revision", policy.revision);
  TRY_ASSIGN(const std::int64_t updated,
             tx.execute(kUpdatePolicy, {id, issuer, classical, direct, server_keys, domain,
                                        min_lifetime, revision}));
  return updated == 1;
}

Result<std::optional<RevocationRow>> find_revocation_list(Transaction& tx, AuthorityId id) {
  std::optional<RevocationRow> found;
  TRY(tx.one(kFindList, {{"id", id}}, [&](const Row& row) -> Status {
    found = RevocationRow{.id = row.id<AuthorityId>(0),
                          .changes = row.integer(1),
                          .covers = row.integer(2),
                          .number = row.integer(3),
                          .this_update = row.time(4),
                          .next_update = row.time(5),
                          .der = row.bytes(6),
                          .revision = row.integer(7)};
    return {};
  }));
  return found;
}

Status note_revocation(Transaction& tx, AuthorityId id) {
  TRY(tx.execute(kNoteRevocation, {{"id", id}}));
  return {};
}

Result<bool> put_revocation_list(Transaction& tx, const RevocationRow& list, std::int64_t before) {
  TRY_ASSIGN(const std::int64_t put, tx.execute(kPutList, {{"id", list.id},
                                                           {"covers", list.covers},
                                                           {"number", list.number},
                                                           {"before", before},
                                                           {"this_update", list.this_update},
                                                           {"next_update", list.next_update},
                                                           {"der", list.der}}));
  return put == 1;
}

}  // namespace quantumapi::ca::repository
