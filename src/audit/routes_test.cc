#include "audit/routes.h"

#include <gmock/gmock.h>

#include "audit/repository.h"
#include "audit/restored.h"
#include "audit/testing/test_audit.h"

namespace quantumapi::audit {
namespace {

using http::Reply;
using testing::expect;
using testing::expect_code;
using ::testing::HasSubstr;
using ::testing::Not;

class AuditRoutes : public testing::AuditTest {
 protected:
  struct Answer {
    Result<Reply> reply;
    std::size_t audited = 0;
    AuditEvent event{};  // the one that is recorded, of a refusal too
    [[nodiscard]] std::string body() const { return reply ? std::string(reply->body) : ""; }
  };
  Answer get(std::string_view path, std::string_view query = {}, bool may_block = true) {
    Principal who = who_;
    who.tenant = tenant();
    for (const http::Route& route : routes(service(), operators_)) {
      if (route.path != path) continue;
      http::Request request;
      request.query = query;
      request.arena = &arena_;
      http::Call call(request, who, happened(route.action), may_block);
      Answer answer{route.handler(call)};
      answer.audited = call.events.size();
      answer.event = call.events.empty() ? call.event() : call.events.front();
      return answer;
    }
    ADD_FAILURE() << "no route " << path;
    return {fail(Code::kNotFound, "no route")};
  }

  Principal who_;
  TenantId operators_;

