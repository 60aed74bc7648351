// Revocation lists: signed by whoever first asks for one that is not there yet.
#include <algorithm>

#include "ca/impl.h"

namespace quantumapi::ca {
namespace {

using std::chrono::seconds;

constexpr seconds kListLife{24 * 3'600};
constexpr seconds kSignedAgainAfter{12 * 3'600};
// RFC 5280 section 3.3: an entry stays until it was in a list made after the certificate's end.
constexpr seconds kKeptAfterEnd{2 * 24 * 3'600};
constexpr int kAttempts = 8;

}  // namespace

bool CaService::Impl::is_complete(const RevocationRow& row) const {
  return row.number > 0 && row.covers == row.changes && clock.wall() < row.next_update;
}

bool CaService::Impl::is_fresh(const RevocationRow& row) const {
  const WallTime now = clock.wall();
  return is_complete(row) && now < row.this_update + kSignedAgainAfter &&
         row.this_update <= now + kBackdate;
}

// A list's number is the time in seconds, or one more than that of the list before: so it grows
// though the clocks of replicas differ or are set back, and after a restore of the store, too.
Result<RevocationRow> CaService::Impl::sign_list(const Authority& authority,
                                                 const RevocationRow& before) {
  const WallTime now = on_a_second(clock.wall());
  RevocationRow next{.id = authority.id,
                     .changes = before.changes,
                     .covers = before.changes,
                     .number = std::max(before.number + 1, now.seconds()),
                     .this_update = now,
                     .next_update = now + kListLife,
                     .der = {}};
  x509::RevocationList list{.number = static_cast<std::uint64_t>(next.number),
                            .this_update = next.this_update,
                            .next_update = next.next_update,
                            .revoked = {}};
  // Read after `before` was: what it says was revoked is in here, and maybe more.
  TRY_ASSIGN(list.revoked, database.read([&](store::Transaction& tx) {
    return repository::list_revoked(tx, authority.tenant, authority.id, now - kKeptAfterEnd);
  }));
  TRY_ASSIGN(const auto key, signer(authority));
  TRY_ASSIGN(next.der, x509::make_crl(list, authority.certificate, key->signer));
  return next;
}

Result<std::shared_ptr<const RevocationRow>> CaService::revocation_list(AuthorityId id,
                                                                        bool may_block) {
  const auto known = impl_->lists.find(id.uuid);
  if (known && impl_->is_fresh(*known)) return known;
  if (!may_block) return fail(Code::kWouldBlock, "the store must be asked");
  TRY_ASSIGN(const auto authority, impl_->authority(id));
  const std::scoped_lock lock(impl_->signing(id));
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    const auto ticket = impl_->lists.begin_load(id.uuid);
    TRY_ASSIGN(auto stored, impl_->database.read([&](store::Transaction& tx) {
      return repository::find_revocation_list(tx, id);
    }));
    if (!stored) return no_such_authority();
    if (impl_->is_fresh(*stored)) {
      const std::int64_t revision = stored->revision;
      auto row = std::make_shared<const RevocationRow>(*std::move(stored));
      impl_->lists.put(id.uuid, {row, revision}, ticket);
      return row;
    }
    const auto next = impl_->sign_list(*authority, *stored);
    const auto put = next ? impl_->database.change([&](store::Transaction& tx) -> Status {
      TRY(repository::put_revocation_list(tx, *next,
                                          stored->number));  // another replica's is as good
      tx.touch(repository::kRevocationLists, id.uuid);
      return {};
    })
                          : Status(std::unexpected(next.error()));
    // One that is complete and not over serves while no newer one can be made.
    if (!put && impl_->is_complete(*stored))
      return std::make_shared<const RevocationRow>(*std::move(stored));
    if (!put) return std::unexpected(put.error());
  }
  return fail(Code::kUnavailable, "the revocation list changes too fast; try again");
}

}  // namespace quantumapi::ca
