#include "access/routes.h"

#include <gmock/gmock.h>

#include "access/testing/test_access.h"

namespace quantumapi::access {
namespace {

using http::Method;
using http::Reply;
using keyring::testing::expect;
using keyring::testing::expect_code;
using ::testing::HasSubstr;
using ::testing::Not;

class AccessRoutes : public testing::AccessTest {
 protected:
  struct Answer {
    Result<Reply> reply;
    std::size_t audited = 0;
    bool recorded = false;
    [[nodiscard]] std::string body() const { return reply ? std::string(reply->body) : ""; }
  };

  // call runs the handler of `path` as the server would.
  Answer call(Method method, std::string_view pattern, const Principal& who,
              std::string_view body = {}, std::string_view query = {},
              std::vector<std::string> parameters = {}, bool may_block = true) {
    for (const http::Route& route : routes(service())) {
      if (route.method != method || route.path != pattern) continue;
      http::Request request;
      request.body = body;
      request.query = query;
      request.arena = &arena_;
      AuditEvent about = event(route.action);
      about.tenant = who.tenant;
      http::Call call(request, who, about, may_block);
      call.parameters = std::move(parameters);
      Answer answer{route.handler(call)};
      answer.audited = call.events.size();
      answer.recorded = call.in_transaction;
      return answer;
    }
    ADD_FAILURE() << "no route " << pattern;
    return {fail(Code::kNotFound, "no route")};
  }

 private:
  WipingArena arena_;
};
INSTANTIATE_TEST_SUITE_P(Engines, AccessRoutes, store::testing::engines(), store::testing::name_of);

TEST_P(AccessRoutes, AreScopedAndAudited) {
  for (const http::Route& route : routes(service())) {
    EXPECT_EQ(route.access, http::Access::kKey);
    EXPECT_FALSE(route.action.empty());
    EXPECT_EQ(route.category, "access");
    const bool writes = route.method != Method::kGet;
    const bool own =
        route.path == "/whoami" || route.path == "/rate-limit" || route.path == "/tenants/current";
    const std::string subject = route.path == "/tenants" ? "tenants" : "apikeys";
    EXPECT_EQ(route.scope, own ? "" : subject + (writes ? ":write" : ":read")) << route.path;
  }
}

TEST_P(AccessRoutes, PostAnswersTheKeyOnceAndItWorks) {
  const auto made = call(Method::kPost, "/apikeys", owner(),
                         R"({"name":"ci","serviceAccount":"builder","scopes":["encryption:write"],
                             "bindings":[{"type":"key","name":"orders"}],
                             "expires_at":"2090-01-01T00:00:00Z"})");
  ASSERT_TRUE(made.reply) << made.reply.error().message;
  EXPECT_EQ(made.reply->status, 201);
  EXPECT_TRUE(made.recorded);
  EXPECT_EQ(made.audited, 0U);
  const std::string body = made.body();
  const std::size_t at = body.find("\"apiKey\":\"");
  ASSERT_NE(at, std::string::npos);
  const std::string text = body.substr(at + 10, 69);
  const Principal who = principal(text);
  EXPECT_EQ(who.label, "builder");
  EXPECT_THAT(body, HasSubstr("\"expiresAt\":\"2090-01-01T00:00:00.000000Z\""));
  EXPECT_THAT(body, HasSubstr("\"prefix\":\"" + text.substr(0, 20) + "\""));

