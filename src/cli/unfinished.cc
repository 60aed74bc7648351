#include "cli/unfinished.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <climits>
#include <csignal>

namespace quantumapi::cli {
namespace {

// Place is a path where a handler finds it: it may be called between any two instructions, so that
// the path is only read while `taken` says that it is whole.
struct Place {
  std::atomic<bool> taken = false;
  std::array<char, PATH_MAX> path{};
};
static_assert(std::atomic<bool>::is_always_lock_free);

std::array<Place, 4> places;  // for nobody but the handler: a signal brings no argument

// remove_all calls nothing but what may be called in a handler (signal-safety(7)). SA_RESETHAND has
// put back what the signal did before.
void remove_all(int signal) {
  for (const Place& place : places)
    if (place.taken.load()) ::unlink(place.path.data());
  std::raise(signal);
}

void listen() {
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE, SIGXFSZ}) {
    struct sigaction now{};
    if (::sigaction(signal, nullptr, &now) != 0 || now.sa_handler != SIG_DFL) continue;
    struct sigaction ours{};
    ours.sa_handler = remove_all;
    ours.sa_flags = static_cast<int>(SA_RESETHAND) | SA_NODEFER | SA_RESTART;
    ::sigaction(signal, &ours, nullptr);
  }
}

}  // namespace

Unfinished::Unfinished(const std::string& path) : place_(places.size()) {
  if (path.size() >= PATH_MAX) return;
  const auto* const free =
      std::ranges::find_if(places, [](const Place& place) { return !place.taken.load(); });
  place_ = static_cast<std::size_t>(free - places.data());
  if (place_ == places.size()) return;
  *std::ranges::copy(path, places[place_].path.begin()).out = '\0';
  places[place_].taken.store(true);
  listen();
}

Unfinished::~Unfinished() {
  if (place_ < places.size()) places[place_].taken.store(false);
}

}  // namespace quantumapi::cli
