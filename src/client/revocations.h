// Revocations: which certificates the tenant's authorities have revoked, as the platform said a
// moment ago, or when it last answered.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <thread>

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
// backup that is older than it. Lists of one authority follow each other by their numbers: the
// clocks of the replicas that sign them differ.
class Revocations {
 public:
  // begin reads the lists once, for the tenant that `authority_id` belongs to.
  static Result<std::shared_ptr<Revocations>> begin(Client& client, std::string authority_id,
                                                    std::shared_ptr<const base::Clock> clock,
                                                    Log log);
  // From any thread, a listener's too: that one ends by itself then, and calls no other listener.
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
  class State;
  explicit Revocations(std::shared_ptr<State> state);

  // The thread holds it too: a listener may let go of the last Revocations on that thread.
  const std::shared_ptr<State> state_;
  std::jthread thread_;
};

}  // namespace quantumapi::sdk
