// Platform: everything that stands behind the listeners, wired together.
#pragma once

#include <memory>
#include <vector>

#include "access/service.h"
#include "audit/sequencer.h"
#include "audit/service.h"
#include "base/activity.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "ca/service.h"
#include "crypto/entropy.h"
#include "encryption/service.h"
#include "http/route.h"
#include "keyring/keyring.h"
#include "server/config.h"
#include "store/database.h"
#include "vault/service.h"

namespace quantumapi::server {

// Platform owns the parts in the order of the floors; destroying it stops them and closes the
// store last.
class Platform {
 public:
  enum class Mode : std::uint8_t {
    kOpen,   // an initialised store: anything that does not fit is refused, nothing is changed
    kCreate  // an empty or half initialised store: schema, seal, journal and root check are made
  };
  // open: kConflict when the store is not initialised (kOpen) or is already (kCreate, which then
  // changes nothing and makes no file), or its root key,
  // installation or journal belongs to another; the message says which. `activity` is
  // store::Options's.
  static Result<std::unique_ptr<Platform>> open(const Config& config, Mode mode, const Clock& clock,
                                                Logger& log, Metrics& metrics,
                                                Activity* activity = nullptr);
  ~Platform();

  // start begins to sequence the audit log and to renew caches.
  void start();
  // stop stops both and sequences what waits (audit::Sequencer::finish); what writes events ended
  // before.
  void stop();

  [[nodiscard]] std::vector<http::Route> product_routes();
  // platform_personal_key seals personal data of events without a principal.
  Result<SecretBytes> platform_personal_key();

  [[nodiscard]] store::Database& database();
  [[nodiscard]] keyring::Keyring& keyring();
  [[nodiscard]] access::AccessService& access();
  [[nodiscard]] ca::CaService& ca();
  [[nodiscard]] audit::Sequencer& sequencer();
  [[nodiscard]] crypto::EntropyPool& entropy();

 private:
  struct Parts;
  explicit Platform(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace quantumapi::server
