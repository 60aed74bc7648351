#include <gtest/gtest.h>

#include "http/client.h"

namespace quantumapi::http {
namespace {

std::string parts(std::string_view text) {
  const auto url = Url::parse(text);
  if (!url) return "refused";
  return url->scheme + " " + url->host + " " + std::to_string(url->port) + " " + url->path;
}

TEST(Url, TakesWhatAnOriginIsMadeOf) {
  EXPECT_EQ(parts("https://example.test"), "https example.test 443 ");
  EXPECT_EQ(parts("http://127.0.0.1:8080/"), "http 127.0.0.1 8080 /");
  EXPECT_EQ(parts("HTTPS://Example.Test:8443/api/v1"), "https example.test 8443 /api/v1");
  EXPECT_EQ(parts("https://[::1]:8443/x"), "https ::1 8443 /x");
  EXPECT_EQ(parts("https://[2001:DB8::1]"), "https 2001:db8::1 443 ");
}

TEST(Url, RefusesEverythingElse) {
  for (const char* text : {"",
                           "example.test",
                           "ftp://example.test",
                           "https://",
                           "https:///x",
                           "https://:443",
                           "https://a:",
                           "https://a:0",
                           "https://a:65536",
                           "https://a:8x",
                           "https://a:-1",
                           "https://u@a",
                           "https://u:p@a",
                           "https://a/?q",
                           "https://a#f",
                           "https://a b",
                           "https://a/b c",
                           "https://[::1",
                           "https://[::1]x",
                           "https://[zz]",
                           "https://[]",
                           "https://a_b%41/",
                           "https://-a",
                           "https://.a",
                           "https://a/\xc3\xa4",
                           "https://a/\n"})
    EXPECT_EQ(parts(text), "refused") << text;
}

}  // namespace
}  // namespace quantumapi::http
