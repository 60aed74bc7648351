// Certificates, from their record to their revocation.
#include "ca/repository.h"
#include "x509/issue.h"

namespace quantumapi::ca::repository {
namespace {

using store::Row;
using store::Statement;
using store::Transaction;

#define QAPI_INSERT_CERTIFICATE                                                   \
  "INSERT INTO certificates (id, tenant, authority, identity_id, identity_name, " \
  "state, key_type, key_sha256, tbs_sha256, server_key, account, renews, "        \
  "not_before, not_after, created_at, revoked_at, reason) "                       \
  "VALUES (:id, :tenant, :authority, :identity_id, :identity_name, :state, "      \
  ":key_type, :key_sha256, :tbs_sha256, :server_key, :account, :renews, "         \
  ":not_before, :not_after, :created_at, :revoked_at, :reason)"

const Statement kInsert{"ca.insert_certificate", QAPI_INSERT_CERTIFICATE};

// An UPDATE would look for its row, and PostgreSQL remembers a look-up by the page of the index:
// whoever finishes or records another certificate on that page would then be in conflict. An
// insert that meets its own row leaves no such trace, so any number are issued at once.
const Statement kFinish{"ca.finish_certificate", QAPI_INSERT_CERTIFICATE
                        " ON CONFLICT (id) DO UPDATE SET state = excluded.state "
                        "WHERE certificates.state = 'pending'"};

const Statement kInsertBody{"ca.insert_body", R"sql(
  INSERT INTO certificate_bodies (id, der) VALUES (:id, :der)
)sql"};

const Statement kRevoke{"ca.revoke_certificate", R"sql(
  UPDATE certificates SET state = 'revoked', revoked_at = :now, reason = :reason
  WHERE id = :id AND state <> 'revoked'
)sql"};

#define QAPI_CERTIFICATE                                                         \
  "SELECT id, tenant, authority, identity_id, identity_name, state, key_type, "  \
  "key_sha256, tbs_sha256, server_key, account, renews, not_before, not_after, " \
  "created_at, revoked_at, reason FROM certificates "

const Statement kFind{"ca.find_certificate", QAPI_CERTIFICATE "WHERE id = :id"};

const Statement kFindBody{"ca.find_body", R"sql(
  SELECT der FROM certificate_bodies WHERE id = :id
)sql"};

// An empty state lets all pass but what was never signed.
#define QAPI_CERTIFICATE_FILTER                                   \
  "AND ((:state = '' AND state <> 'pending') OR state = :state) " \
  "AND not_after > :ends_after AND not_after <= :ends_by "

// The bodies of those that were listed alone are looked up.
#define QAPI_LISTED                          \
  " LIMIT :limit OFFSET :offset) AS listed " \
  "LEFT JOIN certificate_bodies AS body ON body.id = listed.id "

// A statement for each index: certificates_list, certificates_expiry, certificates_newest.
#define QAPI_LIST_OF "SELECT listed.*, body.der FROM (" QAPI_CERTIFICATE "WHERE tenant = :tenant "
#define QAPI_NEWEST_FIRST                         \
  "ORDER BY created_at DESC, id DESC" QAPI_LISTED \
  "ORDER BY listed.created_at DESC, listed.id "   \
  "DESC"
#define QAPI_BY_END "ORDER BY not_after, id" QAPI_LISTED "ORDER BY listed.not_after, listed.id"
const Statement kList{"ca.list_certificates",
                      QAPI_LIST_OF QAPI_CERTIFICATE_FILTER QAPI_NEWEST_FIRST};
const Statement kListByEnd{"ca.list_certificates_by_end",
                           QAPI_LIST_OF QAPI_CERTIFICATE_FILTER QAPI_BY_END};
const Statement kListOf{
    "ca.list_certificates_of",
    QAPI_LIST_OF "AND identity_id = :identity_id " QAPI_CERTIFICATE_FILTER QAPI_NEWEST_FIRST};
const Statement kListOfByEnd{"ca.list_certificates_of_by_end", QAPI_LIST_OF
                             "AND identity_id = :identity_id " QAPI_CERTIFICATE_FILTER QAPI_BY_END};

const Statement kCount{"ca.count_certificates",
                       "SELECT COUNT(*) FROM (SELECT id FROM certificates "
                       "WHERE tenant = :tenant " QAPI_CERTIFICATE_FILTER "LIMIT :bound) AS found"};
const Statement kCountOf{
    "ca.count_certificates_of",
    "SELECT COUNT(*) FROM (SELECT id FROM certificates "
    "WHERE tenant = :tenant AND identity_id = :identity_id " QAPI_CERTIFICATE_FILTER
    "LIMIT :bound) AS found"};

const Statement kRevoked{"ca.list_revoked", R"sql(
  SELECT id, revoked_at, reason FROM certificates
  WHERE authority = :authority AND tenant = :tenant AND state = 'revoked' AND not_after > :after
  ORDER BY not_after, id
)sql"};

Result<State> parse_state(std::string_view text) {
  for (const State state : {State::kPending, State::kIssued, State::kRevoked})
    if (to_string(state) == text) return state;
  return fail(Code::kDataLoss, "a certificate's state is not known");
}

x509::RevocationReason reason_in(const Row& row, int column) {
  return row.is_null(column) ? x509::RevocationReason::kUnspecified
                             : static_cast<x509::RevocationReason>(row.integer(column));
}

Status read_certificate(const Row& row, Certificate& out) {
  out.id = row.id<CertificateId>(0);
  out.tenant = row.id<TenantId>(1);
  out.authority = row.id<AuthorityId>(2);
  out.identity = row.id<IdentityId>(3);
  out.identity_name = row.text(4);
  TRY_ASSIGN(out.state, parse_state(row.text(5)));
  TRY_ASSIGN(out.key_type, x509::parse_key_type(row.text(6)));
  out.key_sha256 = row.bytes(7);
  out.tbs_sha256 = row.bytes(8);
  out.server_key = row.boolean(9);
  out.account = row.id<ServiceAccountId>(10);
  if (!row.is_null(11)) out.renews = row.id<CertificateId>(11);
  out.not_before = row.time(12);
  out.not_after = row.time(13);
  out.created_at = row.time(14);
  out.revoked_at = row.optional_time(15);
  out.reason = reason_in(row, 16);
  return {};
}

// write runs one of the statements that insert.
Result<std::int64_t> write(Transaction& tx, const Statement& statement,
                           const Certificate& certificate) {
  const auto reason = certificate.revoked_at
                          ? std::optional(static_cast<std::int64_t>(certificate.reason))
                          : std::nullopt;
  return tx.execute(statement, {{"id", certificate.id},
                                {"tenant", certificate.tenant},
                                {"authority", certificate.authority},
                                {"identity_id", certificate.identity},
                                {"identity_name", certificate.identity_name},
                                {"state", to_string(certificate.state)},
                                {"key_type", x509::algorithm(certificate.key_type)},
                                {"key_sha256", certificate.key_sha256},
                                {"tbs_sha256", certificate.tbs_sha256},
                                {"server_key", certificate.server_key ? 1 : 0},
                                {"account", certificate.account},
                                {"renews", certificate.renews},
                                {"not_before", certificate.not_before},
                                {"not_after", certificate.not_after},
                                {"created_at", certificate.created_at},
                                {"revoked_at", certificate.revoked_at},
                                {"reason", reason}});
}

const Statement& list_statement(const Selection& selection) {
  if (selection.identity) return selection.by_end ? kListOfByEnd : kListOf;
  return selection.by_end ? kListByEnd : kList;
}

}  // namespace

Status insert_certificate(Transaction& tx, const Certificate& certificate) {
  TRY(write(tx, kInsert, certificate));
  return {};
}

Result<bool> finish_certificate(Transaction& tx, Certificate record, ByteView der) {
  record.state = State::kIssued;
  TRY_ASSIGN(const std::int64_t finished, write(tx, kFinish, record));
  if (finished == 0) return false;
  TRY(tx.execute(kInsertBody, {{"id", record.id}, {"der", der}}));
  return true;
}

Result<bool> revoke_certificate(Transaction& tx, CertificateId id, WallTime now,
                                x509::RevocationReason reason) {
  TRY_ASSIGN(const std::int64_t revoked,
             tx.execute(kRevoke,
                        {{"id", id}, {"now", now}, {"reason", static_cast<std::int64_t>(reason)}}));
  return revoked == 1;
}

Result<std::optional<Certificate>> find_certificate(Transaction& tx, CertificateId id) {
  std::optional<Certificate> found;
  TRY(tx.one(kFind, {{"id", id}},
             [&](const Row& row) { return read_certificate(row, found.emplace()); }));
  return found;
}

Status read_names(ByteView der, Certificate& out) {
  auto names = x509::certificate_names(der);
  if (!names) return fail(Code::kDataLoss, "a certificate in the store can't be read");
  out.names = *std::move(names);
  return {};
}

Result<std::optional<Bytes>> find_body(Transaction& tx, CertificateId id) {
  std::optional<Bytes> found;
  TRY(tx.one(kFindBody, {{"id", id}}, [&](const Row& row) -> Status {
    found = row.bytes(0);
    return {};
  }));
  return found;
}

Result<std::vector<Certificate>> list_certificates(Transaction& tx, const Selection& selection,
                                                   std::int64_t offset, std::int64_t limit) {
  std::vector<Certificate> found;
  const auto take = [&](const Row& row) -> Status {
    Certificate& one = found.emplace_back();
    TRY(read_certificate(row, one));
    return row.is_null(17) ? Status() : read_names(row.bytes(17), one);
  };
  const store::Param tenant("tenant", selection.tenant);
  const store::Param state("state", selection.state);
  const store::Param after("ends_after", selection.ends_after);
  const store::Param by("ends_by", selection.ends_by);
  const store::Param first("offset", offset);
  const store::Param most("limit", limit);
  const store::Statement& statement = list_statement(selection);
  if (selection.identity) {
    const store::Param identity("identity_id", *selection.identity);
    TRY(tx.each(statement, {tenant, identity, state, after, by, first, most}, take));
  } else {
    TRY(tx.each(statement, {tenant, state, after, by, first, most}, take));
  }
  return found;
}

Result<std::int64_t> count_certificates(Transaction& tx, const Selection& selection,
                                        std::int64_t bound) {
  std::int64_t counted = 0;
  const auto take = [&](const Row& row) -> Status {
    counted = row.integer(0);
    return {};
  };
  const store::Param tenant("tenant", selection.tenant);
  const store::Param state("state", selection.state);
  const store::Param after("ends_after", selection.ends_after);
  const store::Param by("ends_by", selection.ends_by);
  const store::Param most("bound", bound);
  if (selection.identity) {
    const store::Param identity("identity_id", *selection.identity);
    TRY(tx.one(kCountOf, {tenant, identity, state, after, by, most}, take));
  } else {
    TRY(tx.one(kCount, {tenant, state, after, by, most}, take));
  }
  return counted;
}

Result<std::vector<x509::RevokedCertificate>> list_revoked(Transaction& tx, TenantId tenant,
                                                           AuthorityId authority, WallTime after) {
  std::vector<x509::RevokedCertificate> revoked;
  const auto take = [&](const Row& row) -> Status {
    revoked.push_back({row.bytes(0), row.time(1), reason_in(row, 2)});
    return {};
  };
  for (const AuthorityId of : {authority, AuthorityId{}})
    TRY(tx.each(kRevoked, {{"authority", of}, {"tenant", tenant}, {"after", after}}, take));
  return revoked;
}

}  // namespace quantumapi::ca::repository
