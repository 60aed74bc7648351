#include "server/platform.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "access/repository.h"
#include "access/routes.h"
#include "audit/checkpoint_post.h"
#include "audit/repository.h"
#include "audit/routes.h"
#include "audit/stream_repository.h"
#include "audit/stream_routes.h"
#include "audit/stream_worker.h"
#include "ca/expiry_watch.h"
#include "ca/routes.h"
#include "encryption/routes.h"
#include "keyring/lifecycle_repository.h"
#include "keyring/purger.h"
#include "server/journal_replay.h"
#include "server/repository.h"
#include "server/unfinished.h"
#include "server/version.h"
#include "usage/routes.h"
#include "usage/sampler.h"
#include "vault/repository.h"
#include "vault/routes.h"

namespace quantumapi::server {
namespace {

using repository::Installation;

// The root check is a wrap of known octets: only the right root key opens it.
constexpr std::string_view kRootCheck = "quantumapi/root-check/v1";

keyring::WrapContext check_context(const Uuid& installation) {
  return {keyring::Purpose::kServer, TenantId{}, installation, 0};
}

std::unique_ptr<crypto::EntropyPool> make_entropy(const Config& config, const Clock& clock) {
  std::vector<std::unique_ptr<crypto::EntropySource>> sources;
  sources.push_back(crypto::make_os_source());
  if (auto cpu = crypto::make_cpu_source()) sources.push_back(std::move(cpu));
  if (!config.qrng.empty()) sources.push_back(crypto::make_qrng_source(config.qrng));
  return std::make_unique<crypto::EntropyPool>(
      std::move(sources), crypto::EntropyPool::Options{.require_quantum = config.require_quantum},
      clock);
}

Status make_private_directory(const std::string& path) {
  std::error_code error;
  std::filesystem::create_directories(std::filesystem::path(path).parent_path(), error);
  if (::mkdir(path.c_str(), 0700) == 0 || errno == EEXIST) return {};
  return fail(Code::kUnavailable,
              "can't make the data directory " + path + ": " + std::strerror(errno));
}

// require_store keeps a server from making an empty store where there is none.
Status require_store(const Config& config) {
  if (!std::filesystem::is_directory(config.data))
    return fail(Code::kConflict,
                "there is no data directory " + config.data + ": run quantumapid init first");
  if (config.database.empty() && !std::filesystem::exists(config.data + "/quantumapi.db"))
    return fail(Code::kConflict,
                "there is no store in " + config.data + ": run quantumapid init first");
  return {};
}

// read_installation reads the platform's row. A foreign database is refused; an empty one has none,
// nor has one whose first migrations were cut.
Result<std::optional<Installation>> read_installation(store::Database& database) {
  TRY_ASSIGN(const store::SchemaState state, database.schema_state());
  if (state == store::SchemaState::kForeign)
    return fail(Code::kConflict,
                "the database holds tables that are not ours; nothing was changed");
  if (state == store::SchemaState::kEmpty) return std::nullopt;
  return database.read([](store::Transaction& tx) -> Result<std::optional<Installation>> {
    TRY_ASSIGN(const bool there, repository::has_first_tables(tx));
    if (!there) return std::nullopt;
    return repository::find_installation(tx);
  });
}

// refuse_finished keeps init from a platform whose first key was printed.
Status refuse_finished(store::Database& database, const Config& config) {
  if (Unfinished(config).stands()) return {};
  TRY_ASSIGN(const auto tenant,
             database.read([](store::Transaction& tx) { return access::first_tenant(tx); }));
  if (tenant) return initialised_already(config);
  return {};
}

// check_root holds the root key against the store before anything is written.
Status check_root(const Installation& installation, const keyring::RootKey& root) {
  const auto opened = root.unwrap(check_context(installation.id), installation.root_check);
  if (!opened)
    return fail(Code::kConflict,
                "this root key does not belong to this store: " + opened.error().message +
                    ". Give the seal file that init made with it.");
  return {};
}

// The clocks of replicas and of what was this host before differ by a little.
constexpr std::chrono::seconds kClocksDiffer{1};

// warn_of_clock: what ends at a time ends by this clock, and the log alone tells that it was
// ahead before.
void warn_of_clock(WallTime newest, const Clock& clock, Logger& log) {
  const WallTime now = clock.wall();
  if (now + kClocksDiffer >= newest) return;
  const std::string now_text = now.to_string();
  const std::string newest_text = newest.to_string();
  log.warning(
      "the clock is behind the newest audit record: what ended since then is valid again until "
      "the clock has passed it",
      {{"clock", std::string_view(now_text)}, {"newest", std::string_view(newest_text)}});
}

}  // namespace

struct Platform::Parts {
  const Clock& clock;
  Logger& log;
  Metrics& metrics;
  std::unique_ptr<crypto::EntropyPool> entropy{};
  std::unique_ptr<store::Database> database{};
  std::unique_ptr<keyring::Keyring> keyring{};
  std::unique_ptr<access::AccessService> access{};
  std::unique_ptr<audit::AuditService> audit{};
  std::unique_ptr<encryption::EncryptionService> encryption{};
  std::unique_ptr<encryption::EntropyQuota> quota{};
  std::unique_ptr<vault::VaultService> vault{};
  std::unique_ptr<ca::CaService> ca{};
  std::unique_ptr<audit::CheckpointPost> checkpoint_post{};
  std::unique_ptr<audit::Sequencer> sequencer{};
  std::unique_ptr<audit::StreamService> streams{};
  std::unique_ptr<audit::StreamWorker> stream_worker{};
  std::unique_ptr<usage::UsageService> usage{};
  std::unique_ptr<store::CacheKeeper> keeper{};
  std::optional<WallTime> newest_record{};  // of before this process
  std::unique_ptr<keyring::Purger> purger{};
  std::unique_ptr<ca::ExpiryWatch> expiry_watch{};
  std::unique_ptr<usage::Sampler> sampler{};

