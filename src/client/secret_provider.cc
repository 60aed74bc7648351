#include "quantumapi/secret_provider.h"

#include <algorithm>
#include <condition_variable>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <thread>

#include "client/backoff.h"
#include "client/deadline.h"
#include "client/error.h"
#include "client/turns.h"

namespace quantumapi::sdk {
namespace {

using SteadyTime = std::chrono::steady_clock::time_point;
using std::chrono::milliseconds;

constexpr milliseconds kFirstWait{500};
constexpr milliseconds kLongestWait{15'000};
// While the platform does not answer, one caller asks it again this often; the others take what
// was seen last without waiting.
constexpr milliseconds kProbeEvery{1'000};

// is_outage: did the platform not say anything about the secret?
bool is_outage(const Error& error) {
  switch (error.kind) {
    case Kind::kUnavailable:
    case Kind::kServer:
    case Kind::kRateLimited:
    case Kind::kProtocol:
      return true;
    default:
      return false;
  }
}

// Ticket is the number that a read draws when it begins. What a read found out counts unless one
// that began later has found out something before it.
using Ticket = std::uint64_t;

struct Asked {
  SecretString value;
  Ticket ticket;
};

struct Kept {
  SecretString value;
  SteadyTime read_at;
  Ticket ticket;
};
using KeptByName = std::map<std::string, Kept, std::less<>>;

// Reads are those of one secret that are under way.
struct Reads {
  int count = 0;
  Ticket decided = 0;  // the latest-begun of those that gave a value or a refusal
};

}  // namespace

struct SecretProvider::Impl {
  Impl(Client& the_client, Options the_options)
      : client(the_client), options(std::move(the_options)) {
    options.outage_limit = std::min<std::chrono::seconds>(
        options.outage_limit, std::chrono::duration_cast<std::chrono::seconds>(kForever));
    pending.insert(options.connection_strings.begin(), options.connection_strings.end());
    pending.insert(options.secrets.begin(), options.secrets.end());
    if (!pending.empty()) reason = "it was not started";
  }

  void begin() {
    const std::lock_guard lock(mutex);
    if (!pending.empty()) reason = "the secrets have not been read yet";
  }
  // ask reads a secret from the platform alone, and remembers it.
  Result<Asked> ask(std::string_view name, const Call& call);
  Ticket begin_read(std::string_view name);
  // end_read is false when a read that began later has decided. Under the mutex.
  bool end_read(std::string_view name, Ticket ticket, bool decides);
  // read is ask, or what was seen last where there is an outage.
  Result<SecretString> read(std::string_view name, const Call& call);
  bool should_ask();
  std::optional<SecretString> last_seen(std::string_view name) const;
  Result<SecretString> keep_connection(std::string_view name, const Call& call);

  void resolve(const std::stop_token& stop);
  // resolve_pending tries each that is missing, and gives why the first of them still is.
  std::string resolve_pending(const std::stop_token& stop);
  void log(LogLevel level, const std::string& line) const {
    if (options.log) options.log(level, line);
  }

  Client& client;
  Options options;

  mutable std::mutex mutex;  // guards what follows
  mutable std::condition_variable became_ready;
  std::set<std::string, std::less<>> pending;  // needed, not read yet
  std::string reason;                          // why it is not ready
  KeptByName connections;                      // for the life of the process
  KeptByName seen;                             // for an outage
  std::map<std::string, Reads, std::less<>> reads;
  Ticket last_ticket = 0;
  bool outage = false;
  SteadyTime probe_at{};  // in an outage: when the platform is asked again

  std::mutex starting;
  std::jthread resolver;  // last: it uses all of the above
};

Ticket SecretProvider::Impl::begin_read(std::string_view name) {
  const std::lock_guard lock(mutex);
  ++reads.try_emplace(std::string(name)).first->second.count;
  return ++last_ticket;
}

bool SecretProvider::Impl::end_read(std::string_view name, Ticket ticket, bool decides) {
  const auto found = reads.find(name);
  Reads& of_name = found->second;
  const bool counts = decides && of_name.decided < ticket;
  if (counts) of_name.decided = ticket;
  if (--of_name.count == 0) reads.erase(found);
  return counts;
}

Result<Asked> SecretProvider::Impl::ask(std::string_view name, const Call& call) {
  TRY(check_time(call));  // what is not asked tells nothing of the platform
  const Ticket ticket = begin_read(name);
  auto secret = client.vault(call).get(name);
  const bool unanswered = !secret && is_outage(secret.error());
  const bool decides = secret || (!unanswered && secret.error().kind != Kind::kCancelled);
  const std::lock_guard lock(mutex);
  const bool counts = end_read(name, ticket, decides);
  if (secret) {
    if (std::exchange(outage, false)) log(LogLevel::kInfo, "the platform answers again");
    if (counts)
      seen.insert_or_assign(std::string(name),
                            Kept{secret->value.clone(), options.clock->steady(), ticket});
    return Asked{std::move(secret->value), ticket};
  }
  if (unanswered) {
    if (!std::exchange(outage, true))
      log(LogLevel::kWarning, "secrets can't be read from the platform: " + secret.error().message);
    probe_at = options.clock->steady() + kProbeEvery;
  } else if (counts) {
    if (const auto old = seen.find(name); old != seen.end()) seen.erase(old);
  }
  return std::unexpected(std::move(secret).error());
}

// should_ask: in an outage one caller in each kProbeEvery asks; the others need not wait for it.
bool SecretProvider::Impl::should_ask() {
  const std::lock_guard lock(mutex);
  const SteadyTime now = options.clock->steady();
  if (outage && now < probe_at) return false;
  probe_at = now + kProbeEvery;
  return true;
}

// last_seen gives the value that may stand in, if there is one that is young enough.
std::optional<SecretString> SecretProvider::Impl::last_seen(std::string_view name) const {
  const std::lock_guard lock(mutex);
  const auto found = seen.find(name);
  if (found == seen.end()) return std::nullopt;
  if (options.clock->steady() - found->second.read_at > options.outage_limit) return std::nullopt;
  return found->second.value.clone();
}

Result<SecretString> SecretProvider::Impl::read(std::string_view name, const Call& call) {
  // Whoever has no time to ask takes nobody's turn to.
  if (check_time(call) && !should_ask())
    if (auto value = last_seen(name)) return *std::move(value);
  auto asked = ask(name, call);
  if (asked) return std::move(asked->value);
  if (is_outage(asked.error()))
    if (auto value = last_seen(name)) return *std::move(value);
  return std::unexpected(std::move(asked).error());
}

Result<SecretString> SecretProvider::Impl::keep_connection(std::string_view name,
                                                           const Call& call) {
  TRY_ASSIGN(auto asked, ask(name, call));
  const std::lock_guard lock(mutex);
  const auto kept = connections.find(name);
  if (kept == connections.end() || kept->second.ticket < asked.ticket)
    connections.insert_or_assign(std::string(name),
                                 Kept{asked.value.clone(), options.clock->steady(), asked.ticket});
  return std::move(asked.value);
}

std::string SecretProvider::Impl::resolve_pending(const std::stop_token& stop) {
  std::set<std::string, std::less<>> missing;
  {
    const std::lock_guard lock(mutex);
    missing = pending;
  }
  std::string why;
  for (const std::string& name : missing) {
    const bool is_connection =
        std::ranges::find(options.connection_strings, name) != options.connection_strings.end();
    const Call call{.cancel = stop};
    Result<void> done;
    if (is_connection) {
      if (auto kept = keep_connection(name, call); !kept) done = std::unexpected(kept.error());
    } else if (auto asked = ask(name, call); !asked) {
      done = std::unexpected(asked.error());
    }
    const std::lock_guard lock(mutex);
    if (done)
      pending.erase(name);
    else if (why.empty())
      why = "the secret " + name + " can't be read: " + done.error().message;
  }
  return why;
}

void SecretProvider::Impl::resolve(const std::stop_token& stop) {
  Backoff backoff(kFirstWait, kLongestWait);
  for (;;) {
    const std::string why = resolve_pending(stop);
    if (stop.stop_requested()) return;
    {
      const std::lock_guard lock(mutex);
      if (!why.empty() && why != reason) log(LogLevel::kError, "not ready: " + why);
      if (why.empty()) log(LogLevel::kInfo, "every secret that is needed was read");
      reason = why;
    }
    if (why.empty()) break;
    if (!pause(backoff.next(), stop)) return;
  }
  became_ready.notify_all();
}

SecretProvider::SecretProvider(Client& client, Options options)
    : impl_(std::make_unique<Impl>(client, std::move(options))) {}
SecretProvider::~SecretProvider() = default;

Result<void> SecretProvider::start() {
  const std::lock_guard lock(impl_->starting);
  return or_no_thread([&]() -> Result<void> {
    if (impl_->resolver.joinable()) return {};
    impl_->begin();
    impl_->resolver = std::jthread([this](const std::stop_token& stop) { impl_->resolve(stop); });
    return {};
  });
}

Readiness SecretProvider::readiness() const {
  const std::lock_guard lock(impl_->mutex);
  return {.ready = impl_->pending.empty(), .reason = impl_->reason};
}

bool SecretProvider::wait_ready(std::chrono::milliseconds timeout) const {
  std::unique_lock lock(impl_->mutex);
  return impl_->became_ready.wait_for(lock, bounded(timeout),
                                      [&] { return impl_->pending.empty(); });
}

Result<SecretString> SecretProvider::connection_string(std::string_view name, const Call& call) {
  {
    const std::lock_guard lock(impl_->mutex);
    const auto found = impl_->connections.find(name);
    if (found != impl_->connections.end()) return found->second.value.clone();
  }
  return impl_->keep_connection(name, call);
}

Result<SecretString> SecretProvider::refresh_connection_string(std::string_view name,
                                                               const Call& call) {
  return impl_->keep_connection(name, call);
}

struct RequestSecrets::Impl {
  std::optional<SecretString> known(std::string_view name) {
    const std::lock_guard lock(mutex);
    const auto found = values.find(name);
    return found == values.end() ? std::nullopt : std::optional(found->second.clone());
  }

  SecretProvider::Impl& provider;
  Call call;
  Turns turns{};       // who asks for a secret; others wait for its answer
  std::mutex mutex{};  // guards what follows
  std::map<std::string, SecretString, std::less<>> values{};
};

RequestSecrets SecretProvider::for_request(Call call) {
  return RequestSecrets(
      std::unique_ptr<RequestSecrets::Impl>(new RequestSecrets::Impl{*impl_, std::move(call)}));
}

RequestSecrets::RequestSecrets(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
RequestSecrets::RequestSecrets(RequestSecrets&&) noexcept = default;
RequestSecrets::~RequestSecrets() = default;

Result<SecretString> RequestSecrets::get(std::string_view name) {
  const Deadline deadline(impl_->call, impl_->provider.client.timeout());
  if (auto known = impl_->known(name)) return *std::move(known);
  TRY(check_time(impl_->call));
  const auto turn = impl_->turns.take(name, deadline);
  if (!turn && turn.error().kind == Kind::kCancelled) return std::unexpected(turn.error());
  if (auto known = impl_->known(name)) return *std::move(known);
  // Whoever waited to its end has no time to ask: there may be a value last seen.
  TRY_ASSIGN(auto value, impl_->provider.read(name, deadline.rest()));
  const std::lock_guard lock(impl_->mutex);
  return impl_->values.emplace(name, std::move(value)).first->second.clone();
}

}  // namespace quantumapi::sdk
