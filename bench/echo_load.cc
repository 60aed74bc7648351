// echo_load measures the way there and back alone, for bench/sdk_bench.py:
//   echo_load SERVER_CORE CLIENT_CORE ROUNDS
// One thread waits for a request's worth of octets and sends an answer's worth back at once, one
// asks: what no client over loopback can go below, whatever the server does. Prints the median in
// microseconds.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <thread>
#include <vector>

namespace {

constexpr std::size_t kRequest = 512;  // octets of three fields, and of their answer
constexpr std::size_t kAnswer = 4'096;
constexpr int kWarmUp = 200;

void require(bool held, const char* what) {
  if (held) return;
  std::fprintf(stderr, "echo_load: %s\n", what);
  std::exit(1);
}

void pin(int core) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(core, &set);
  require(::sched_setaffinity(0, sizeof set, &set) == 0, "no such core");
}

void send_all(int socket, std::size_t size) {
  static constexpr std::array<char, kAnswer> kOctets{};
  require(::send(socket, kOctets.data(), size, MSG_NOSIGNAL) == static_cast<ssize_t>(size),
          "octets could not be sent");
}

// receive_all says whether size octets came: false at the end of the connection.
bool receive_all(int socket, std::size_t size) {
  std::array<char, kAnswer> octets;
  for (std::size_t have = 0; have < size;) {
    const ssize_t got = ::recv(socket, octets.data(), size - have, 0);
    if (got <= 0) return false;
    have += static_cast<std::size_t>(got);
  }
  return true;
}

// answer waits as a server does, for whichever of its connections has something.
void answer(int listener, int core) {
  pin(core);
  const int socket = ::accept(listener, nullptr, nullptr);
  const int on = 1;
  ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  const int waiting = ::epoll_create1(0);
  epoll_event event{.events = EPOLLIN, .data = {}};
  require(::epoll_ctl(waiting, EPOLL_CTL_ADD, socket, &event) == 0, "cannot wait");
  while (::epoll_wait(waiting, &event, 1, -1) == 1 && receive_all(socket, kRequest))
    send_all(socket, kAnswer);
  ::close(waiting);
  ::close(socket);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) require(false, "usage: echo_load SERVER_CORE CLIENT_CORE ROUNDS");
  const int rounds = std::atoi(argv[3]);
  require(rounds > 0, "ROUNDS is a number above 0");
  const int listener = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* const any = reinterpret_cast<sockaddr*>(&address);
  require(::bind(listener, any, size) == 0 && ::listen(listener, 1) == 0 &&
              ::getsockname(listener, any, &size) == 0,
          "cannot listen");
  std::thread server(answer, listener, std::atoi(argv[1]));
  pin(std::atoi(argv[2]));
  const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
  const int on = 1;
  ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  require(::connect(socket, any, size) == 0, "cannot connect");
  std::vector<double> micros;
  for (int i = 0; i < kWarmUp + rounds; ++i) {
    const auto begun = std::chrono::steady_clock::now();
    send_all(socket, kRequest);
    require(receive_all(socket, kAnswer), "the answer was cut");
    const std::chrono::duration<double, std::micro> took = std::chrono::steady_clock::now() - begun;
    if (i >= kWarmUp) micros.push_back(took.count());
  }
  ::close(socket);
  server.join();
  ::close(listener);
  std::ranges::nth_element(micros, micros.begin() + rounds / 2);
  std::printf("%.1f\n", micros[static_cast<std::size_t>(rounds / 2)]);
}