 private:
  WipingArena arena_;
};
INSTANTIATE_TEST_SUITE_P(Engines, AuditRoutes, store::testing::engines(), store::testing::name_of);

TEST_P(AuditRoutes, AllNeedTheScopeAndAreAuditedThemselves) {
  drain();
  for (const http::Route& route : routes(service(), operators_)) {
    EXPECT_EQ(route.scope, "audit:read");
    EXPECT_EQ(route.category, "audit");
    EXPECT_FALSE(route.action.empty());
    const auto answer = get(route.path);
    ASSERT_TRUE(answer.reply) << route.path;
    EXPECT_EQ(answer.audited, 1U) << route.path;
    expect_code(get(route.path, {}, false).reply, Code::kWouldBlock);
  }
}

TEST_P(AuditRoutes, AListHasTheContractsMembers) {
  drain();
  AuditEvent full = happened_by("orders", "transit.encrypt");
  full.category = "keys";
  full.resource_type = "key";
  full.resource = account();
  full.resource_name = "a \"b\"";
  full.outcome = Outcome::kFailure;
  full.error = "not_found";
  full.algorithm = "ML-KEM-768";
  full.channel = "transit";
  full.key_version = 3;
  full.batch_size = 10;
  full.failed_items = 2;
  append_one(full);
  drain();
  const std::string body = get("/audit-logs", "keyId=" + account().to_string()).body();
  for (const std::string& member :
       {std::string(R"("action":"transit.encrypt")"), std::string(R"("category":"keys")"),
        std::string(R"("actor":"orders","actorType":"apiKey")"),
        std::string(R"("resourceType":"key","resourceId":")") + account().to_string() + "\"",
        std::string(R"("outcome":"failure")"), std::string(R"("resourceName":"a \"b\"")"),
        std::string(R"("error":"not_found","algorithm":"ML-KEM-768","keyVersion":3)"),
        std::string(R"("channel":"transit","ipAddress":"203.0.113.7","userAgent":"curl/8")"),
        std::string(R"("batchSize":10,"failedItems":2,"index":1)"),
        std::string(R"("totalCount":1,"totalIsBounded":false,"page":1,"pageSize":50)"),
        R"("timestamp":")" + full.time.to_string() + "\""})
    EXPECT_THAT(body, HasSubstr(member));
  EXPECT_THAT(body, Not(HasSubstr("null")));
}

TEST_P(AuditRoutes, TheActorOfAnEventWithoutOneIsNamed) {
  AuditEvent made = happened("platform.start");
  made.actor = {};
  append_one(made);
  made.actor.type = "system";
  append_one(made);
  made.actor.type = "apiKey";
  made.actor.api_key = stream_id(7);
  append_one(made);
  const std::string body = get("/audit-logs").body();
  EXPECT_THAT(body, HasSubstr(R"("actor":"API key 07070707-0707-0707-0707-070707070707")"));
  EXPECT_THAT(body, HasSubstr(R"("actor":"anonymous","actorType":"anonymous")"));
  EXPECT_THAT(body, HasSubstr(R"("actor":"system","actorType":"system")"));
}

TEST_P(AuditRoutes, CommaListsAndFoldedNamesWork) {
  append_one(happened("secret.read"));
  append_one(happened("secret.create"));
  append_one(happened("secret.delete"));
  const std::string body =
      get("/audit-logs", "action=secret.read,,secret.delete&page_size=10&category=secrets").body();
  EXPECT_THAT(body, HasSubstr("\"totalCount\":2"));
  EXPECT_THAT(body, HasSubstr("\"pageSize\":10"));
  for (const char* spaced :
       {"action=secret.read,%20secret.delete", "action=%20secret.read%20%20,secret.delete%20",
        "action=secret.read,+secret.delete,+&category=+secrets+,+keys"})
    EXPECT_THAT(get("/audit-logs", spaced).body(), HasSubstr("\"totalCount\":2")) << spaced;
  for (const char* unknown : {"secret.unknown", "KeyRetired"})
    EXPECT_THAT(get("/audit-logs", std::string("action=") + unknown).body(),
                HasSubstr("\"totalCount\":0"));
}

TEST_P(AuditRoutes, ActionsAreAlsoCalledAsThePublishedClientsDo) {
  const std::pair<const char*, const char*> kEvents[] = {
      {"payload.encrypt", "encryption"}, {"payload.sign", "encryption"}, {"key.create", "keys"}};
  for (const auto& [action, category] : kEvents) {
    AuditEvent one = happened(action);
    one.category = category;
    append_one(one);
  }
  drain();
  const auto found = [&](const std::string& query) { return get("/audit-logs", query).body(); };
  const std::string both = found("category=keys&action=Encrypt,KeyCreated");
  EXPECT_THAT(both, HasSubstr("\"payload.encrypt\""));
  EXPECT_THAT(both, HasSubstr("\"key.create\""));
  EXPECT_THAT(both, Not(HasSubstr("payload.sign")));
  EXPECT_THAT(found("action=Encrypt,Decrypt"), HasSubstr("\"totalCount\":1"));
  EXPECT_THAT(found("category=secrets&action=Encrypt"), HasSubstr("\"totalCount\":0"));
  EXPECT_THAT(found("category=keys&action=payload.encrypt"), HasSubstr("\"totalCount\":0"));
}

TEST_P(AuditRoutes, ABadParameterIsNamed) {
  const auto field_of = [&](const std::string& query) {
    const auto refused = get("/audit-logs", query);
    EXPECT_FALSE(refused.reply) << query;
    EXPECT_EQ(refused.audited, 0U);
    if (refused.reply || refused.reply.error().fields.empty()) return std::string("none");
    return refused.reply.error().fields[0].field;
  };
  EXPECT_EQ(field_of("page=0"), "page");
  EXPECT_EQ(field_of("pageSize=201"), "pageSize");
  EXPECT_EQ(field_of("keyId=nope"), "keyId");
  EXPECT_EQ(field_of("keyId="), "keyId");
  EXPECT_EQ(field_of("from=yesterday"), "from");
  EXPECT_EQ(field_of("to=2026-13-01"), "to");
  EXPECT_EQ(field_of("from=2026-01-02&to=2026-01-01"), "from");
  EXPECT_EQ(field_of("actor=" + std::string(101, 'a')), "actor");
  EXPECT_EQ(field_of("action=a." + std::string(99, 'a')), "action");
  std::string many = "category=keys";
  for (int i = 0; i < 20; ++i) many += ",keys";
  EXPECT_EQ(field_of(many), "category");
  // Each of these would find nothing, or everything, without a word.
  for (const char* none : {"KEYS", "nope", "keys,nope", "%20", ",", "keys%0A", "key s"})
    EXPECT_EQ(field_of(std::string("category=") + none), "category") << none;
  for (const char* none :
       {"Secret.read", "SECRET.READ", "secret%20.read", "secret.read%09", "secret", "secret.",
        ".read", "secret.read.all", "secret-read", "secret.read,READ", "secret.*", "%20,%20"})
    EXPECT_EQ(field_of(std::string("action=") + none), "action") << none;
  EXPECT_THAT(get("/audit-logs", "category=nope").reply.error().fields.at(0).message,
              HasSubstr("access, audit, certificates, encryption, entropy, keys, platform, "
                        "secrets"));
  EXPECT_TRUE(get("/audit-logs", "category=&action=").reply);
  EXPECT_EQ(field_of("category=keys&page=101&pageSize=100"), "page");
  EXPECT_TRUE(get("/audit-logs", "page=101&pageSize=100").reply);
  const auto export_field = get("/audit-logs/export", "fromIndex=99");
  expect_code(export_field.reply, Code::kInvalidArgument);
  EXPECT_EQ(export_field.reply.error().fields.at(0).field, "fromIndex");
}

TEST_P(AuditRoutes, AVerificationSaysWhatItFound) {
  AuditEvent made = happened("key.verify");
  append_one(made);
  EXPECT_THAT(get("/audit-logs", "action=key.verify").body(), HasSubstr("\"valid\":true"));
  made.action = "transit.verify";
  made.outcome = Outcome::kFailure;
  made.error = "invalid_signature";
  append_one(made);
  EXPECT_THAT(get("/audit-logs", "action=transit.verify").body(), HasSubstr("\"valid\":false"));
  made.action = "vault.verify";
  made.error = "not_found";
  append_one(made);
  EXPECT_THAT(get("/audit-logs", "action=vault.verify").body(), Not(HasSubstr("\"valid\"")));
}

TEST_P(AuditRoutes, AHugePageIsEmptyOrRefusedAndNothingElse) {
  append(3);
  drain();
  const auto far = get("/audit-logs", "page=1000000000&pageSize=200");
  ASSERT_TRUE(far.reply);
  EXPECT_THAT(far.body(), HasSubstr("\"items\":[]"));
  for (const char* page : {"1000000001", "9223372036854775807", "9223372036854775808",
                           "99999999999999999999999999", "-1", "1e3", "0x10"})
    expect_code(get("/audit-logs", std::string("page=") + page).reply, Code::kInvalidArgument);
}

TEST_P(AuditRoutes, TextThatLooksLikeAStatementIsOnlyText) {
  append(3);
  drain();
  for (const char* text : {"%27%20OR%20%271%27%3D%271", "x%27%3BDROP%20TABLE%20audit_segments%3B--",
                           "%25", "_", "%5C%22", "%0A%7B%7D"})
    for (const char* name : {"category=", "action=", "actor="}) {
      const auto answer = get("/audit-logs", std::string(name) + text);
      if (std::string_view(name) != "actor=") {
        expect_code(answer.reply, Code::kInvalidArgument);
        continue;
      }
      ASSERT_TRUE(answer.reply) << name << text;
      EXPECT_THAT(answer.body(), HasSubstr("\"totalCount\":0")) << name << text;
    }
  EXPECT_THAT(get("/audit-logs").body(), HasSubstr("\"totalCount\":4"));
}

TEST_P(AuditRoutes, AnExportWithKeyAndCheckpointVerifies) {
  append(20);
  drain();
  const auto exported = get("/audit-logs/export");
  ASSERT_TRUE(exported.reply);
  EXPECT_EQ(exported.reply->content_type, "application/x-ndjson");
  const auto report = check(lines_of(exported.reply->stream));
  EXPECT_TRUE(report.ok) << report.message;
  const auto key =
      expect(crypto::parse_ml_dsa_public_key_pem(get("/audit-logs/public-key").body()));
  EXPECT_EQ(expect(verify(get("/audit-logs/checkpoint").body(), key)).size, 20 + kSetUpEvents);
}

TEST_P(AuditRoutes, ThePlatformsLogIsForOwnersOfTheFirstTenant) {
  const Bytes wrapped = expect(keys().make_personal_key(TenantId{}, Uuid{}));
  expect(db().change([&](store::Transaction& tx) {
    return keys().put_personal_key(tx, TenantId{}, Uuid{}, wrapped, clock().wall());
  }));
  AuditEvent refused = happened("secret.read");
  refused.tenant = {};
  refused.actor = {};
  refused.outcome = Outcome::kDenied;
  refused.actor.personal = expect(keyring::seal_personal(
      expect(keys().personal_key(TenantId{}, Uuid{})), Uuid{}, "", "203.0.113.9", "curl/8"));
  append_one(refused);
  drain();
  const char* const kPaths[] = {"/audit-logs", "/audit-logs/export", "/audit-logs/public-key",
                                "/audit-logs/checkpoint"};
  const auto expect_refused = [&] {
    for (const char* path : kPaths)
      expect_code(get(path, "log=platform").reply, Code::kPermissionDenied, "insufficient_scope");
  };
  who_.role = Role::kOwner;
  expect_refused();  // of another tenant
  operators_ = tenant();
  who_.role = Role::kAdmin;
  expect_refused();
  who_.role = Role::kOwner;
  who_.bindings = {{.type = "secret", .id = {}, .name = "a"}};
  expect_refused();
  who_.bindings = {};
  for (const char* path : kPaths) EXPECT_TRUE(get(path, "log=platform").reply) << path;
  const std::string listed = get("/audit-logs", "log=platform").body();
  EXPECT_THAT(listed, ::testing::HasSubstr("203.0.113.9"));
  EXPECT_THAT(get("/audit-logs", "log=tenant").body(),
              ::testing::Not(::testing::HasSubstr("203.0.113.9")));
  EXPECT_NE(get("/audit-logs/public-key", "log=platform").body(),
            get("/audit-logs/public-key").body());
  expect_code(get("/audit-logs", "log=mine").reply, Code::kInvalidArgument);
}

// Both are recorded in the tenant's log: who reads the platform's is to be told from who reads it.
TEST_P(AuditRoutes, WhichLogWasReadIsRecorded) {
  append(3);
  drain();
  operators_ = tenant();
  for (const char* path :
       {"/audit-logs", "/audit-logs/export", "/audit-logs/public-key", "/audit-logs/checkpoint"}) {
    who_.role = Role::kOwner;
    const auto own = get(path);
    EXPECT_EQ(own.event.resource_type, "auditLog") << path;
    EXPECT_EQ(own.event.resource_name, "tenant") << path;
    EXPECT_EQ(get(path, "log=platform").event.resource_name, "platform") << path;
    who_.role = Role::kMember;
    const auto refused = get(path, "log=platform");
    expect_code(refused.reply, Code::kPermissionDenied, "insufficient_scope");
    EXPECT_EQ(refused.event.resource_name, "platform") << path;
  }
  who_.role = Role::kOwner;
  EXPECT_EQ(get("/audit-logs", "log=platform&page=0").event.resource_name, "platform");
  EXPECT_EQ(get("/audit-logs/export", "log=platform&fromIndex=x").event.resource_name, "platform");
}

TEST_P(AuditRoutes, ALogThatARestoreClosedIsExportedByItsId) {
  append(3);
  AuditEvent refused = happened("auth.refused");
  refused.tenant = {};
  append_one(refused);
  drain();
  const auto open = [&](TenantId of) {
    const auto head = expect(db().read([&](store::Transaction& tx) { return open_log(tx, of); }));
    return head ? head->log.to_string() : "";
  };
  const std::string old = open(tenant());
  const std::string platform = open({});
  clock().advance(std::chrono::seconds(1));
  expect(
      open_following_logs({db(), keys(), clock(), store().log()}, {{Uuid::v7(clock().wall()), 1}}));
  EXPECT_THAT(get("/audit-logs/checkpoint", "log=" + old).body(), HasSubstr(old + "\n4\n"));
  EXPECT_THAT(get("/audit-logs/checkpoint").body(), Not(HasSubstr(old)));
  const auto exported = get("/audit-logs/export", "log=" + old);
  EXPECT_TRUE(exported.reply);
  EXPECT_EQ(exported.event.resource.to_string(), old);
  EXPECT_EQ(exported.event.resource_name, "tenant");
  EXPECT_TRUE(get("/audit-logs/export", "log=" + open(tenant())).reply);
  for (const char* path : {"/audit-logs/export", "/audit-logs/checkpoint"}) {
    expect_code(get(path, "log=" + account().to_string()).reply, Code::kNotFound);
    expect_code(get(path, "log=" + platform).reply, Code::kNotFound);  // not the caller's
    expect_code(get(path, "log=mine").reply, Code::kInvalidArgument);
  }
  expect_code(get("/audit-logs", "log=" + old).reply, Code::kInvalidArgument);
  who_.role = Role::kOwner;
  operators_ = tenant();
  const auto platforms = get("/audit-logs/export", "log=" + platform);
  EXPECT_TRUE(platforms.reply);
  EXPECT_EQ(platforms.event.resource.to_string(), platform);
  EXPECT_EQ(platforms.event.resource_name, "platform");
  EXPECT_THAT(get("/audit-logs/checkpoint", "log=" + platform).body(), HasSubstr(platform));
}

}  // namespace
}  // namespace quantumapi::audit
