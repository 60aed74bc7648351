// StreamService: the log streams of a tenant, and what their sealed configs say.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "audit/stream_files.h"
#include "base/principal.h"
#include "keyring/keyring.h"

namespace quantumapi::audit {

// OpenStreamConfig owns the octets that its config views; wiped at its end.
struct OpenStreamConfig {
  std::unique_ptr<WipingArena> arena = std::make_unique<WipingArena>();
  StreamType type = StreamType::kFile;
  StreamConfig config;
};

// open_stream_config opens the sealed config of a row.
Result<OpenStreamConfig> open_stream_config(keyring::Keyring& keyring, const StreamRow& row);

// StreamReach says where a tenant's receivers may stand: this host and its link are for the
// first tenant, whose owners run the host.
class StreamReach {
 public:
  using FirstTenant = std::function<Result<TenantId>()>;
  explicit StreamReach(FirstTenant first) : first_(std::move(first)) {}
  [[nodiscard]] Result<http::Reach> of(TenantId tenant) const;

 private:
  FirstTenant first_;
};

// StreamTests bounds the tests that run at once: each holds up a thread that serves requests
// for as long as the receiver likes, up to its limit.
class StreamTests {
 public:
  // begin is kRateLimited while the tenant has one that runs, or many others have.
  Status begin(TenantId tenant);
  void end(TenantId tenant);

 private:
  std::mutex mutex_;
  std::set<TenantId> running_;
};

struct StreamView {
  StreamRow row;
  std::string config;  // JSON text with its secrets masked
};

struct StreamInput {
  std::string_view name;
  std::string_view type;
  std::string_view config;  // JSON text or blank
};

// StreamService answers kPermissionDenied to members: streams are for admins
// and owners. Another tenant's stream is kNotFound. Changes record `event`.
class StreamService {
 public:
  StreamService(store::Database& database, keyring::Keyring& keyring, const Clock& clock,
                std::string directory, StreamReach reach)
      : database_(database),
        keyring_(keyring),
        clock_(clock),
        files_(std::move(directory)),
        reach_(std::move(reach)) {}

  // create begins at the end of the log: what happens from now on is sent.
  Result<StreamView> create(const Principal& who, const StreamInput& input, AuditEvent event);
  Result<std::vector<StreamView>> list(const Principal& who);
  Result<StreamView> get(const Principal& who, StreamId id);
  // update keeps the position, and the config where a blank one comes for the same type. kConflict
  // when another change came in between.
  Result<StreamView> update(const Principal& who, StreamId id, const StreamInput& input,
                            AuditEvent event);
  Result<StreamView> set_active(const Principal& who, StreamId id, bool active, AuditEvent event);
  Status remove(const Principal& who, StreamId id, AuditEvent event);
  // test sends one event of its own; kUnavailable says what the receiver did. One at a time
  // for a tenant, and a few in all: kRateLimited.
  Status test(const Principal& who, StreamId id);

  // Day is a day of all replicas.
  struct Day {
    std::string day;
    std::int64_t line_count = 0;
    std::int64_t octets = 0;  // of its files
    WallTime first_at;
    WallTime last_at;
    std::optional<StreamDay> here;       // the part that this replica can give
    std::vector<std::string> elsewhere;  // hosts that have the rest, or had it
  };
  struct Files {
    std::vector<Day> days;  // newest first
    std::int64_t retention_days = 0;
  };
  // files is kNotFound for streams of other types than File.
  Result<Files> files(const Principal& who, StreamId id);
  // file gives a day: kConflict, "elsewhere", where another replica has some of it, unless what
  // is here is enough (`part`).
  Result<http::Reply::Stream> file(const Principal& who, StreamId id, std::string_view day,
                                   bool part);

 private:
  Result<StreamRow> find(const Principal& who, StreamId id);
  Result<StreamView> view(StreamRow row);
  Status seal(StreamRow& row, const StreamConfig& config, std::pmr::memory_resource& arena);
  Status send_test(const StreamRow& row);

  store::Database& database_;
  keyring::Keyring& keyring_;
  const Clock& clock_;
  StreamFiles files_;
  StreamReach reach_;
  StreamTests tests_;
};

}  // namespace quantumapi::audit
