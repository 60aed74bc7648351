// From a tenant and a key to an unwrapped version: the way of every encryption and signature.
#include "keyring/answers.h"
#include "keyring/keyring.h"
#include "keyring/keyring_impl.h"

namespace quantumapi::keyring {
namespace {

using repository::DefaultRow;
using repository::KeyRow;

std::unexpected<Error> would_block() { return fail(Code::kWouldBlock, "not in the cache"); }

Status check_active(const KeyRow& row) {
  if (row.state == "active") return {};
  if (row.state == "deleted") return no_such_key();
  return fail(Code::kPermissionDenied, "the key is disabled or about to be deleted", "key_revoked");
}

Status check_version(const KeyRow& row, std::uint32_t version) {
  TRY(check_active(row));
  if (version < row.min_decryption_version)
    return fail(Code::kPermissionDenied,
                "the key version is below the key's minimum decryption version",
                "key_version_below_minimum");
  return {};
}

VersionPlace place_of(const KeyRow& row, std::uint32_t version) {
  return {row.id, version, row.tenant, row.purpose};
}

}  // namespace

Status Keyring::Impl::check_protects(const KeyRow& row) const {
  TRY(check_active(row));
  if (row.expires_at && *row.expires_at <= time_passed.not_before(clock.wall()))
    return fail(Code::kPermissionDenied, "the key has expired", "key_expired");
  return {};
}

Result<std::shared_ptr<const KeyRow>> Keyring::Impl::row(TenantId tenant, KeyId key,
                                                         bool may_block) {
  TRY_ASSIGN(auto found,
             store::find_or_load(rows, database, key.uuid, may_block, [&](store::Transaction& tx) {
               return repository::find_row(tx, key);
             }));
  if (!found || found->tenant != tenant) return no_such_key();
  return found;
}

Result<std::shared_ptr<const KeyRow>> Keyring::Impl::default_row(TenantId tenant, Purpose purpose,
                                                                 bool may_block) {
  const Uuid id = repository::default_id(tenant, purpose);
  TRY_ASSIGN(const auto named,
             store::find_or_load(defaults, database, id, may_block, [&](store::Transaction& tx) {
               return repository::find_default(tx, id);
             }));
  if (!named)
    return fail(Code::kNotFound, "there is no default key for this purpose", "no_default_key");
  TRY_ASSIGN(auto found, row(tenant, named->key, may_block));
  if (found->purpose != purpose) return no_such_key();
  TRY(check_active(*found));
  return found;
}

Result<SecretBytes> Keyring::Impl::unwrapped(const KeyRow& row, std::uint32_t version) {
  TRY(check_kept(row.id));
  TRY_ASSIGN(const auto wrapped, database.read([&](store::Transaction& tx) {
    return repository::find_wrapped(tx, row.id, version);
  }));
  if (!wrapped) return no_such_key();
  return root.unwrap({row.purpose, row.tenant, row.id.uuid, version}, *wrapped);
}

Result<std::shared_ptr<const EncryptionVersion>> Keyring::Impl::encryption(const KeyRow& row,
                                                                           std::uint32_t version,
                                                                           bool may_block) {
  if (auto found = encryptions.find(row.id, version)) return found;
  if (!may_block) return would_block();
  TRY_ASSIGN(const SecretBytes material, unwrapped(row, version));
  TRY_ASSIGN(EncryptionVersion made,
             make_encryption_version(place_of(row, version), row.algorithm, material));
  return encryptions.put(row.id, version,
                         std::make_shared<const EncryptionVersion>(std::move(made)));
}

Result<std::shared_ptr<const SigningVersion>> Keyring::Impl::signing(const KeyRow& row,
                                                                     std::uint32_t version,
                                                                     bool may_block) {
  if (auto found = signings.find(row.id, version)) return found;
  if (!may_block) return would_block();
  TRY_ASSIGN(const SecretBytes material, unwrapped(row, version));
  TRY_ASSIGN(SigningVersion made,
             make_signing_version(place_of(row, version), row.algorithm, material));
  return signings.put(row.id, version, std::make_shared<const SigningVersion>(std::move(made)));
}

Result<std::shared_ptr<const HmacVersion>> Keyring::Impl::hmac(const KeyRow& row,
                                                               std::uint32_t version,
                                                               bool may_block) {
  if (auto found = hmacs.find(row.id, version)) return found;
  if (!may_block) return would_block();
  TRY_ASSIGN(const SecretBytes material, unwrapped(row, version));
  TRY_ASSIGN(HmacVersion made, make_hmac_version(place_of(row, version), row.algorithm, material));
  return hmacs.put(row.id, version, std::make_shared<const HmacVersion>(std::move(made)));
}

Result<std::shared_ptr<const EncryptionVersion>> Keyring::default_encryption(TenantId tenant,
                                                                             Purpose purpose,
                                                                             bool may_block) {
  TRY_ASSIGN(const auto row, impl_->default_row(tenant, purpose, may_block));
  if (!encrypts(row->purpose)) return no_such_key();
  TRY(impl_->check_protects(*row));
  return impl_->encryption(*row, row->latest_version, may_block);
}

Result<std::shared_ptr<const EncryptionVersion>> Keyring::newest_encryption(TenantId tenant,
                                                                            KeyId key,
                                                                            Purpose purpose,
                                                                            bool may_block) {
  TRY_ASSIGN(const auto row, impl_->row(tenant, key, may_block));
  if (row->purpose != purpose || !encrypts(purpose)) return no_such_key();
  TRY(impl_->check_protects(*row));
  return impl_->encryption(*row, row->latest_version, may_block);
}

Result<std::shared_ptr<const EncryptionVersion>> Keyring::encryption(TenantId tenant, KeyId key,
                                                                     std::uint32_t version,
                                                                     Purpose purpose,
                                                                     bool may_block) {
  TRY_ASSIGN(const auto row, impl_->row(tenant, key, may_block));
  if (row->purpose != purpose || !encrypts(purpose)) return no_such_key();
  TRY(check_version(*row, version));
  return impl_->encryption(*row, version, may_block);
}

Result<std::shared_ptr<const SigningVersion>> Keyring::default_signing(TenantId tenant,
                                                                       Purpose purpose,
                                                                       bool may_block) {
  TRY_ASSIGN(const auto row, impl_->default_row(tenant, purpose, may_block));
  if (!signs(row->purpose)) return no_such_key();
  TRY(impl_->check_protects(*row));
  return impl_->signing(*row, row->latest_version, may_block);
}

Result<std::shared_ptr<const SigningVersion>> Keyring::Impl::tenant_signing(
    TenantId tenant, KeyId key, std::optional<std::uint32_t> version, bool may_block,
    bool expired_too) {
  TRY_ASSIGN(const auto found, row(tenant, key, may_block));
  if (found->purpose != Purpose::kSign && found->purpose != Purpose::kImage) return no_such_key();
  if (!expired_too) TRY(check_protects(*found));
  const std::uint32_t wanted = version.value_or(found->latest_version);
  TRY(check_version(*found, wanted));
  return signing(*found, wanted, may_block);
}

Result<std::shared_ptr<const SigningVersion>> Keyring::signing(TenantId tenant, KeyId key,
                                                               std::uint32_t version,
                                                               bool may_block) {
  return impl_->tenant_signing(tenant, key, version, may_block, false);
}

Result<std::shared_ptr<const SigningVersion>> Keyring::newest_signing(TenantId tenant, KeyId key,
                                                                      bool may_block) {
  return impl_->tenant_signing(tenant, key, std::nullopt, may_block, false);
}

Result<std::shared_ptr<const SigningVersion>> Keyring::verifying(TenantId tenant, KeyId key,
                                                                 std::uint32_t version,
                                                                 bool may_block) {
  return impl_->tenant_signing(tenant, key, version, may_block, true);
}

Result<std::shared_ptr<const SigningVersion>> Keyring::ca_signing(TenantId tenant, KeyId key,
                                                                  std::uint32_t version,
                                                                  bool may_block) {
  TRY_ASSIGN(const auto row, impl_->row(tenant, key, may_block));
  if (row->purpose != Purpose::kCa) return no_such_key();
  TRY(check_version(*row, version));
  return impl_->signing(*row, version, may_block);
}

Result<std::shared_ptr<const HmacVersion>> Keyring::hmac(TenantId tenant, KeyId key,
                                                         std::uint32_t version, bool may_block) {
  TRY_ASSIGN(const auto row, impl_->row(tenant, key, may_block));
  if (row->purpose != Purpose::kHmac) return no_such_key();
  TRY(check_version(*row, version));
  return impl_->hmac(*row, version, may_block);
}

Result<std::shared_ptr<const HmacVersion>> Keyring::newest_hmac(TenantId tenant, KeyId key,
                                                                bool may_block) {
  TRY_ASSIGN(const auto row, impl_->row(tenant, key, may_block));
  if (row->purpose != Purpose::kHmac) return no_such_key();
  TRY(impl_->check_protects(*row));
  return impl_->hmac(*row, row->latest_version, may_block);
}

Result<std::shared_ptr<const HmacVersion>> Keyring::default_hmac(TenantId tenant, bool may_block) {
  TRY_ASSIGN(const auto row, impl_->default_row(tenant, Purpose::kHmac, may_block));
  TRY(impl_->check_protects(*row));
  return impl_->hmac(*row, row->latest_version, may_block);
}

}  // namespace quantumapi::keyring