  // installation gives the installation and its root key. In kOpen mode nothing is
  // written; in kCreate mode what is missing is made, unless init was finished before.
  Result<std::pair<Installation, keyring::RootKey>> installation(const Config& config, Mode mode) {
    TRY_ASSIGN(auto found, read_installation(*database));
    if (found) {
      TRY_ASSIGN(auto root, keyring::open_file_seal(config.seal_file));
      TRY(check_root(*found, root));
      if (mode == Mode::kCreate) {
        TRY(refuse_finished(*database, config));
        TRY(make_private_directory(config.data));
      }
      return std::pair(*std::move(found), std::move(root));
    }
    if (mode == Mode::kOpen)
      return fail(Code::kConflict, "this store is not initialised: run quantumapid init first");
    TRY(make_private_directory(config.data));
    TRY(database->migrate());
    // A seal without a store row is what an init that was cut leaves.
    auto root = std::filesystem::exists(config.seal_file)
                    ? keyring::open_file_seal(config.seal_file)
                    : keyring::create_file_seal(config.seal_file, *entropy, clock.wall());
    if (!root) return std::unexpected(root.error());
    Installation made{Uuid::v7(clock.wall()), root->id(), {}};
    TRY_ASSIGN(made.root_check,
               root->wrap(check_context(made.id), SecretBytes::copy_of(kRootCheck)));
    TRY(database->change([&](store::Transaction& tx) {
      return repository::insert_installation(tx, made, clock.wall());
    }));
    return std::pair(std::move(made), *std::move(root));
  }

