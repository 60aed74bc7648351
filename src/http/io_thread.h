// IoThread: one event loop with its connections, deadlines, arenas and the
// queue on which other threads hand replies back. Asio stays below this header.
#pragma once

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <unordered_set>
#include <vector>

#include "base/clock.h"
#include "http/channel.h"
#include "http/content_budget.h"
#include "http/line_budget.h"
#include "http/listen.h"
#include "http/server.h"

namespace quantumapi::http {

class Connection;
class TlsListener;

// Shared is what all connections of a server look at.
struct Shared {
  Shared(const Limits& the_limits, Activity* of_threads, Server::Handle handle_request,
         Server::BodyLimit limit_body, Server::Run run_elsewhere, Logger& logger,
         Metrics& all_metrics);

  Limits limits;
  Activity* activity;  // may be null
  Server::Handle handle;
  Server::BodyLimit body_limit;
  Server::Run run;
  Logger& log;
  Metrics& metrics;
  ContentBudget content;
  base::Gauge& connections_gauge;
  std::atomic<bool> draining = false;     // every further reply closes its connection
  std::atomic<SteadyTime> drain_until{};  // idle connections wait no longer, once draining
  std::atomic<bool> stopping = false;     // nothing is answered any more

  // Connections that are open. leave() wakes who waits for none being left.
  void enter() { connections.fetch_add(1); }
  void leave();
  // wait_until_empty gives false when connections were left at `deadline`.
  bool wait_until_empty(SteadyTime deadline);
  std::atomic<std::size_t> connections = 0;

 private:
  std::mutex mutex_;
  std::condition_variable empty_;
};

// Accepted is a connection on its way from the acceptor to its thread.
struct Accepted {
  Descriptor socket;
  SslPtr ssl;                             // null: plain
  const TlsListener* listener = nullptr;  // where ssl began
  std::string peer;
  bool refuse = false;  // over the limit: answered 503
};

class IoThread {
 public:
  using Executor = boost::asio::io_context::executor_type;

  explicit IoThread(Shared& shared);
  ~IoThread();

  void start();
  // stop closes all connections and lets the loop end with the last of them.
  void stop();
  void join();

  // From any thread.
  void adopt(Accepted accepted);
  // complete wakes a connection whose reply is there. Replies come in bursts:
  // only the first of a burst wakes the loop.
  void complete(Connection& connection);
  // drain lets idle connections look at Shared::drain_until.
  void drain();
  // end_peers ends the connections of peers for which `which` holds.
  void end_peers(std::shared_ptr<const std::function<bool(const x509::Peer&)>> which);
  // is_current may be asked by whoever was handed a request of this thread.
  [[nodiscard]] bool is_current() const { return std::this_thread::get_id() == id_; }

  // From this thread only.
  // has_work counts this thread as busy until it has nothing more to do.
  void has_work();
  void add(Connection& connection) { connections_.insert(&connection); }
  void remove(Connection& connection) { connections_.erase(&connection); }
  std::unique_ptr<WipingArena> take_arena();
  void give_back(std::unique_ptr<WipingArena> arena);
  std::string_view date(std::int64_t seconds);
  // peer_lines is for log lines that a stranger can cause.
  LineBudget& peer_lines() { return peer_lines_; }
  [[nodiscard]] boost::asio::io_context& context() { return context_; }
  [[nodiscard]] Shared& shared() { return shared_; }

 private:
  void run();
  void rest();
  void arm_sweep();
  void sweep();
  void run_completions();

  Shared& shared_;
  boost::asio::io_context context_{1};
  boost::asio::executor_work_guard<Executor> work_;
  boost::asio::basic_waitable_timer<std::chrono::steady_clock,
                                    boost::asio::wait_traits<std::chrono::steady_clock>, Executor>
      sweep_timer_;
  std::unordered_set<Connection*> connections_;
  std::vector<std::unique_ptr<WipingArena>> arenas_;
  std::int64_t date_second_ = -1;
  std::string date_;
  LineBudget peer_lines_{20};

  std::mutex completions_mutex_;
  std::vector<Connection*> completions_;
  std::vector<Connection*> running_;  // the burst being worked off
  std::atomic<bool> busy_ = false;    // counts in Shared::activity
  std::thread::id id_;                // set by the thread itself, before it serves anything
  std::thread thread_;
};

}  // namespace quantumapi::http
