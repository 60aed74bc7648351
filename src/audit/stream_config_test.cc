#include "audit/stream_config.h"

#include <gtest/gtest.h>

namespace quantumapi::audit {
namespace {

TEST(StreamConfig, PlainHttpGoesToLoopbackAlone) {
  const auto parse = [](const std::string& host) {
    std::pmr::monotonic_buffer_resource arena;
    const std::string text = R"({"url":"http://)" + host + R"(/in"})";
    const auto config =
        parse_stream_config(StreamType::kWebhook, text, http::Reach::kAnywhere, nullptr, arena);
    return config ? std::string() : config.error().fields.at(0).field;
  };
  for (const char* host : {"127.0.0.1:9", "127.9.9.9", "[::1]", "localhost"})
    EXPECT_EQ(parse(host), "") << host;
  for (const char* host : {"127.evil.example", "127.0.0.1.example", "169.254.1.1", "239.1.1.1",
                           "0.0.0.0:9", "[fe80::1]", "192.0.2.1"})
    EXPECT_EQ(parse(host), "configJson.url") << host;
}

TEST(StreamConfig, ADatadogSiteIsAHostNameAndNothingThatLeadsElsewhere) {
  const auto parse = [](const std::string& site) {
    std::pmr::monotonic_buffer_resource arena;
    const std::string text = R"({"apiKey":"k","site":")" + site + "\"}";
    const auto config =
        parse_stream_config(StreamType::kDatadog, text, http::Reach::kAnywhere, nullptr, arena);
    return config ? std::string() : config.error().fields.at(0).field;
  };
  for (const char* site : {"datadoghq.eu", "us5.datadoghq.com"}) EXPECT_EQ(parse(site), "") << site;
  for (const char* site : {"evil.example/@127.0.0.1", "x@evil.example", "evil.example:9",
                           "evil.example?", "a b", "EU.example"})
    EXPECT_EQ(parse(site), "configJson.site") << site;
}

}  // namespace
}  // namespace quantumapi::audit
