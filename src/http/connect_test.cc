#include "http/connect.h"

#include <gtest/gtest.h>
#include <netdb.h>

#include <array>

#include "http/testing/full_listener.h"
#include "http/testing/test_server.h"

namespace quantumapi::http {
namespace {

using testing::FullListener;
using testing::TestServer;
using namespace std::chrono_literals;

// Resolved is what a name of two addresses, both on this host, resolves to.
class Resolved {
 public:
  Resolved(std::uint16_t first, std::uint16_t second) {
    for (std::size_t i = 0; i < 2; ++i) {
      sockets_[i].sin_family = AF_INET;
      sockets_[i].sin_addr.s_addr = htonl(INADDR_LOOPBACK);
      sockets_[i].sin_port = htons(i == 0 ? first : second);
      list_[i].ai_family = AF_INET;
      list_[i].ai_addr = reinterpret_cast<sockaddr*>(&sockets_[i]);
      list_[i].ai_addrlen = sizeof sockets_[i];
    }
    list_[0].ai_next = &list_[1];
  }
  Resolved(const Resolved&) = delete;
  Resolved& operator=(const Resolved&) = delete;

  [[nodiscard]] Result<Descriptor> connect(std::chrono::milliseconds time) const {
    return connect_first({"http", "two.test", 80, ""}, list_.data(),
                         std::chrono::steady_clock::now() + time, {}, Reach::kAnywhere);
  }

 private:
  std::array<sockaddr_in, 2> sockets_{};
  std::array<addrinfo, 2> list_{};
};

TEST(Connect, AnAddressThatDoesNotAnswerLeavesTheNextItsTime) {
  const FullListener silent;
  TestServer server;
  const auto connected = Resolved(silent.port(), server.port()).connect(2s);
  EXPECT_TRUE(connected) << connected.error().message;
}

TEST(Connect, WhereNoAddressAnswersTheTimeIsOverAtItsEnd) {
  const FullListener silent;
  const auto begun = std::chrono::steady_clock::now();
  const auto failed = Resolved(silent.port(), silent.port()).connect(700ms);
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().reason, "timeout");
  EXPECT_GE(std::chrono::steady_clock::now() - begun, 700ms);
}

}  // namespace
}  // namespace quantumapi::http
