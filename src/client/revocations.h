// Revocations: which certificates the tenant's authorities have revoked, as the platform said a
// moment ago, or when it last answered.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "http/peer_policy.h"
#include "quantumapi/client.h"
#include "quantumapi/log.h"
#include "quantumapi/result.h"
#include "x509/verify.h"

namespace quantumapi::sdk {

// Revocations reads the list of each authority each 150 ms, on a thread of its own. While the
// platform does not answer, what was read last counts, until its next update was due (RFC 5280
// section 5.1.2.5): after that, and for issuers that have no list, everything counts as revoked.
// So counts the list of an authority that the platform names no more, as after the restore of a
// backup that is older than it.
class Revocations {
 public:
  // begin reads the lists once, for the tenant that `authority_id` belongs to.
  static Result<std::shared_ptr<Revocations>> begin(Client& client, std::string authority_id,
                                                    std::shared_ptr<const base::Clock> clock,
                                                    Log log);
  ~Revocations();
  Revocations(const Revocations&) = delete;
  Revocations& operator=(const Revocations&) = delete;

  // status looks into memory. From any thread.
  [[nodiscard]] http::RevocationStatus status(const x509::Peer& peer) const;
  // lists is true when the issuer's list has that serial: not of what is only unknown here.
  [[nodiscard]] bool lists(const Bytes& issuer_key_id, const Bytes& serial) const;
  // on_change calls `listener` after each change, from this object's thread, as long as it lives.
  void on_change(std::weak_ptr<const std::function<void()>> listener);
  // follow asks the issuers of that authority's tenant from now on: the one that issued the
  // service's newest certificate is the one that the platform knows. From any thread.
  void follow(std::string authority_id);

 private:
  struct List {
    std::string authority_id;
    Bytes issuer_der;
    std::string etag;
    WallTime this_update;
    WallTime next_update;
    std::set<Bytes> serials;
    bool is_named = true;  // among the issuers, as the platform said last
  };
  // By the key identifier of the issuer. A list never changes once it is in here.
  using Lists = std::map<Bytes, std::shared_ptr<const List>>;

  Revocations(Client& client, std::string authority_id, std::shared_ptr<const base::Clock> clock,
              Log log);
  void run(const std::stop_token& stop);
  // refresh reads what is new. Lists that could not be read stay as they were.
  Result<void> refresh(bool with_issuers, const std::stop_token& stop);
  Result<void> read_issuers(Lists& lists, const Call& call) const;
  // ask_issuers asks by the authority that is followed, by another that is known where the platform
  // does not know that one.
  Result<std::vector<Issuer>> ask_issuers(const Lists& lists, const Call& call) const;
  Result<void> read_list(std::shared_ptr<const List>& list, const Call& call) const;
  void take_up(Lists lists);
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

  std::jthread thread_;  // last: it uses all of the above
};

}  // namespace quantumapi::sdk
