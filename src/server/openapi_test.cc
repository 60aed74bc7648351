#include "server/openapi.h"

#include <gtest/gtest.h>

#include "base/secret_bytes.h"

namespace quantumapi::server {
namespace {

using http::Method;
using http::Parameter;
using http::Route;

struct Thing {
  Uuid id;
  std::string_view name;
  std::optional<std::string_view> colour;
};
BOOST_DESCRIBE_STRUCT(Thing, (), (id, name, colour))

struct Change {
  std::optional<std::string_view> colour;
};
BOOST_DESCRIBE_STRUCT(Change, (), (colour))

std::vector<Route> table() {
  std::vector<Route> routes;
  routes.push_back({.method = Method::kPost,
                    .path = "/things",
                    .summary = "Make a thing.",
                    .handler = nullptr,
                    .scope = "things:write",
                    .request_schema = http::schema<Thing>(),
                    .reply_schema = http::schema<Thing>(),
                    .success = 201,
                    .refusals = {409}});
  routes.push_back({.method = Method::kPatch,
                    .path = "/things/{id}",
                    .summary = "Change a thing.",
                    .handler = nullptr,
                    .request_schema = http::schema<Change>(),
                    .success = 204,
                    .aliases = {"/other/things/{id}"},
                    .parameters = {{"when", R"({"type":"string","format":"date"})"}}});
  routes.push_back(
      {.method = Method::kGet,
       .path = "/days/{day}",
       .summary = "Show a day.",
       .handler = nullptr,
       .parameters = {{"day", R"({"type":"string","format":"date"})", "", Parameter::In::kPath}},
       .reply_type = "application/gzip"});
  routes.push_back({.method = Method::kGet,
                    .path = "/health",
                    .summary = "Whether all is well.",
                    .handler = nullptr,
                    .access = http::Access::kOpen,
                    .at_root = true,
                    .reply_schema = http::schema<Change>(),
                    .further = {503}});
  return routes;
}

class OpenApi : public ::testing::Test {
 protected:
  OpenApi() : text_(openapi(table())), document_(json::parse(text_, arena_).value()) {}

  // at walks down members by their exact names.
  const json::Value& at(std::initializer_list<std::string_view> path) {
    const json::Value* value = &document_;
    for (const std::string_view name : path) {
      const json::Value* next = nullptr;
      for (const json::Member& member : value->members)
        if (member.name == name) next = &member.value;
      if (next == nullptr) {
        ADD_FAILURE() << "nothing at " << name;
        return document_;
      }
      value = next;
    }
    return *value;
  }
  std::vector<std::string> names(std::initializer_list<std::string_view> path) {
    std::vector<std::string> found;
    for (const json::Member& member : at(path).members) found.emplace_back(member.name);
    return found;
  }

  WipingArena arena_;
  std::string text_;
  json::Value document_;
};

using Names = std::vector<std::string>;

TEST_F(OpenApi, TellsTheRefusalsThatTheTableBrings) {
  EXPECT_EQ(names({"paths", "/api/v1/things", "post", "responses"}),
            (Names{"201", "400", "401", "403", "409", "413", "429", "500", "503", "default"}));
  EXPECT_EQ(names({"paths", "/api/v1/things/{id}", "patch", "responses"}),
            (Names{"204", "400", "401", "403", "404", "413", "429", "500", "503", "default"}));
  EXPECT_EQ(names({"paths", "/health", "get", "responses"}),
            (Names{"200", "503", "400", "500", "default"}));
  EXPECT_EQ(at({"paths", "/api/v1/things", "post", "responses", "409", "$ref"}).text,
            "#/components/responses/Conflict");
}

TEST_F(OpenApi, DefinesWhatItRefersTo) {
  for (std::size_t i = text_.find("#/components/"); i != std::string::npos;
       i = text_.find("#/components/", i + 1)) {
    const std::string name = text_.substr(i + 13, text_.find('"', i) - i - 13);
    const auto slash = name.find('/');
    EXPECT_FALSE(at({"components", name.substr(0, slash), name.substr(slash + 1)}).members.empty());
  }
}

TEST_F(OpenApi, AsksForABodyOnlyWhereAMemberIsRequired) {
  EXPECT_TRUE(at({"paths", "/api/v1/things", "post", "requestBody", "required"}).boolean);
  EXPECT_FALSE(at({"paths", "/api/v1/things/{id}", "patch", "requestBody", "required"}).boolean);
}

TEST_F(OpenApi, ShowsParametersOfPathAndQueryUnderEachPath) {
  for (const char* path : {"/api/v1/things/{id}", "/api/v1/other/things/{id}"}) {
    const auto parameters = at({"paths", path, "patch", "parameters"}).items;
    ASSERT_EQ(parameters.size(), 2U);
    EXPECT_EQ(parameters[0].find("schema")->find("format")->text, "uuid");
    EXPECT_TRUE(parameters[0].find("required")->boolean);
    EXPECT_EQ(parameters[1].find("in")->text, "query");
    EXPECT_FALSE(parameters[1].find("required")->boolean);
  }
  const auto day = at({"paths", "/api/v1/days/{day}", "get", "parameters"}).items;
  ASSERT_EQ(day.size(), 1U);
  EXPECT_EQ(day[0].find("schema")->find("format")->text, "date");
}

TEST_F(OpenApi, LinksWhatIsMadeToWhatTakesIt) {
  EXPECT_EQ(at({"paths", "/api/v1/things", "post", "responses", "201", "links",
                "patch_api_v1_things_id", "parameters", "id"})
                .text,
            "$response.body#/id");
}

TEST_F(OpenApi, NamesTheTypeOfEachAnswer) {
  EXPECT_EQ(names({"paths", "/api/v1/days/{day}", "get", "responses", "200", "content"}),
            (Names{"application/gzip"}));
  EXPECT_EQ(names({"paths", "/health", "get", "responses", "503", "content"}),
            (Names{"application/json"}));
}

TEST_F(OpenApi, AsksForAKeyExceptOnOpenRoutes) {
  EXPECT_EQ(at({"paths", "/api/v1/things", "post", "security"}).items.size(), 2U);
  EXPECT_TRUE(at({"paths", "/health", "get", "security"}).items.empty());
}

}  // namespace
}  // namespace quantumapi::server
