#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "http/route.h"

namespace quantumapi::http {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

Route route(Method method, std::string_view path, std::vector<std::string_view> aliases = {}) {
  Route made{.method = method, .path = path, .summary = path, .handler = {}};
  made.aliases = std::move(aliases);
  return made;
}

Router make_router() {
  Route health = route(Method::kGet, "/health");
  health.at_root = true;
  return Router({route(Method::kGet, "/secrets"), route(Method::kPost, "/secrets"),
                 route(Method::kGet, "/secrets/{id}"), route(Method::kDelete, "/secrets/{id}"),
                 route(Method::kPost, "/secrets/import"),
                 route(Method::kGet, "/secrets/{id}/history"),
                 route(Method::kPost, "/transit/encrypt/{name}"),
                 route(Method::kPost, "/encrypt", {"/encryption/encrypt"}),
                 route(Method::kPatch, "/a/{x}/b/{y}"), health});
}

// found is the path of the route that serves, "405 ALLOW", "404" or "refused".
std::string found(Method method, std::string_view path) {
  static const Router router = make_router();
  const auto match = router.find(method, path);
  if (!match) return "refused";
  if (match->route != nullptr) return std::string(match->route->path);
  return match->allow.empty() ? "404" : "405 " + match->allow;
}

std::vector<std::string> parameters(Method method, std::string_view path) {
  const auto match = make_router().find(method, path);
  return match ? match->parameters : std::vector<std::string>{"refused"};
}

TEST(Router, ServesTheSameTreeUnderEachPrefix) {
  for (const std::string prefix : {"/api/v1", "/v1", "/v1/api/v1"})
    EXPECT_EQ(found(Method::kGet, prefix + "/secrets"), "/secrets") << prefix;
}

TEST(Router, ServesTheTreeNowhereElse) {
  for (const char* path : {"/secrets", "/api/secrets", "/api/v2/secrets", "/API/v1/secrets",
                           "/api/v1/v1/secrets", "/v1/v1/secrets", "/api/v1", "/v1", "/"})
    EXPECT_EQ(found(Method::kGet, path), "404") << path;
}

TEST(Router, ServesRootRoutesAtTheRootOnly) {
  EXPECT_EQ(found(Method::kGet, "/health"), "/health");
  EXPECT_EQ(found(Method::kGet, "/api/v1/health"), "404");
}

TEST(Router, ServesAliases) {
  EXPECT_EQ(found(Method::kPost, "/v1/encryption/encrypt"), "/encrypt");
  EXPECT_EQ(found(Method::kPost, "/v1/encrypt"), "/encrypt");
}

TEST(Router, KeepsAnEncodedSlashInsideItsSegment) {
  EXPECT_THAT(parameters(Method::kPost, "/v1/transit/encrypt/a%2Fb"), ElementsAre("a/b"));
  EXPECT_EQ(found(Method::kPost, "/v1/transit/encrypt/a/b"), "404");
}

TEST(Router, DecodesEachSegmentOnce) {
  EXPECT_THAT(parameters(Method::kGet, "/v1/secrets/%2541"), ElementsAre("%41"));
  EXPECT_THAT(parameters(Method::kGet, "/v1/secrets/%c3%A4"), ElementsAre("\xc3\xa4"));
  EXPECT_THAT(parameters(Method::kGet, "/v1/secrets/a+b"), ElementsAre("a+b"));
  EXPECT_EQ(found(Method::kGet, "/v1/%73ecrets"), "/secrets");
}

TEST(Router, GivesParametersInTheirOrder) {
  EXPECT_THAT(parameters(Method::kPatch, "/v1/a/1/b/2"), ElementsAre("1", "2"));
  EXPECT_THAT(parameters(Method::kGet, "/v1/secrets"), IsEmpty());
}

TEST(Router, RefusesEmptyAndDottedSegments) {
  for (const char* path :
       {"/v1/secrets/", "/v1//secrets", "//v1/secrets", "/v1/secrets/.", "/v1/secrets/..",
        "/v1/secrets/%2e", "/v1/secrets/%2E%2e", "/v1/secrets/../secrets", "/v1/secrets//history"})
    EXPECT_EQ(found(Method::kGet, path), "refused") << path;
}

TEST(Router, RefusesBadEncoding) {
  for (const char* path : {"/v1/secrets/%", "/v1/secrets/%4", "/v1/secrets/%zz", "/v1/secrets/%00",
                           "/v1/secrets/%ff", "/v1/secrets/%c3", "", "v1"})
    EXPECT_EQ(found(Method::kGet, path), "refused") << path;
}

TEST(Router, RefusesEndlessPaths) {
  std::string path = "/v1";
  for (int i = 0; i < 1000; ++i) path += "/a";
  EXPECT_EQ(found(Method::kGet, path), "refused");
}

TEST(Router, LetsLiteralsWinOverParameters) {
  EXPECT_EQ(found(Method::kPost, "/v1/secrets/import"), "/secrets/import");
  EXPECT_EQ(found(Method::kGet, "/v1/secrets/import/history"), "/secrets/{id}/history");
}

// A literal that is no whole path of a route leaves what a parameter makes of it.
TEST(Router, KnowsAWholePathAndItsOtherSpellingsAlike) {
  const Router router({route(Method::kGet, "/a/{x}"), route(Method::kPost, "/a/b"),
                       route(Method::kGet, "/a/b/c"), route(Method::kGet, "/{x}/b/c/d")});
  for (const std::string_view path : {"/v1/a/b", "/v1/a/%62", "/v1/%61/b"}) {
    EXPECT_EQ(router.find(Method::kPost, path)->route->path, "/a/b") << path;
    EXPECT_EQ(router.find(Method::kGet, path)->allow, "POST") << path;
    EXPECT_THAT(router.find(Method::kPost, path)->parameters, IsEmpty()) << path;
  }
  EXPECT_EQ(router.find(Method::kGet, "/v1/a/b/c")->route->path, "/a/b/c");
  EXPECT_THAT(router.find(Method::kGet, "/v1/a/b/c/d")->parameters, ElementsAre("a"));
  EXPECT_FALSE(router.find(Method::kPost, "/v1/a/b/"));
}

TEST(Router, NamesTheMethodsThatWouldDo) {
  EXPECT_EQ(found(Method::kPut, "/v1/secrets"), "405 GET, HEAD, POST");
  EXPECT_EQ(found(Method::kGet, "/v1/secrets/import"), "405 POST");
  EXPECT_EQ(found(Method::kOther, "/health"), "405 GET, HEAD");
}

TEST(Router, AnswersHeadAsGet) {
  EXPECT_EQ(found(Method::kHead, "/v1/secrets"), "/secrets");
  EXPECT_EQ(found(Method::kHead, "/v1/secrets/import"), "405 POST");
}

TEST(RouterDeathTest, StopsAtATableThatSaysTwoThings) {
  EXPECT_DEATH(Router({route(Method::kGet, "/a/{x}"), route(Method::kGet, "/a/{y}")}), "");
}

}  // namespace
}  // namespace quantumapi::http
