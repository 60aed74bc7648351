#include "client/revocations.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <limits>
#include <map>
#include <mutex>
#include <set>
#include <vector>

#include "client/backoff.h"
#include "client/error.h"
#include "client/times.h"
#include "x509/crl.h"
#include "x509/issue.h"
#include "x509/service_identity.h"

namespace quantumapi::sdk {
namespace {

using std::chrono::milliseconds;

// A revocation ends what its holder has open within a second: another replica of the platform may
// know it half a second late, a server looks through its connections each 250 ms.
constexpr milliseconds kEvery{150};
// A platform that is slow for longer than this is asked anew.
constexpr milliseconds kLongest{2'000};
// New authorities are looked for each 1.5 s, well within what a service waits before it shows a
// certificate of one (settle_time in certificate_provider.cc), and in the next round when a peer
// names one that is not known.
constexpr int kRoundsBetweenIssuers = 10;
// A replica may give the list of before for half a second, and another the newest in between: that
// is a failure only once it lasts.
constexpr int kRoundsOfLag = 10;
constexpr std::string_view kOld = "old_revocation_list";

struct List {
  std::string authority_id;
  Bytes issuer_der;
  std::string etag;
  std::uint64_t number = 0;
  WallTime next_update;
  std::set<Bytes> serials;
  bool is_named = true;  // among the issuers, as the platform said last

  // precedes is true when `read` was made after this one: numbers of an authority's lists grow
  // (RFC 5280 section 5.2.3), over a restore of the platform's store, too.
  [[nodiscard]] bool precedes(const x509::RevocationList& read) const {
    return etag.empty() || read.number > number;
  }
};
// By the key identifier of the issuer. A list never changes once it is in here.
using Lists = std::map<Bytes, std::shared_ptr<const List>>;

}  // namespace

// State is what the thread works with.
class Revocations::State {
 public:
  State(Client& client, std::string authority_id, std::shared_ptr<const base::Clock> clock, Log log)
      : client_(client),
        clock_(std::move(clock)),
        log_(std::move(log)),
        authority_id_(std::move(authority_id)),
        lists_(std::make_shared<const Lists>()) {}

  [[nodiscard]] http::RevocationStatus status(const x509::Peer& peer) const;
  [[nodiscard]] bool lists(const Bytes& issuer_key_id, const Bytes& serial) const;
  void on_change(std::weak_ptr<const std::function<void()>> listener);
  void follow(std::string authority_id);

  void run(const std::stop_token& stop);
  // refresh reads what is new. Lists that could not be read stay as they were.
  Result<void> refresh(bool with_issuers, const std::stop_token& stop);

 private:
  Result<void> read_issuers(Lists& lists, const Call& call) const;
  // ask_issuers asks by the authority that is followed, by another that is known where the platform
  // does not know that one.
  Result<std::vector<Issuer>> ask_issuers(const Lists& lists, const Call& call) const;
  Result<void> read_list(std::shared_ptr<const List>& list, const Call& call) const;
  void take_up(Lists lists, const std::stop_token& stop);
  void report(const Result<void>& refreshed);

  Client& client_;
  const std::shared_ptr<const base::Clock> clock_;
  const Log log_;
  bool failing_ = false;                              // of the thread alone
  mutable std::atomic<bool> issuer_unknown_ = false;  // a peer's issuer has no list here

