#include "http/connect.h"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <mutex>
#include <system_error>
#include <thread>

#include "http/address_range.h"

namespace quantumapi::http {
namespace {

// kLeast is the time that each address has to answer, where there is as much.
constexpr std::chrono::milliseconds kLeast{300};

struct AddressesFree {
  void operator()(addrinfo* list) const { ::freeaddrinfo(list); }
};
using Addresses = std::unique_ptr<addrinfo, AddressesFree>;

Addresses look_up(const std::string& host, std::uint16_t port, int flags) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = flags | AI_NUMERICSERV;
  addrinfo* list = nullptr;
  if (::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &list) != 0) return nullptr;
  return Addresses(list);
}

std::unexpected<Error> cancelled() {
  return fail(Code::kUnavailable, "the request was cancelled", "cancelled");
}

// LookUp outlives its caller when the resolver takes longer than the deadline.
struct LookUp {
  std::mutex mutex;
  std::condition_variable_any changed;
  bool done = false;
  Addresses addresses;
};

// The resolver of the C library has no deadline of its own, so it works on a
// thread that is left behind when it is too slow.
Result<Addresses> resolve(const Url& origin, SteadyTime deadline, const std::stop_token& cancel) {
  if (Addresses numeric = look_up(origin.host, origin.port, AI_NUMERICHOST)) return numeric;
  const auto shared = std::make_shared<LookUp>();
  try {
    std::thread([shared, host = origin.host, port = origin.port] {
      Addresses addresses = look_up(host, port, 0);
      const std::lock_guard lock(shared->mutex);
      shared->addresses = std::move(addresses);
      shared->done = true;
      shared->changed.notify_one();
    }).detach();
  } catch (const std::system_error& error) {
    return fail(Code::kUnavailable,
                std::string("a thread that is needed can't be made: ") + error.what(), "no_thread");
  }
  std::unique_lock lock(shared->mutex);
  const bool done =
      shared->changed.wait_until(lock, cancel, deadline, [&] { return shared->done; });
  if (!done && cancel.stop_requested()) return cancelled();
  if (!done)
    return fail(Code::kUnavailable, "the name " + origin.host + " was not resolved in time",
                "timeout");
  if (!shared->addresses)
    return fail(Code::kUnavailable, "the host " + origin.host + " is not known", "connect_failed");
  return std::move(shared->addresses);
}

std::unexpected<Error> not_connected(const Url& origin, int error) {
  return fail(Code::kUnavailable,
              "cannot connect to " + origin.host + " port " + std::to_string(origin.port) + ": " +
                  std::strerror(error),
              "connect_failed");
}

Result<Descriptor> connect_address(const Url& origin, const addrinfo& address, SteadyTime deadline,
                                   const std::stop_token& cancel) {
  Descriptor socket(
      ::socket(address.ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP));
  if (socket.get() < 0) return not_connected(origin, errno);
  const int on = 1;
  ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (::connect(socket.get(), address.ai_addr, address.ai_addrlen) == 0) return socket;
  if (errno != EINPROGRESS) return not_connected(origin, errno);
  TRY(wait_for_socket(socket.get(), POLLOUT, deadline, cancel));
  int error = 0;
  socklen_t size = sizeof error;
  ::getsockopt(socket.get(), SOL_SOCKET, SO_ERROR, &error, &size);
  if (error != 0) return not_connected(origin, error);
  return socket;
}

bool is_reachable(const addrinfo& address, Reach reach) {
  return reach == Reach::kAnywhere || !is_near(address.ai_addr);
}

// StopSignal is a descriptor that becomes readable when a stop is requested; none without a token.
class StopSignal {
 public:
  explicit StopSignal(const std::stop_token& cancel)
      : event_(cancel.stop_possible() ? ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK) : -1),
        on_stop_(cancel, Raise{event_.get()}) {}
  [[nodiscard]] int descriptor() const { return event_.get(); }

 private:
  struct Raise {
    int event;
    void operator()() const noexcept { ::eventfd_write(event, 1); }
  };
  Descriptor event_;
  std::stop_callback<Raise> on_stop_;
};

}  // namespace

Status wait_for_socket(int socket, short events, SteadyTime deadline,
                       const std::stop_token& cancel) {
  const StopSignal signal(cancel);
  while (true) {
    if (cancel.stop_requested()) return cancelled();
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    if (left.count() <= 0) return fail(Code::kUnavailable, "no answer came in time", "timeout");
    // poll passes over a negative descriptor, which is what there is without a stop token.
    pollfd waiting[] = {{socket, events, 0}, {signal.descriptor(), POLLIN, 0}};
    const int ready =
        ::poll(waiting, 2, static_cast<int>(std::min<std::int64_t>(left.count(), 3'600'000)));
    if (ready > 0 && waiting[1].revents == 0) return {};
    if (ready < 0 && errno != EINTR)
      return fail(Code::kInternal, std::string("poll: ") + std::strerror(errno));
  }
}

Result<Descriptor> connect_to(const Url& origin, SteadyTime deadline, const std::stop_token& cancel,
                              Reach reach) {
  TRY_ASSIGN(const Addresses addresses, resolve(origin, deadline, cancel));
  return connect_first(origin, addresses.get(), deadline, cancel, reach);
}

Result<Descriptor> connect_first(const Url& origin, const addrinfo* addresses, SteadyTime deadline,
                                 const std::stop_token& cancel, Reach reach) {
  int left = 0;
  for (const addrinfo* one = addresses; one != nullptr; one = one->ai_next)
    if (is_reachable(*one, reach)) ++left;
  Result<Descriptor> last =
      fail(Code::kUnavailable, "the host " + origin.host + " stands where it may not be reached",
           "out_of_reach");
  for (const addrinfo* address = addresses; address != nullptr; address = address->ai_next) {
    if (!is_reachable(*address, reach)) continue;
    if (origin.scheme == "http" && !is_loopback(address->ai_addr))
      return fail(Code::kInvalidArgument, "plain http goes to loopback addresses only, and " +
                                              origin.host + " is none: use https");
    const SteadyTime now = std::chrono::steady_clock::now();
    const SteadyTime until =
        std::min(deadline, now + std::max<SteadyTime::duration>((deadline - now) / left, kLeast));
    last = connect_address(origin, *address, until, cancel);
    if (last || cancel.stop_requested()) return last;
    --left;
  }
  return last;
}

}  // namespace quantumapi::http
