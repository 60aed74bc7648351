#include "audit/checkpoint_post.h"

#include <condition_variable>
#include <map>
#include <mutex>
#include <set>
#include <stop_token>
#include <thread>

#include "audit/waiting_checkpoints.h"
#include "base/thread_name.h"
#include "http/address_range.h"

namespace quantumapi::audit {
namespace {

using std::chrono::steady_clock;

constexpr std::chrono::milliseconds kConnectIn{3'000};
constexpr std::chrono::milliseconds kAnswerIn{10'000};
constexpr std::size_t kMaxAnswer = 64 * 1024;
constexpr int kMostTold = 10;  // refused logs that are named in the service's log in `every`

}  // namespace

struct CheckpointPost::Impl {
  Impl(std::string t, std::unique_ptr<http::Client> c, Logger& l, Metrics& m,
       std::chrono::milliseconds e)
      : target(std::move(t)),
        client(std::move(c)),
        log(l),
        every(e),
        waiting(e),
        posted_total(m.counter("quantumapi_audit_checkpoint_posts_total",
                               "Checkpoints that the receiver outside took.")),
        failed_total(m.counter("quantumapi_audit_checkpoint_post_failures_total",
                               "Checkpoints that the receiver outside did not take.")) {}

  using Kept = WaitingCheckpoints::Kept;

  // post: no error for what the receiver answered, which is about this one alone.
  Result<Kept> post(const Uuid& log_id, std::string_view text, const std::stop_token& ending);
  void refused(const Uuid& log_id, int status);
  void tell(const Uuid& log_id, std::string_view reason);
  void give(const std::stop_token& ending);
  void loop(const std::stop_token& ending);

  std::string target;
  std::unique_ptr<http::Client> client;
  Logger& log;
  std::chrono::milliseconds every;

  std::mutex mutex;
  std::condition_variable_any wake;
  std::map<Uuid, std::string> offered;

  // The thread's own:
  WaitingCheckpoints waiting;
  bool failing = false;  // no answer came
  std::set<Uuid> told;   // logs whose refusal was logged, until one is taken
  int told_lately = 0;
  SteadyTime tell_again{SteadyTime::min()};
  base::Counter& posted_total;
  base::Counter& failed_total;
  std::jthread thread;  // the last: it ends before what it uses
};

Result<WaitingCheckpoints::Kept> CheckpointPost::Impl::post(const Uuid& log_id,
                                                            std::string_view text,
                                                            const std::stop_token& ending) {
  http::ClientRequest request;
  request.method = http::Method::kPost;
  request.target = target;
  request.body = text;
  request.content_type = "text/plain; charset=utf-8";
  request.cancel = ending;
  const auto answer = client->send(request);
  if (!answer) {
    if (ending.stop_requested()) return std::unexpected(answer.error());
    failed_total.add(1);
    if (!failing) tell(log_id, answer.error().message);
    return std::unexpected(answer.error());
  }
  if (answer->status / 100 != 2) {
    refused(log_id, answer->status);
    return Kept::kRefused;
  }
  posted_total.add(1);
  told.erase(log_id);
  return Kept::kYes;
}

void CheckpointPost::Impl::refused(const Uuid& log_id, int status) {
  failed_total.add(1);
  const SteadyTime now = steady_clock::now();
  if (now >= tell_again) {
    tell_again = now + every;
    told_lately = 0;
  }
  if (told_lately == kMostTold || !told.insert(log_id).second) return;
  ++told_lately;
  tell(log_id, "it answered " + std::to_string(status));
}

void CheckpointPost::Impl::tell(const Uuid& log_id, std::string_view reason) {
  log.error("the receiver of audit checkpoints did not take one",
            {{"log", std::string_view(log_id.to_string())}, {"reason", reason}});
}

void CheckpointPost::Impl::give(const std::stop_token& ending) {
  const auto given = waiting.give_due(
      steady_clock::now(), false,
      [&](const Uuid& log_id, std::string_view text) { return post(log_id, text, ending); });
  failing = !given;
}

void CheckpointPost::Impl::loop(const std::stop_token& ending) {
  base::name_thread("checkpoint-post");
  SteadyTime until = steady_clock::now();
  std::unique_lock guard(mutex);
  while (!ending.stop_requested()) {
    // Where no answer came nothing is tried before its time, whatever is offered meanwhile.
    wake.wait_until(guard, ending, until, [&] { return !failing && !offered.empty(); });
    for (auto& [log_id, text] : std::exchange(offered, {})) waiting.offer(log_id, std::move(text));
    guard.unlock();
    if (!ending.stop_requested()) give(ending);
    const SteadyTime later = steady_clock::now() + every;
    until = failing ? later : waiting.next_due().value_or(later);
    guard.lock();
  }
}

Result<http::Url> CheckpointPost::receiver(std::string_view url) {
  TRY_ASSIGN(auto origin, http::Url::parse(url));
  if (origin.scheme == "http" && !http::is_loopback_host(origin.host))
    return fail(Code::kInvalidArgument, "plain http is for loopback addresses alone");
  return origin;
}

Result<std::unique_ptr<CheckpointPost>> CheckpointPost::create(const std::string& url, Logger& log,
                                                               Metrics& metrics,
                                                               std::chrono::milliseconds every) {
  TRY_ASSIGN(auto origin, receiver(url));
  std::string target = origin.path.empty() ? "/" : origin.path;
  http::Client::Options options;
  options.connect_timeout = kConnectIn;
  options.timeout = kAnswerIn;
  options.response_limit = kMaxAnswer;
  TRY_ASSIGN(auto client, http::Client::create(std::move(origin), std::move(options)));
  return std::unique_ptr<CheckpointPost>(new CheckpointPost(
      std::make_unique<Impl>(std::move(target), std::move(client), log, metrics, every)));
}

CheckpointPost::CheckpointPost(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {
  impl_->thread =
      std::jthread([impl = impl_.get()](const std::stop_token& ending) { impl->loop(ending); });
}

CheckpointPost::~CheckpointPost() = default;

void CheckpointPost::offer(const Uuid& log, std::string text) {
  {
    const std::scoped_lock guard(impl_->mutex);
    impl_->offered[log] = std::move(text);
  }
  impl_->wake.notify_one();
}

}  // namespace quantumapi::audit