  mutable std::mutex mutex_;  // guards what follows
  std::string authority_id_;  // that is followed
  std::shared_ptr<const Lists> lists_;
  std::vector<std::weak_ptr<const std::function<void()>>> listeners_;
};

Revocations::Revocations(std::shared_ptr<State> state) : state_(std::move(state)) {}

Revocations::~Revocations() {
  thread_.request_stop();
  if (thread_.get_id() == std::this_thread::get_id()) thread_.detach();
}

Result<std::shared_ptr<Revocations>> Revocations::begin(Client& client, std::string authority_id,
                                                        std::shared_ptr<const base::Clock> clock,
                                                        Log log) {
  auto state =
      std::make_shared<State>(client, std::move(authority_id), std::move(clock), std::move(log));
  TRY(state->refresh(true, {}));
  std::shared_ptr<Revocations> made(new Revocations(state));
  made->thread_ = std::jthread([state](const std::stop_token& stop) { state->run(stop); });
  return made;
}

http::RevocationStatus Revocations::status(const x509::Peer& peer) const {
  return state_->status(peer);
}

bool Revocations::lists(const Bytes& issuer_key_id, const Bytes& serial) const {
  return state_->lists(issuer_key_id, serial);
}

void Revocations::on_change(std::weak_ptr<const std::function<void()>> listener) {
  state_->on_change(std::move(listener));
}

void Revocations::follow(std::string authority_id) { state_->follow(std::move(authority_id)); }

http::RevocationStatus Revocations::State::status(const x509::Peer& peer) const {
  using enum http::RevocationStatus;
  std::shared_ptr<const Lists> lists;
  {
    const std::lock_guard lock(mutex_);
    lists = lists_;
  }
  const auto found = lists->find(peer.issuer_key_id);
  if (found == lists->end()) {
    issuer_unknown_ = true;
    return kUnknown;
  }
  const List& list = *found->second;
  if (list.serials.contains(peer.serial)) return kRevoked;
  return clock_->wall() > list.next_update ? kUnknown : kGood;
}

bool Revocations::State::lists(const Bytes& issuer_key_id, const Bytes& serial) const {
  const std::lock_guard lock(mutex_);
  const auto found = lists_->find(issuer_key_id);
  return found != lists_->end() && found->second->serials.contains(serial);
}

void Revocations::State::on_change(std::weak_ptr<const std::function<void()>> listener) {
  const std::lock_guard lock(mutex_);
  std::erase_if(listeners_, [](const auto& one) { return one.expired(); });
  listeners_.push_back(std::move(listener));
}

void Revocations::State::follow(std::string authority_id) {
  const std::lock_guard lock(mutex_);
  authority_id_ = std::move(authority_id);
}

void Revocations::State::run(const std::stop_token& stop) {
  // From one look's begin to the next one's: a platform that is slow delays none of them twice.
  auto next = std::chrono::steady_clock::now() + kEvery;
  const auto left = [&] {
    return std::max(milliseconds(0),
                    std::chrono::ceil<milliseconds>(next - std::chrono::steady_clock::now()));
  };
  int old_rounds = 0;
  for (int round = 1; pause(left(), stop); ++round) {
    next = std::chrono::steady_clock::now() + kEvery;
    const bool with_issuers = issuer_unknown_.exchange(false) || round % kRoundsBetweenIssuers == 0;
    const auto refreshed = refresh(with_issuers, stop);
    if (stop.stop_requested()) return;
    old_rounds = !refreshed && refreshed.error().code == kOld ? old_rounds + 1 : 0;
    if (old_rounds == 0 || old_rounds > kRoundsOfLag) report(refreshed);
  }
}

Result<void> Revocations::State::refresh(bool with_issuers, const std::stop_token& stop) {
  const Call call{.timeout = kLongest, .cancel = stop};
  Lists lists = *lists_;  // only this thread changes it
  Result<void> outcome;
  if (with_issuers) outcome = read_issuers(lists, call);
  if (!outcome) issuer_unknown_ = true;  // the next round asks again
  for (auto& [key_id, list] : lists) {
    if (!list->is_named) continue;
    const auto read = read_list(list, call);
    if (read) continue;
    if (read.error().kind == Kind::kNotFound) issuer_unknown_ = true;  // it may be named no more
    outcome = read;
  }
  // An authority whose first list could not be read is as good as unknown: the next round looks
  // for it again.
  if (std::erase_if(lists, [](const auto& one) { return one.second->etag.empty(); }) > 0)
    issuer_unknown_ = true;
  if (lists != *lists_) take_up(std::move(lists), stop);
  return outcome;
}

Result<std::vector<Issuer>> Revocations::State::ask_issuers(const Lists& lists,
                                                            const Call& call) const {
  std::vector<std::string> known;
  {
    const std::lock_guard lock(mutex_);
    known.push_back(authority_id_);
  }
  for (const auto& [key_id, list] : lists)
    if (list->authority_id != known.front()) known.push_back(list->authority_id);
  auto asked = client_.certificates(call).issuers(known.front());
  for (std::size_t i = 1; i < known.size() && !asked; ++i) {
    if (asked.error().kind != Kind::kNotFound) break;
    asked = client_.certificates(call).issuers(known[i]);
  }
  return asked;
}

Result<void> Revocations::State::read_issuers(Lists& lists, const Call& call) const {
  TRY_ASSIGN(const auto issuers, ask_issuers(lists, call));
  Lists found;
  for (const Issuer& issuer : issuers) {
    const auto der = x509::certificate_der(issuer.certificate_pem);
    if (!der) return std::unexpected(error_of(der.error()));
    const auto key_id = x509::authority_key_id(*der);
    if (!key_id) return std::unexpected(error_of(key_id.error()));
    const auto known = lists.find(*key_id);
    if (known != lists.end() && known->second->is_named) {
      found.insert(*known);
      continue;
    }
    List fresh{.authority_id = issuer.authority_id, .issuer_der = *der};
    if (known != lists.end()) fresh = *known->second;
    fresh.is_named = true;
    found.emplace(*key_id, std::make_shared<const List>(std::move(fresh)));
  }
  for (const auto& [key_id, list] : lists) {
    if (found.contains(key_id) || clock_->wall() > list->next_update) continue;
    List last = *list;
    last.is_named = false;
    found.emplace(key_id, list->is_named ? std::make_shared<const List>(std::move(last)) : list);
  }
  lists = std::move(found);
  return {};
}

Result<void> Revocations::State::read_list(std::shared_ptr<const List>& list,
                                           const Call& call) const {
  TRY_ASSIGN(const auto answer,
             client_.certificates(call).revocation_list(list->authority_id, list->etag));
  if (!answer) return {};
  const auto read = x509::parse_crl(base::as_bytes(answer->der), list->issuer_der);
  if (!read)
    return fail(Kind::kProtocol, "unusable_revocation_list",
                "a revocation list can't be used: " + read.error().message);
  if (read->number < list->number)
    return fail(Kind::kProtocol, std::string(kOld),
                "the platform gave a revocation list older than the one before");
  if (!list->precedes(*read)) return {};
  if (!list->etag.empty() && clock_->wall() > read->next_update)
    return fail(Kind::kProtocol, std::string(kOld),
                "the platform gave a revocation list that is over");
  List next{.authority_id = list->authority_id,
            .issuer_der = list->issuer_der,
            .etag = answer->etag.empty() ? "none" : answer->etag,
            .number = read->number,
            .next_update = read->next_update,
            .serials = {}};
  for (const x509::RevokedCertificate& revoked : read->revoked) next.serials.insert(revoked.serial);
  list = std::make_shared<const List>(std::move(next));
  return {};
}

void Revocations::State::take_up(Lists lists, const std::stop_token& stop) {
  std::vector<std::weak_ptr<const std::function<void()>>> listeners;
  {
    const std::lock_guard lock(mutex_);
    lists_ = std::make_shared<const Lists>(std::move(lists));
    listeners = listeners_;
  }
  for (const auto& one : listeners) {
    if (stop.stop_requested()) return;  // the one before let go of the last Revocations
    if (const auto listener = one.lock()) (*listener)();
  }
}

void Revocations::State::report(const Result<void>& refreshed) {
  const bool failed = !refreshed;
  if (!log_ || failed == std::exchange(failing_, failed)) return;
  if (!failed) {
    log_(LogLevel::kInfo, "revocation lists are read again");
    return;
  }
  WallTime until{std::numeric_limits<std::int64_t>::max()};
  for (const auto& [key_id, list] : *lists_)
    if (list->is_named) until = std::min(until, list->next_update);
  log_(LogLevel::kError, "revocation lists can't be read: " + refreshed.error().message +
                             "; those read last count until " + until.to_string() +
                             ", then every peer is refused");
}

}  // namespace quantumapi::sdk