  void make_services(const Config& config, keyring::RootKey root,
                     std::unique_ptr<keyring::KeyJournal> journal) {
    keyring = std::make_unique<keyring::Keyring>(*database, std::move(root), std::move(journal),
                                                 *entropy, clock, log);
    access = std::make_unique<access::AccessService>(*database, *keyring, *entropy, clock);
    audit = std::make_unique<audit::AuditService>(*database, *keyring);
    encryption = std::make_unique<encryption::EncryptionService>(*keyring);
    quota = std::make_unique<encryption::EntropyQuota>(
        *database, config.entropy_quota_mb * encryption::EntropyQuota::kMegabyte);
    vault = std::make_unique<vault::VaultService>(*database, *keyring, clock);
    ca = std::make_unique<ca::CaService>(
        *database, *keyring, *access, *entropy, clock, metrics,
        ca::CaService::Options{.min_lifetime = std::chrono::seconds(config.certificate_min_seconds),
                               .public_url = config.public_url});
    audit::Sequencer::Options options;
    options.checkpoint_file = config.checkpoint_file;
    options.checkpoint_post = checkpoint_post.get();
    options.retention_days = config.audit_retention_days;
    options.platform_events = static_cast<std::uint64_t>(config.audit_platform_events);
    sequencer =
        std::make_unique<audit::Sequencer>(*database, *keyring, clock, log, metrics, options);
    const std::string files = config.data + "/log-streams";
    const audit::StreamReach reach([this]() -> Result<TenantId> {
      TRY_ASSIGN(const auto first, access->first_tenant());
      return first.id;
    });
    streams = std::make_unique<audit::StreamService>(*database, *keyring, clock, files, reach);
    stream_worker =
        std::make_unique<audit::StreamWorker>(*database, *keyring, clock, log, metrics, reach,
                                              audit::StreamWorker::Options{.directory = files});
    usage = std::make_unique<usage::UsageService>(
        *database, clock,
        std::vector<usage::Meter>{{"secrets", vault::repository::measure},
                                  {"keys", keyring::repository::measure},
                                  {"log_archives", audit::measure_archives}});
  }
};

Platform::Platform(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Platform::~Platform() { stop(); }

Result<std::unique_ptr<Platform>> Platform::open(const Config& config, Mode mode,
                                                 const Clock& clock, Logger& log, Metrics& metrics,
                                                 Activity* activity) {
  // What lies in a database elsewhere is looked at before anything is made here.
  if (mode == Mode::kCreate && config.database.empty()) TRY(make_private_directory(config.data));
  if (mode == Mode::kOpen) TRY(require_store(config));
  auto parts = std::make_unique<Parts>(Parts{.clock = clock, .log = log, .metrics = metrics});
  parts->entropy = make_entropy(config, clock);
  store::Options options;
  options.directory = config.data;
  options.database_url = config.database;
  options.pool_connections = 8;
  options.activity = activity;
  TRY_ASSIGN(parts->database, store::Database::open(options, clock, log, metrics));
  // A store that is ours is held against the root key and the journal before it is migrated.
  TRY_ASSIGN(auto found, parts->installation(config, mode));
  TRY_ASSIGN(auto journal,
             keyring::KeyJournal::open(config.key_journal, found.first.id, found.second));
  TRY(parts->database->migrate());
  TRY_ASSIGN(parts->newest_record, parts->database->read(audit::newest_time));
  if (parts->newest_record) warn_of_clock(*parts->newest_record, clock, log);
  if (!config.checkpoint_url.empty()) {
    TRY_ASSIGN(parts->checkpoint_post,
               audit::CheckpointPost::create(config.checkpoint_url, log, metrics));
  }
  parts->make_services(config, std::move(found.second), std::move(journal));
  if (mode == Mode::kOpen)
    TRY((JournalReplay{*parts->keyring,
                       *parts->access,
                       *parts->vault,
                       *parts->ca,
                       {*parts->database, *parts->keyring, clock, log},
                       log}
             .run({.alone = config.database.empty(),
                   .accept = config.accept_key_journal,
                   .checkpoint_file = config.checkpoint_file})));
  return std::unique_ptr<Platform>(new Platform(std::move(parts)));
}

void Platform::start() {
  std::vector<store::RowCacheBase*> caches = parts_->keyring->caches();
  for (auto* cache : parts_->access->caches()) caches.push_back(cache);
  for (auto* cache : parts_->vault->caches()) caches.push_back(cache);
  for (auto* cache : parts_->ca->caches()) caches.push_back(cache);
  parts_->keeper =
      std::make_unique<store::CacheKeeper>(*parts_->database, parts_->clock, std::move(caches));
  parts_->sequencer->start();
  parts_->purger = std::make_unique<keyring::Purger>(*parts_->keyring, parts_->clock, parts_->log,
                                                     parts_->newest_record);
  parts_->expiry_watch =
      std::make_unique<ca::ExpiryWatch>(*parts_->ca, parts_->clock, parts_->log, parts_->metrics);
  parts_->sampler =
      std::make_unique<usage::Sampler>(*parts_->usage, *parts_->database, parts_->log);
  parts_->stream_worker->start();
  parts_->access->start();
}

void Platform::stop() {
  if (parts_->access) parts_->access->stop();
  parts_->stream_worker.reset();
  parts_->expiry_watch.reset();
  parts_->sampler.reset();
  if (parts_->purger) {
    parts_->purger.reset();
    const auto remembered = parts_->keyring->remember_journal(true);
    if (!remembered)
      parts_->log.warning("the key journal's end is not noted: " + remembered.error().message);
  }
  // Commands that open the platform and start nothing leave their events to the server.
  if (parts_->keeper) parts_->sequencer->finish();
  parts_->sequencer.reset();
  parts_->keeper.reset();
}

std::vector<http::Route> Platform::product_routes() {
  std::vector<http::Route> all;
  const auto add = [&all](std::vector<http::Route> routes) {
    for (http::Route& route : routes) all.push_back(std::move(route));
  };
  add(vault::routes(*parts_->vault));
  add(encryption::routes(*parts_->encryption, *parts_->keyring, *parts_->entropy, *parts_->quota));
  add(ca::routes(*parts_->ca));
  add(access::routes(*parts_->access));
  const auto first = parts_->access->first_tenant();
  add(audit::routes(*parts_->audit, first ? first->id : TenantId{}));
  add(audit::stream_routes(*parts_->streams));
  add(usage::routes(*parts_->usage));
  return all;
}

Result<SecretBytes> Platform::platform_personal_key() {
  return parts_->keyring->personal_key(TenantId{}, Uuid{});
}

store::Database& Platform::database() { return *parts_->database; }
keyring::Keyring& Platform::keyring() { return *parts_->keyring; }
access::AccessService& Platform::access() { return *parts_->access; }
ca::CaService& Platform::ca() { return *parts_->ca; }
audit::Sequencer& Platform::sequencer() { return *parts_->sequencer; }
crypto::EntropyPool& Platform::entropy() { return *parts_->entropy; }

}  // namespace quantumapi::server
