#include "http/io_thread.h"

#include <boost/asio/post.hpp>

#include "base/thread_name.h"
#include "http/connection.h"
#include "http/reply_head.h"

namespace quantumapi::http {
namespace {

// One coarse timer a thread looks at all deadlines, instead of a timer of its
// own for each read and write. Late by a quarter of a second at most.
constexpr std::chrono::milliseconds kSweep{250};
constexpr std::chrono::milliseconds kSweepWhileDraining{20};
constexpr std::size_t kKeptArenas = 64;

}  // namespace

Shared::Shared(const Limits& the_limits, Activity* of_threads, Server::Handle handle_request,
               Server::BodyLimit limit_body, Server::Run run_elsewhere, Logger& logger,
               Metrics& all_metrics)
    : limits(the_limits),
      activity(of_threads),
      handle(std::move(handle_request)),
      body_limit(std::move(limit_body)),
      run(std::move(run_elsewhere)),
      log(logger),
      metrics(all_metrics),
      content(the_limits.bodies,
              metrics.gauge("quantumapi_http_content_octets", "Memory held by content coming in")),
      connections_gauge(metrics.gauge("quantumapi_http_connections", "Open connections")) {}

void Shared::leave() {
  if (connections.fetch_sub(1) != 1) return;
  const std::lock_guard lock(mutex_);
  empty_.notify_all();
}

bool Shared::wait_until_empty(SteadyTime deadline) {
  std::unique_lock lock(mutex_);
  return empty_.wait_until(lock, deadline, [this] { return connections.load() == 0; });
}

IoThread::IoThread(Shared& shared)
    : shared_(shared), work_(context_.get_executor()), sweep_timer_(context_) {}

IoThread::~IoThread() { join(); }

void IoThread::start() {
  arm_sweep();
  thread_ = std::thread([this] {
    base::name_thread("http-io");
    id_ = std::this_thread::get_id();
    run();
  });
}

// run is io_context::run() that notices when there is nothing more to do.
void IoThread::run() {
  while (!context_.stopped()) {
    if (context_.poll() > 0) continue;
    rest();
    context_.run_one();
  }
}

void IoThread::has_work() {
  if (shared_.activity != nullptr && !busy_.exchange(true)) shared_.activity->begin();
}

void IoThread::rest() {
  {
    const std::lock_guard lock(completions_mutex_);
    if (!completions_.empty() || !busy_.exchange(false)) return;
  }
  shared_.activity->end();
}

void IoThread::stop() {
  boost::asio::post(context_, [this] {
    sweep_timer_.cancel();
    work_.reset();
    for (Connection* connection : std::vector(connections_.begin(), connections_.end()))
      connection->stop();
  });
}

void IoThread::join() {
  if (thread_.joinable()) thread_.join();
}

void IoThread::adopt(Accepted accepted) {
  boost::asio::post(context_, [this, accepted = std::move(accepted)]() mutable {
    Connection::start(*this, std::move(accepted));
  });
}

void IoThread::complete(Connection& connection) {
  bool first = false;
  {
    const std::lock_guard lock(completions_mutex_);
    first = completions_.empty();
    completions_.push_back(&connection);
    has_work();
  }
  if (first) boost::asio::post(context_, [this] { run_completions(); });
}

void IoThread::run_completions() {
  {
    const std::lock_guard lock(completions_mutex_);
    running_.swap(completions_);
  }
  for (Connection* connection : running_) connection->resume();
  running_.clear();
}

void IoThread::drain() {
  boost::asio::post(context_, [this] {
    for (Connection* connection : connections_) connection->hasten();
    arm_sweep();
  });
}

void IoThread::end_peers(std::shared_ptr<const std::function<bool(const x509::Peer&)>> which) {
  boost::asio::post(context_, [this, which = std::move(which)] {
    for (Connection* connection : connections_) connection->end_if(*which);
  });
}

void IoThread::arm_sweep() {
  sweep_timer_.expires_after(shared_.draining ? kSweepWhileDraining : kSweep);
  sweep_timer_.async_wait([this](const boost::system::error_code& error) {
    if (error || shared_.stopping) return;
    sweep();
    arm_sweep();
  });
}

void IoThread::sweep() {
  const SteadyTime now = std::chrono::steady_clock::now();
  shared_.connections_gauge.set(static_cast<double>(shared_.connections.load()));
  for (Connection* connection : connections_) {
    connection->expire_before(now);
    connection->check_peer();
  }
}

std::unique_ptr<WipingArena> IoThread::take_arena() {
  if (arenas_.empty()) return std::make_unique<WipingArena>();
  std::unique_ptr<WipingArena> arena = std::move(arenas_.back());
  arenas_.pop_back();
  return arena;
}

void IoThread::give_back(std::unique_ptr<WipingArena> arena) {
  arena->release();
  if (arenas_.size() < kKeptArenas) arenas_.push_back(std::move(arena));
}

std::string_view IoThread::date(std::int64_t seconds) {
  if (seconds != date_second_) {
    date_ = http_date(seconds);
    date_second_ = seconds;
  }
  return date_;
}

}  // namespace quantumapi::http
