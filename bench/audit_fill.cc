// audit_fill DATA TENANT COUNT: appends COUNT records to the tenant's log in a data
// directory that no server uses: real records, segments, terms and tree, as the
// sequencer writes them, without the wait for who caused them. The next round of a
// server signs them. audit_bench.py measures what they cost.
#include <array>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "audit/round.h"
#include "crypto/random.h"
#include "store/database.h"

namespace {

using namespace quantumapi;

constexpr std::size_t kAtOnce = 32'768;
constexpr std::size_t kKeys = 1'000;
constexpr std::size_t kOften = 50;  // every so many turns are of one key: 120 of 10,000 events
constexpr std::size_t kPersonalSize = 84;

struct Kind {
  std::string_view action, category, resource_type;
};
// One event of each in turn; encryption is most of it, as it is where there is much.
constexpr std::array<Kind, 10> kKinds{{{"payload.encrypt", "encryption", "key"},
                                       {"payload.decrypt", "encryption", "key"},
                                       {"payload.encrypt", "encryption", "key"},
                                       {"secret.read", "secrets", "secret"},
                                       {"payload.encrypt", "encryption", "key"},
                                       {"payload.decrypt", "encryption", "key"},
                                       {"secret.read", "secrets", "secret"},
                                       {"payload.encrypt", "encryption", "key"},
                                       {"secret.read", "secrets", "secret"},
                                       {"secret.create", "secrets", "secret"}}};

template <typename T>
T ended(Result<T> result) {
  if (result) return *std::move(result);
  std::fprintf(stderr, "audit_fill: %s\n", result.error().message.c_str());
  std::exit(1);
}
void ended(const Status& status) {
  if (status) return;
  std::fprintf(stderr, "audit_fill: %s\n", status.error().message.c_str());
  std::exit(1);
}

// Maker makes one record after the other; a millisecond lies between two.
class Maker {
 public:
  Maker(TenantId tenant, std::size_t count)
      : time_(base::SystemClock().wall() - std::chrono::milliseconds(count)) {
    event_.tenant = tenant;
    event_.actor.type = "apiKey";
    event_.actor.account = Uuid::v7(time_);
    event_.actor.api_key = Uuid::v7(time_);
    event_.actor.personal.resize(kPersonalSize);
    often_ = Uuid::v7(time_);
    for (Uuid& key : keys_) key = Uuid::v7(time_);
  }

  // next appends a frame to `frames`, as a commit of the server does.
  void next(Bytes& frames) {
    const Kind& kind = kKinds[made_ % kKinds.size()];
    event_.time = time_;
    event_.request = RequestId::make(time_);
    event_.action = kind.action;
    event_.category = kind.category;
    event_.resource_type = kind.resource_type;
    const std::size_t turn = made_ / kKinds.size();
    event_.resource = turn % kOften == 0 ? often_ : keys_[turn % kKeys];
    event_.resource_name = turn % kOften == 0 ? "often" : "";
    event_.algorithm = kind.resource_type == "key" ? "ML-KEM-768" : "";
    crypto::fill_random(event_.actor.personal);
    store::append_frame(frames, event_);
    time_ = time_ + std::chrono::milliseconds(1);
    ++made_;
  }

 private:
  WallTime time_;
  AuditEvent event_;
  std::array<Uuid, kKeys> keys_;
  Uuid often_;
  std::size_t made_ = 0;
};

void append(store::Database& database, TenantId tenant, const Bytes& frames, std::size_t count) {
  const auto events = ended(store::parse_frames(frames, count));
  auto draft = ended(database.read([&](store::Transaction& tx) {
    return audit::LogDraft::from_store(tx, tenant, base::SystemClock().wall());
  }));
  for (const store::AuditFrame& event : events) ended(draft.append(event));
  draft.finish();
  ended(database.change([&](store::Transaction& tx) { return draft.write(tx); }));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fprintf(stderr, "usage: audit_fill DATA TENANT COUNT\n");
    return 2;
  }
  const TenantId tenant = ended(TenantId::parse(argv[2]));
  const std::size_t count = std::strtoull(argv[3], nullptr, 10);
  const base::SystemClock clock;
  Logger log;
  Metrics metrics;
  store::Options options;
  options.directory = argv[1];
  const auto database = ended(store::Database::open(options, clock, log, metrics));
  Maker maker(tenant, count);
  Bytes frames;
  for (std::size_t done = 0; done < count;) {
    frames.clear();
    const std::size_t now = std::min(kAtOnce, count - done);
    for (std::size_t i = 0; i < now; ++i) maker.next(frames);
    append(*database, tenant, frames, now);
    done += now;
  }
  return 0;
}
