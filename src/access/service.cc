// AccessService: authentication, the path of every request.
#include "access/service.h"

#include <algorithm>
#include <limits>

#include "access/service_impl.h"
#include "crypto/hash.h"
#include "crypto/random.h"

namespace quantumapi::access {
namespace {

constexpr std::string_view kElsewhere = "address_not_allowed";
constexpr std::string_view kBadKey = "the API key is not valid";

std::unexpected<Error> bad_key() {
  return fail(Code::kUnauthenticated, std::string(kBadKey), "unauthenticated");
}

SecretBytes random_key() {
  SecretBytes key(sizeof(crypto::Digest));
  crypto::fill_random(key.reveal_mutable(SecretAccess()));
  return key;
}

}  // namespace

AccessService::Impl::Impl(store::Database& d, keyring::Keyring& k, crypto::EntropyPool& e,
                          const Clock& c)
    : database(d),
      keyring(k),
      entropy(e),
      clock(c),
      cache(kApiKeysTable, kApiKeysTable, c),
      uses(d, c),
      rates(d, c),
      dummy(std::make_shared<const crypto::HmacSha3Key>(random_key().reveal(SecretAccess()))),
      proof_key(random_key()),
      time_passed(c) {}

Result<MacKey> AccessService::Impl::mac_key(const Uuid& id) {
  {
    const std::scoped_lock lock(mac_keys_mutex);
    if (const auto it = mac_keys.find(id); it != mac_keys.end()) return it->second;
  }
  TRY_ASSIGN(const auto key, keyring.lookup_key(id));
  auto shared = std::make_shared<const crypto::HmacSha3Key>(key.key.reveal(SecretAccess()));
  const std::scoped_lock lock(mac_keys_mutex);
  return mac_keys.try_emplace(id, std::move(shared)).first->second;
}

// load gives null for a credential that is not the key's text, at one cost whether the key has a
// row or not: one read of the store and one MAC. Only what was shown right goes into memory, so
// that a wrong secret is told from an unknown id by no answer that memory could have given.
Result<std::shared_ptr<const CachedKey>> AccessService::Impl::load(ApiKeyId id,
                                                                   std::string_view credential,
                                                                   const crypto::Digest& proof) {
  const auto ticket = cache.begin_load(id.uuid);
  CachedKey key;
  key.proof = proof;
  key.groups_seen = groups_changed;
  key.groups_until = ticket.read_at + store::kRowLife;
  TRY_ASSIGN(auto row,
             database.read([&](store::Transaction& tx) { return access::find_key(tx, id); }));
  MacKey under = dummy;
  if (row) {
    TRY_ASSIGN(under, mac_key(row->mac_key));
  }
  if (!is_right(credential, *under, row ? &row->mac : nullptr)) return nullptr;
  const std::int64_t revision = row->revision;
  TRY_ASSIGN(const auto cached, fill(std::move(key), *std::move(row)));
  if (cached) cache.put(id.uuid, {cached, revision}, ticket);
  return cached;
}

// fill reads the rest of what a right key stands for; null where its account was erased.
Result<std::shared_ptr<const CachedKey>> AccessService::Impl::fill(CachedKey key, ApiKeyRow row) {
  ApiKeyRecord& record = row.record;
  key.has_groups = std::ranges::any_of(
      record.bindings, [](const base::Binding& binding) { return binding.type == "group"; });
  if (key.has_groups) {
    TRY(database.read([&](store::Transaction& tx) {
      return resolve_groups(tx, record.tenant, record.bindings);
    }));
  }
  auto personal = keyring.personal_key(record.tenant, record.account.uuid);
  // An erased account has no personal key left, and none of its keys is valid.
  if (!personal && personal.error().code == Code::kNotFound) return nullptr;
  TRY_ASSIGN(SecretBytes personal_key, std::move(personal));
  Principal principal{.tenant = record.tenant,
                      .account = record.account,
                      .api_key = record.id,
                      .role = record.role,
                      .label = std::move(record.account_name),
                      .scopes = std::move(record.scopes),
                      .bindings = std::move(record.bindings)};
  auto networks = networks_of(record.addresses);
  if (!networks) return fail(Code::kDataLoss, "a column of an API key is not readable");
  key.who = std::make_shared<const Authenticated>(
      Authenticated{std::move(principal), std::move(personal_key), record.expires_at,
                    *std::move(networks), record.rate_limit});
  key.revoked = record.revoked_at.has_value();
  return std::make_shared<const CachedKey>(std::move(key));
}

// is_current: no row's revision tells of a change to the groups a key is bound to.
bool AccessService::Impl::is_current(const CachedKey& key) const {
  if (!key.has_groups) return true;
  return key.groups_seen == groups_changed && clock.steady() < key.groups_until;
}

// proof_of is for well-formed credentials: all have one length, so nothing can be appended to
// what is hashed.
crypto::Digest AccessService::Impl::proof_of(std::string_view credential) const {
  return crypto::sha256({proof_key.reveal(SecretAccess()), as_bytes(credential)});
}

bool AccessService::Impl::proves(const CachedKey* key, const crypto::Digest& proof) const {
  static constexpr crypto::Digest kNothing{};
  return equal_constant_time(proof, key ? key->proof : kNothing) && key && is_current(*key);
}

// is_right does the same work for every credential, whether there is a row (`mac`) or not.
bool AccessService::Impl::is_right(std::string_view credential, const crypto::HmacSha3Key& key,
                                   const crypto::Digest* mac) {
  static constexpr crypto::Digest kNothing{};
  std::array<char, kApiKeySize> text{};
  std::ranges::copy(credential.substr(0, text.size()), text.begin());
  const auto computed = key.mac({as_bytes({text.data(), text.size()})});
  base::wipe(text.data(), text.size());
  ++macs;
  return equal_constant_time(computed, mac ? *mac : kNothing) && mac != nullptr;
}

AccessService::AccessService(store::Database& database, keyring::Keyring& keyring,
                             crypto::EntropyPool& entropy, const Clock& clock)
    : impl_(std::make_unique<Impl>(database, keyring, entropy, clock)) {}

AccessService::~AccessService() = default;

Result<std::shared_ptr<const Authenticated>> AccessService::authenticate(
    std::string_view credential, WallTime now, bool may_block) {
  const auto parsed = parse_api_key(credential);
  if (!parsed) {
    (void)impl_->is_right(credential, *impl_->dummy, nullptr);
    return bad_key();
  }
  const ApiKeyId id = api_key_id(parsed->id);
  const crypto::Digest proof = impl_->proof_of(credential);
  std::shared_ptr<const CachedKey> key = impl_->cache.find(id.uuid);
  if (!impl_->proves(key.get(), proof)) {
    if (!may_block) return fail(Code::kWouldBlock, "the API key is not in memory");
    TRY_ASSIGN(key, impl_->load(id, credential, proof));
    if (!key) return bad_key();
  }
  if (key->revoked) return fail(Code::kPermissionDenied, "the API key was revoked", "key_revoked");
  if (key->who->expires_at && impl_->time_passed.not_before(now) >= *key->who->expires_at)
    return fail(Code::kUnauthenticated, "the API key has expired", "key_expired");
  return key->who;
}

Status AccessService::admit(const Authenticated& caller, std::string_view peer, bool may_block) {
  if (!caller.networks.empty()) {
    const auto address = parse_address(peer);
    const bool allowed = address && std::ranges::any_of(caller.networks, [&](const Network& n) {
                           return n.contains(*address);
                         });
    if (!allowed) {
      // Each refusal is an event: they count by themselves, so that who stole the key neither
      // fills the log with them nor uses up what its owner may do.
      if (caller.rate_limit != 0) TRY(admit_to(caller, kElsewhere, caller.rate_limit, may_block));
      return fail(Code::kPermissionDenied, "this key may not be used from this address",
                  std::string(kElsewhere));
    }
  }
  if (caller.rate_limit != 0)
    TRY(impl_->rates.pass(caller.principal.api_key, caller.rate_limit, may_block));
  impl_->uses.note(caller.principal.api_key, impl_->clock.wall());
  return {};
}

Status AccessService::admit_to(const Authenticated& caller, std::string_view action,
                               std::int64_t limit, bool may_block) {
  const crypto::Digest digest =
      crypto::sha256({ByteView(caller.principal.api_key.uuid.octets), as_bytes(action)});
  ApiKeyId counted;
  std::ranges::copy_n(digest.begin(), counted.uuid.octets.size(), counted.uuid.octets.begin());
  return impl_->rates.pass(counted, limit, may_block);
}

Result<AccessService::Rate> AccessService::rate(const Principal& principal) {
  TRY_ASSIGN(const auto record, find_key(principal, principal.api_key));
  constexpr std::int64_t kNone = std::numeric_limits<std::int32_t>::max();
  if (record.rate_limit == 0) return Rate{kNone, kNone, impl_->clock.wall()};
  TRY_ASSIGN(const auto state, impl_->rates.state(principal.api_key, record.rate_limit));
  return Rate{record.rate_limit, state.remaining, state.reset};
}

void AccessService::start() { impl_->uses.start(); }
void AccessService::stop() { impl_->uses.stop(); }
Status AccessService::write_uses() { return impl_->uses.write(); }

std::uint64_t AccessService::macs_computed() const { return impl_->macs; }

std::vector<store::RowCacheBase*> AccessService::caches() { return {&impl_->cache}; }

}  // namespace quantumapi::access
