#include "http/address_range.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>

#include "http/connect.h"
#include "http/testing/scripted_server.h"

namespace quantumapi::http {
namespace {

bool near(const char* text) {
  sockaddr_in v4{.sin_family = AF_INET, .sin_port = 0, .sin_addr = {}, .sin_zero = {}};
  if (::inet_pton(AF_INET, text, &v4.sin_addr) == 1)
    return is_near(reinterpret_cast<const sockaddr*>(&v4));
  sockaddr_in6 v6{};
  v6.sin6_family = AF_INET6;
  EXPECT_EQ(::inet_pton(AF_INET6, text, &v6.sin6_addr), 1) << text;
  return is_near(reinterpret_cast<const sockaddr*>(&v6));
}

TEST(AddressRange, WhatMeansThisHostItsLinkOrManyHostsIsNear) {
  for (const char* text : {"127.0.0.1",
                           "127.9.9.9",
                           "0.0.0.0",
                           "0.1.2.3",
                           "169.254.169.254",
                           "224.0.0.1",
                           "255.255.255.255",
                           "240.0.0.1",
                           "::",
                           "::1",
                           "fe80::1",
                           "febf::1",
                           "fec0::1",
                           "ff02::1",
                           "::ffff:127.0.0.1",
                           "::ffff:169.254.169.254",
                           "::127.0.0.1",
                           "64:ff9b::7f00:1",
                           "64:ff9b::a9fe:a9fe",
                           "2002:7f00:1::",
                           "2002:a9fe:a9fe::1"}) {
    EXPECT_TRUE(near(text)) << text;
    EXPECT_TRUE(is_near_host(text)) << text;
  }
  EXPECT_TRUE(is_near_host("localhost"));
  EXPECT_TRUE(is_near_host("any.localhost"));
}

TEST(AddressRange, OtherHostsAreNotNear) {
  for (const char* text : {"128.0.0.1", "10.0.0.1", "192.168.1.1", "172.16.0.1", "169.253.0.1",
                           "169.255.0.1", "223.255.255.255", "1.1.1.1", "2001:db8::1", "fd00::1",
                           "::ffff:10.0.0.1", "64:ff9b::a00:1", "2002:a00:1::", "fe7f::1"}) {
    EXPECT_FALSE(near(text)) << text;
    EXPECT_FALSE(is_near_host(text)) << text;
  }
  for (const char* name : {"example.org", "localhost.example.org", "notlocalhost", "127.1"})
    EXPECT_FALSE(is_near_host(name)) << name;
}

TEST(AddressRange, PlainHttpGoesToLoopbackAlone) {
  for (const char* host : {"127.0.0.1", "127.255.0.9", "::1", "::ffff:127.0.0.1", "localhost"})
    EXPECT_TRUE(is_loopback_host(host)) << host;
  for (const char* host : {"169.254.1.1", "239.1.1.1", "0.0.0.0", "255.255.255.255", "fe80::1",
                           "ff02::1", "::", "::127.0.0.1", "10.0.0.1", "::ffff:10.0.0.1",
                           "127.evil.example", "127.1", "127.0.0.1.", "127.0.0.1.example",
                           "localhost.example", "evil.localhost", "", "example.org"})
    EXPECT_FALSE(is_loopback_host(host)) << host;
}

// By what the name resolves to, whatever it looks like.
TEST(AddressRange, AClientThatMayNotReachThisHostDoesNotConnectToIt) {
  testing::ScriptedServer server({"never"}, testing::ScriptedServer::kNeverAnswer);
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  for (const std::string host : {"127.0.0.1", "localhost", "127.1"}) {
    const Url place{"https", host, server.port(), ""};
    const auto refused = connect_to(place, deadline, {}, Reach::kOtherHosts);
    ASSERT_FALSE(refused) << host;
    EXPECT_EQ(refused.error().code, Code::kUnavailable);
    EXPECT_EQ(refused.error().reason, "out_of_reach");
  }
  EXPECT_TRUE(connect_to({"https", "127.1", server.port(), ""}, deadline));
}

}  // namespace
}  // namespace quantumapi::http