  const auto shown =
      call(Method::kGet, "/apikeys/{id}", owner(), {}, {}, {who.api_key.to_string()});
  EXPECT_THAT(shown.body(), HasSubstr("\"name\":\"ci\""));
  EXPECT_THAT(shown.body(), Not(HasSubstr("apiKey\"")));
  EXPECT_THAT(shown.body(), Not(HasSubstr(text.substr(20))));
  EXPECT_EQ(shown.audited, 1U);
}

TEST_P(AccessRoutes, PostNamesTheFieldAtFault) {
  const auto field_of = [&](std::string_view body) {
    const auto refused = call(Method::kPost, "/apikeys", owner(), body);
    EXPECT_FALSE(refused.reply);
    EXPECT_FALSE(refused.recorded);
    if (refused.reply || refused.reply.error().fields.empty()) return std::string("none");
    return refused.reply.error().fields[0].field;
  };
  EXPECT_EQ(field_of(R"({"scopes":["keys:read"]})"), "name");
  EXPECT_EQ(field_of(R"({"name":"x"})"), "scopes");
  EXPECT_EQ(field_of(R"({"name":"x","scopes":["keys:read"],"role":"king"})"), "role");
  EXPECT_EQ(field_of(R"({"name":"x","scopes":["keys:read"],"serviceAccount":""})"),
            "serviceAccount");
  EXPECT_EQ(field_of(R"({"name":"x","scopes":["keys:read"],"expiresAt":"soon"})"), "expiresAt");
  EXPECT_EQ(field_of(R"({"name":"x","scopes":["keys:read"],"bindings":[{"type":"key","id":"1"}]})"),
            "bindings.0.id");
}

TEST_P(AccessRoutes, AListIsPaged) {
  make("one");
  make("two");
  const auto first = call(Method::kGet, "/apikeys", owner(), {}, "page=1&pageSize=2");
  EXPECT_THAT(first.body(), HasSubstr("\"total\":3,\"page\":1,\"pageSize\":2,\"hasMore\":true"));
  const auto last = call(Method::kGet, "/apikeys", owner(), {}, "page=2&page_size=2");
  EXPECT_THAT(last.body(), HasSubstr("\"hasMore\":false"));
  EXPECT_EQ(last.audited, 1U);
  expect_code(call(Method::kGet, "/apikeys", owner(), {}, "page=0").reply, Code::kInvalidArgument);
  expect_code(call(Method::kGet, "/apikeys", owner(), {}, "pageSize=201").reply,
              Code::kInvalidArgument);
}

TEST_P(AccessRoutes, DeleteRevokesAndMayBeRepeated) {
  const auto key = make("worker");
  for (int i = 0; i < 2; ++i) {
    const auto gone =
        call(Method::kDelete, "/apikeys/{id}", owner(), {}, {}, {key.record.id.to_string()});
    ASSERT_TRUE(gone.reply);
    EXPECT_EQ(gone.reply->status, 204);
    EXPECT_TRUE(gone.recorded);
  }
  EXPECT_THAT(
      call(Method::kGet, "/apikeys/{id}", owner(), {}, {}, {key.record.id.to_string()}).body(),
      HasSubstr("\"status\":\"revoked\""));
  expect_code(call(Method::kDelete, "/apikeys/{id}", owner(), {}, {}, {"not-a-uuid"}).reply,
              Code::kNotFound);
}

TEST_P(AccessRoutes, WhoamiSaysWhatTheKeyStandsFor) {
  const WallTime end = clock().wall() + std::chrono::hours(1);
  const auto key = make({.name = "worker",
                         .service_account = "robot",
                         .scopes = {"secrets:read"},
                         .bindings = {{"secret", {}, "db"}},
                         .expires_at = end});
  const auto who = call(Method::kGet, "/whoami", principal(text_of(key)));
  EXPECT_EQ(who.body(),
            "{\"tenantId\":\"" + tenant().tenant.id.to_string() + "\",\"serviceAccountId\":\"" +
                key.record.account.to_string() + "\",\"apiKeyId\":\"" + key.record.id.to_string() +
                "\",\"name\":\"robot\",\"role\":\"member\",\"scopes\":[\"secrets:read\"]"
                ",\"bindings\":[{\"type\":\"secret\",\"name\":\"db\"}],\"expiresAt\":\"" +
                end.to_string() + "\"}");
  EXPECT_EQ(who.audited, 1U);
}

TEST_P(AccessRoutes, RateLimitSaysWhereTheKeyStands) {
  const auto key = make({.name = "slow", .scopes = {"secrets:read"}, .rate_limit = 60});
  const auto who = expect(authenticate(text_of(key)));
  expect(service().admit(*who, "192.0.2.1", true));
  const auto shown = call(Method::kGet, "/rate-limit", who->principal);
  const auto reset = (clock().wall() + std::chrono::microseconds(1'999'999)).seconds();
  EXPECT_EQ(shown.body(), "{\"limit\":60,\"remaining\":59,\"reset\":" + std::to_string(reset) +
                              ",\"period\":\"minute\"}");
  EXPECT_EQ(shown.audited, 1U);
  EXPECT_THAT(call(Method::kGet, "/rate-limit", owner()).body(),
              HasSubstr("\"limit\":2147483647,\"remaining\":2147483647,"));
}

TEST_P(AccessRoutes, GroupsAnswerInBothSpellings) {
  const auto made = call(Method::kPost, "/resource-groups", owner(), R"({"name":"users-api"})");
  ASSERT_TRUE(made.reply) << made.reply.error().message;
  EXPECT_EQ(made.reply->status, 201);
  EXPECT_TRUE(made.recorded);
  for (const char* member : {"\"item_count\":0", "\"apiKeyCount\":0", "\"crypto_key_count\":0",
                             "\"secret_count\":0", "\"created_at\":", "\"createdAt\":"})
    EXPECT_THAT(made.body(), HasSubstr(member));
  const auto id = expect(service().list_groups(owner())).at(0).id.to_string();
  const auto key = make("worker");
  const auto added =
      call(Method::kPost, "/resource-groups/{id}/items", owner(),
           R"({"resource_type":"ApiKey","resource_id":")" + key.record.id.to_string() + R"("})", {},
           {id});
  ASSERT_TRUE(added.reply) << added.reply.error().message;
  EXPECT_EQ(added.reply->status, 204);
  const auto shown = call(Method::kGet, "/resource-groups/{id}", owner(), {}, {}, {id});
  EXPECT_THAT(shown.body(), HasSubstr("\"resource_name\":\"worker\""));
  EXPECT_THAT(shown.body(), HasSubstr("\"resource_type\":\"ApiKey\""));
  EXPECT_EQ(shown.audited, 1U);
  EXPECT_THAT(call(Method::kGet, "/resource-groups", owner()).body(),
              HasSubstr("\"total_count\":1"));
  expect_code(call(Method::kGet, "/resource-groups/{id}", owner(), {}, {}, {"x"}).reply,
              Code::kNotFound);
}

TEST_P(AccessRoutes, ExplainSaysWhoReachesAThingAndThroughWhat) {
  const auto group = expect(service().create_group(owner(), "g", "", event("group.create")));
  const auto id = expect(keys().find(tenant().tenant.id, "default-encryption")).id.uuid;
  expect(service().add_to_group(owner(), group.id, "CryptoKey", id, event("group.add_item")));
  const std::vector<std::string> scopes{"encryption:encrypt"};
  make({.name = "free", .scopes = scopes});
  make({.name = "by-name", .scopes = scopes, .bindings = {{"key", {}, "default-encryption"}}});
  make({.name = "by-group", .scopes = scopes, .bindings = {{"group", group.id, ""}}});
  make({.name = "elsewhere", .scopes = scopes, .bindings = {{"key", {}, "default-signing"}}});
  make("no-scope");
  const auto gone = make({.name = "gone", .scopes = scopes});
  expect(service().revoke(owner(), gone.record.id, event("apikey.revoke")));

  const auto told =
      call(Method::kGet, "/access/explain", owner(), {}, "type=key&id=" + id.to_string());
  ASSERT_TRUE(told.reply) << told.reply.error().message;
  EXPECT_EQ(told.audited, 1U);
  const std::string body = told.body();
  EXPECT_THAT(body, HasSubstr("\"name\":\"default-encryption\""));
  for (const char* there :
       {"\"keyName\":\"owner\"", "\"keyName\":\"free\"", "\"keyName\":\"by-name\"",
        "\"keyName\":\"by-group\"", "\"through\":\"tenant\"", "\"through\":\"binding\""})
    EXPECT_THAT(body, HasSubstr(there));
  EXPECT_THAT(body, HasSubstr("\"through\":\"group\",\"groupId\":\"" + group.id.to_string()));
  for (const char* absent : {"elsewhere", "no-scope", "gone"})
    EXPECT_THAT(body, Not(HasSubstr(absent)));
  EXPECT_EQ(
      call(Method::kGet, "/access/explain", owner(), {}, "type=key&name=default-encryption").body(),
      body);
}

// The statements are those of the certificates' room, which stands above this one.
TEST_P(AccessRoutes, ExplainSaysWhoReachesAnIdentity) {
  const std::vector<std::string> scopes{"certificates:issue"};
  make({.name = "bound", .scopes = scopes, .bindings = {{"identity", {}, "users-api"}}});
  make({.name = "elsewhere", .scopes = scopes, .bindings = {{"secret", {}, "users-api"}}});
  const auto told =
      call(Method::kGet, "/access/explain", owner(), {}, "type=identity&name=users-api");
  ASSERT_TRUE(told.reply) << told.reply.error().message;
  EXPECT_THAT(told.body(), HasSubstr("\"keyName\":\"bound\""));
  EXPECT_THAT(told.body(), Not(HasSubstr("elsewhere")));
}

TEST_P(AccessRoutes, ExplainIsForAdminsAndNamesWhatItNeeds) {
  const Principal member = principal(text_of(make("member", {"apikeys:read"})));
  const auto ask = [&](const Principal& who, std::string_view query) {
    return call(Method::kGet, "/access/explain", who, {}, query).reply;
  };
  expect_code(ask(member, "type=key&name=x"), Code::kPermissionDenied, "insufficient_scope");
  expect_code(ask(owner(), "type=door&name=x"), Code::kInvalidArgument);
  expect_code(ask(owner(), "type=key"), Code::kInvalidArgument);
  expect_code(ask(owner(), "type=key&id=x"), Code::kInvalidArgument);
  const auto other = expect(service().create_tenant({.name = "other"}, event("tenant.create")));
  const auto id = expect(keys().find(other.tenant.id, "default-encryption")).id;
  expect_code(ask(owner(), "type=key&id=" + id.to_string()), Code::kNotFound);
}

TEST_P(AccessRoutes, OwnersSeeTheirTenant) {
  const auto shown = call(Method::kGet, "/tenants/current", owner());
  EXPECT_EQ(shown.body(), "{\"id\":\"" + tenant().tenant.id.to_string() +
                              "\",\"name\":\"acme\",\"environment\":\"Development\"}");
  EXPECT_EQ(shown.audited, 1U);
  const Principal member = principal(text_of(make("member")));
  expect_code(call(Method::kGet, "/tenants/current", member).reply, Code::kPermissionDenied);
}

TEST_P(AccessRoutes, OperatorsMakeTenantsWhoseOwnersAreNone) {
  const auto made =
      call(Method::kPost, "/tenants", owner(), R"({"name":"globex","environment":"Production"})");
  ASSERT_TRUE(made.reply) << made.reply.error().message;
  EXPECT_EQ(made.reply->status, 201);
  EXPECT_TRUE(made.recorded);
  EXPECT_EQ(records("tenant.create").size(), 3U);  // the first's own, and one in either log
  const std::string body = made.body();
  const Principal stranger = principal(body.substr(body.find("qapi_"), 69));
  EXPECT_EQ(stranger.role, Role::kOwner);
  EXPECT_NE(stranger.tenant, owner().tenant);
  EXPECT_THAT(call(Method::kGet, "/tenants", owner()).body(),
              ::testing::AllOf(HasSubstr("acme"), HasSubstr("globex"), Not(HasSubstr("qapi_"))));
  EXPECT_THAT(call(Method::kGet, "/tenants/current", stranger).body(), HasSubstr("Production"));
  expect_code(call(Method::kPost, "/tenants", owner(), R"({"name":"globex"})").reply,
              Code::kConflict, "tenant_name_conflict");
  Principal bound = owner();
  bound.bindings = {{.type = "secret", .id = {}, .name = "a"}};
  Principal admin = owner();
  admin.role = Role::kAdmin;
  for (const Principal& other : {stranger, bound, admin}) {
    expect_code(call(Method::kGet, "/tenants", other).reply, Code::kPermissionDenied,
                "insufficient_scope");
    expect_code(call(Method::kPost, "/tenants", other, R"({"name":"initech"})").reply,
                Code::kPermissionDenied, "insufficient_scope");
  }
  EXPECT_THAT(call(Method::kGet, "/tenants", owner()).body(), Not(HasSubstr("initech")));
}

TEST_P(AccessRoutes, NeverBlockAnIoThread) {
  expect_code(call(Method::kGet, "/whoami", owner(), {}, {}, {}, false).reply, Code::kWouldBlock);
  expect_code(call(Method::kGet, "/apikeys", owner(), {}, {}, {}, false).reply, Code::kWouldBlock);
}

}  // namespace
}  // namespace quantumapi::access
