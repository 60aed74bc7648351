// Certificates after they were issued: lists, single ones, revocation.
#include <algorithm>

#include "ca/impl.h"
#include "keyring/answers.h"
#include "x509/crl.h"

namespace quantumapi::ca {
namespace {

constexpr WallTime kNever{INT64_MAX};
// What the store knows nothing of stays in the lists as long as any certificate may be valid.
constexpr std::chrono::seconds kLongestUnknown{kLongestLifetime};

std::unexpected<Error> not_its_own() {
  return fail(Code::kPermissionDenied, "the certificate belongs to another service account",
              "insufficient_scope");
}

// select makes what the statements take of a filter; nothing where it can match nothing.
Result<repository::Selection> select(TenantId tenant, const CaService::Filter& filter,
                                     WallTime now) {
  repository::Selection selection{.tenant = tenant,
                                  .identity = {},
                                  .state = {},
                                  .ends_after = filter.expires_after.value_or(WallTime{-1}),
                                  .ends_by = filter.expires_before.value_or(kNever)};
  selection.by_end = filter.expires_after || filter.expires_before;
  if (filter.identity) {
    const auto id = IdentityId::parse(*filter.identity);
    selection.identity = id ? *id : identity_id(tenant, *filter.identity);
  }
  // A certificate's last second counts.
  const WallTime present = on_a_second(now) - std::chrono::microseconds(1);
  if (filter.status == "pending" || filter.status == "revoked") {
    selection.state = *filter.status;
  } else if (filter.status == "active") {
    selection.state = "issued";
    selection.ends_after = std::max(selection.ends_after, present);
  } else if (filter.status == "expired") {
    selection.state = "issued";
    selection.ends_by = std::min(selection.ends_by, present);
  } else if (filter.status) {
    return fail_field("status", "is pending, active, expired or revoked");
  }
  return selection;
}

// selects is what the statements ask of each row, for one that was found by its number.
bool selects(const repository::Selection& selection, const Certificate& one) {
  const bool state = selection.state.empty() ? one.state != State::kPending
                                             : to_string(one.state) == selection.state;
  return one.tenant == selection.tenant && state &&
         (!selection.identity || one.identity == *selection.identity) &&
         one.not_after > selection.ends_after && one.not_after <= selection.ends_by;
}

// was_ever is true for an identity that is there, or was: its certificates are.
Result<bool> was_ever(store::Transaction& tx, TenantId tenant, IdentityId id) {
  TRY_ASSIGN(const auto stored, repository::find_identity(tx, id));
  if (stored && stored->tenant == tenant) return true;
  const repository::Selection all{
      .tenant = tenant, .identity = id, .state = {}, .ends_after = WallTime{-1}, .ends_by = kNever};
  TRY_ASSIGN(const std::int64_t count, repository::count_certificates(tx, all, 1));
  return count > 0;
}

// lost is the record of a revoked certificate of which the store knows nothing.
Certificate lost(TenantId tenant, CertificateId id, WallTime at, x509::RevocationReason reason) {
  return {.id = id,
          .tenant = tenant,
          .authority = {},
          .identity = {},
          .identity_name = {},
          .state = State::kRevoked,
          .key_sha256 = {},
          .tbs_sha256 = {},
          .account = {},
          .renews = {},
          .not_before = at,
          .not_after = at + kLongestUnknown,
          .created_at = at,
          .revoked_at = at,
          .reason = reason};
}

// note_in_lists makes the lists incomplete that must hold it: a lost one's are all of its tenant.
Status note_in_lists(store::Transaction& tx, const Certificate& revoked) {
  std::vector<AuthorityId> authorities{revoked.authority};
  if (revoked.authority.is_nil()) {
    TRY_ASSIGN(const auto all, repository::list_authorities(tx, revoked.tenant));
    authorities.clear();
    for (const Authority& one : all) authorities.push_back(one.id);
  }
  for (const AuthorityId id : authorities) {
    TRY(repository::note_revocation(tx, id));
    tx.touch(repository::kRevocationLists, id.uuid);
  }
  return {};
}

}  // namespace

// What is pending is no certificate: nobody can ask for it by its number.
// To a bound key an absent one answers as one outside its bindings.
Result<Certificate> CaService::Impl::own_certificate(store::Transaction& tx,
                                                     const Principal& principal, CertificateId id) {
  TRY_ASSIGN(auto found, repository::find_certificate(tx, id));
  const bool mine = found && found->tenant == principal.tenant && found->state != State::kPending;
  if (!mine && principal.bindings.empty()) return no_such_certificate();
  if (!mine || (!principal.may_reach("identity", found->identity.uuid) &&
                !principal.may_reach("identity", found->identity_name)))
    return fail(Code::kPermissionDenied, "this key is not bound to that identity",
                "insufficient_scope");
  return *std::move(found);
}

Result<CaService::Page> CaService::list(const Principal& principal, const Filter& filter) {
  TRY(may_view(principal));
  TRY_ASSIGN(const auto selection, select(principal.tenant, filter, impl_->clock.wall()));
  return impl_->database.read([&](store::Transaction& tx) -> Result<Page> {
    Page page;
    if (filter.serial) {
      TRY_ASSIGN(auto found, repository::find_certificate(tx, *filter.serial));
      if (!found || !selects(selection, *found)) return page;
      TRY_ASSIGN(const auto body, repository::find_body(tx, found->id));
      if (body) TRY(repository::read_names(*body, *found));
      page.total = 1;
      if (filter.offset == 0) page.certificates.push_back(*std::move(found));
      return page;
    }
    TRY_ASSIGN(page.certificates,
               repository::list_certificates(tx, selection, filter.offset, filter.limit + 1));
    page.has_more = std::ssize(page.certificates) > filter.limit;
    if (page.has_more) page.certificates.pop_back();
    TRY_ASSIGN(page.total, repository::count_certificates(tx, selection, kCountBound));
    if (page.total == 0 && selection.identity) {
      TRY_ASSIGN(const bool known, was_ever(tx, principal.tenant, *selection.identity));
      if (!known) return no_such_identity();
    }
    return page;
  });
}

Result<CaService::Found> CaService::find(const Principal& principal, CertificateId id) {
  TRY(may_view(principal));
  TRY_ASSIGN(auto found, impl_->database.read([&](store::Transaction& tx) -> Result<Found> {
    TRY_ASSIGN(auto record, impl_->own_certificate(tx, principal, id));
    TRY_ASSIGN(auto body, repository::find_body(tx, id));
    if (body) TRY(repository::read_names(*body, record));
    return Found{std::move(record), std::move(body).value_or(Bytes()), {}};
  }));
  if (found.record.authority.is_nil()) return found;  // only the key journal knew of it
  TRY_ASSIGN(const auto above, impl_->chain(found.record.authority));
  for (const auto& one : above)
    if (one->parent) found.intermediates.push_back(one->certificate);
  return found;
}

// revocable is what the caller may revoke: its own, or any for admins and owners. What is pending
// is none, and neither is what the store does not know, unless the certificate itself is shown:
// nothing then is to be recorded as lost that was not issued here.
Result<CaService::Impl::Revocable> CaService::Impl::revocable(store::Transaction& tx,
                                                              const Principal& principal,
                                                              const Revocation& wanted) {
  TRY_ASSIGN(auto found, repository::find_certificate(tx, wanted.id));
  const bool lacks = !found || found->state == State::kPending;
  if (!lacks || !wanted.presented) {
    TRY_ASSIGN(Certificate record, own_certificate(tx, principal, wanted.id));
    TRY_ASSIGN(const auto identity, repository::find_identity(tx, record.identity));
    const ServiceAccountId holder = identity ? identity->account : record.account;
    if (principal.role == Role::kMember && holder != principal.account) return not_its_own();
    return Revocable{std::move(record), true};
  }
  TRY(may_manage(principal));
  TRY_ASSIGN(const auto all, repository::list_authorities(tx, principal.tenant));
  const auto issuer = std::ranges::find_if(all, [&](const Authority& one) {
    return x509::is_issued_by(wanted.presented->der, one.certificate);
  });
  if (issuer == all.end() || (found && found->tenant != principal.tenant))
    return no_such_certificate();
  if (found) return Revocable{*std::move(found), true};
  Certificate record =
      lost(principal.tenant, wanted.id, clock.wall(), x509::RevocationReason::kUnspecified);
  record.authority = issuer->id;
  record.not_after = wanted.presented->not_after;
  return Revocable{std::move(record), false};
}

Result<Certificate> CaService::revoke(const Principal& principal, const Revocation& wanted,
                                      AuditEvent event) {
  const WallTime now = impl_->clock.wall();
  const keyring::Ending ending{keyring::JournalEntry::Kind::kCertificateRevoked, principal.tenant,
                               wanted.id.uuid, now};
  struct Done {
    Certificate record;
    bool first = false;
  };
  const auto end = [&](store::Transaction& tx) -> Result<Done> {
    TRY_ASSIGN(auto known, impl_->revocable(tx, principal, wanted));
    Done done{std::move(known.record)};
    if (known.is_stored) {
      TRY_ASSIGN(done.first, repository::revoke_certificate(tx, wanted.id, now, wanted.reason));
    } else {
      done.record.reason = wanted.reason;
      done.first = true;
      TRY(repository::insert_certificate(tx, done.record));
    }
    if (done.first) {
      TRY(note_in_lists(tx, done.record));
      TRY(keyring::Keyring::note_ending(tx, ending));
      done.record.state = State::kRevoked;
      done.record.revoked_at = now;
      done.record.reason = wanted.reason;
    }
    AuditEvent revocation = event;
    concerns(revocation, done.record);
    tx.record(revocation);
    return done;
  };
  TRY_ASSIGN(auto done, impl_->database.change(end));
  if (done.first) {
    TRY(impl_->keys.journal_ending(ending));
  } else {
    // Revoked before, when the journal could not take it: the call made again ends it there too.
    TRY(impl_->keys.journal_again(principal.tenant, wanted.id.uuid));
  }
  return std::move(done.record);
}

Result<bool> CaService::revoke_again(TenantId tenant, CertificateId id, WallTime at) {
  const auto end = [&](store::Transaction& tx) -> Result<bool> {
    TRY_ASSIGN(auto known, repository::find_certificate(tx, id));
    if (known && (known->tenant != tenant || known->state == State::kRevoked)) return false;
    if (known) {
      // Pending in a backup that was made between the two commits of its issuing: it was issued.
      TRY_ASSIGN(const bool revoked,
                 repository::revoke_certificate(tx, id, at, x509::RevocationReason::kUnspecified));
      if (!revoked) return false;
    } else {
      known = lost(tenant, id, at, x509::RevocationReason::kUnspecified);
      TRY(repository::insert_certificate(tx, *known));
    }
    TRY(note_in_lists(tx, *known));
    AuditEvent revocation =
        keyring::own_event("certificate.revoke", tenant, impl_->clock.wall(), "certificates");
    revocation.resource_type = "certificate";
    revocation.resource = id.uuid;
    tx.record(revocation);
    return true;
  };
  return impl_->database.change(end);
}

Result<CaService::Expiries> CaService::expiries(std::int64_t limit) {
  const WallTime now = impl_->clock.wall();
  return impl_->database.read([&](store::Transaction& tx) -> Result<Expiries> {
    Expiries expiries;
    TRY_ASSIGN(auto live, repository::list_expiries(tx, now, limit));
    TRY_ASSIGN(auto ended, repository::list_ended(tx, now - kEndedShown, now, limit));
    for (auto* identities : {&live, &ended})
      for (auto& one : *identities)
        expiries.identities.push_back({one.tenant, std::move(one.identity), one.not_after});
    TRY_ASSIGN(auto authorities, repository::authorities_in_use(tx, limit));
    for (auto& one : authorities)
      expiries.authorities.push_back({one.tenant, std::move(one.name), one.not_after});
    return expiries;
  });
}

}  // namespace quantumapi::ca
