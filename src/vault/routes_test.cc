#include "vault/routes.h"

#include "vault/test_vault.h"

namespace quantumapi::vault {
namespace {

// Sent is one request through the routing table to its handler, as the server does it.
struct Sent {
  Result<http::Reply> reply = fail(Code::kInternal, "not sent");
  std::string body;
  std::vector<AuditEvent> events;
  bool recorded = false;
  std::string_view scope;
};

class VaultRoutes : public VaultTest {
 protected:
  Sent send(const Principal& by, http::Method method, std::string_view path,
            std::string_view query = {}, std::string_view body = {}, bool may_block = true) {
    const http::Router router(routes(vault()));
    const auto match = expect(router.find(method, path));
    Sent sent;
    if (match.route == nullptr) {
      sent.reply = fail(Code::kNotFound, "no route");
      return sent;
    }
    WipingArena arena;
    http::Request request;
    request.method = method;
    request.path = path;
    request.query = query;
    request.body = body;
    request.arena = &arena;
    http::Call call(request, by, event(match.route->action), may_block);
    call.parameters = match.parameters;
    auto reply = match.route->handler(call);
    if (reply) sent.body = std::string(reply->body);
    sent.reply = reply ? Result<http::Reply>(http::Reply{
                             .status = reply->status, .body = {}, .headers = reply->headers})
                       : Result<http::Reply>(std::unexpected(reply.error()));
    sent.events = call.events;
    sent.recorded = call.in_transaction;
    sent.scope = match.route->scope;
    return sent;
  }

  json::Value parsed(const std::string& body) { return expect(json::parse(body, memory_)); }
  static std::string member(const json::Value& object, std::string_view folded) {
    const json::Value* value = object.find(folded);
    return value == nullptr ? "(absent)" : std::string(value->text);
  }
  std::string create_by_route(std::string_view body) {
    const Sent sent = send(mine(), http::Method::kPost, "/v1/secrets", {}, body);
    EXPECT_TRUE(sent.reply) << sent.reply.error().message;
    return member(parsed(sent.body), "id");
  }

 private:
  std::pmr::monotonic_buffer_resource memory_;
};
INSTANTIATE_TEST_SUITE_P(Engines, VaultRoutes, store::testing::engines(), store::testing::name_of);

using http::Method;

TEST_P(VaultRoutes, CreateAnswersTheSecretWithItsValueAndPlace) {
  const Sent sent = send(mine(), Method::kPost, "/api/v1/secrets", {},
                         R"({"name":"db","value":"v\n","content_type":"text/plain",
                             "customFields":[{"a":1}],"labels":["Env","b c"]})");
  ASSERT_TRUE(sent.reply) << sent.reply.error().message;
  EXPECT_EQ(sent.reply->status, 201);
  EXPECT_EQ(sent.scope, "secrets:write");
  EXPECT_TRUE(sent.recorded);
  EXPECT_TRUE(sent.events.empty()) << "an event belongs to the transaction or to the reply";
  const auto secret = parsed(sent.body);
  EXPECT_EQ(member(secret, "value"), "v\n");
  EXPECT_EQ(member(secret, "name"), "db");
  EXPECT_EQ(secret.find("version")->integer, 1);
  EXPECT_TRUE(sent.body.contains(R"("contentType":"text/plain")"));
  EXPECT_TRUE(sent.body.contains(R"("content_type":"text/plain")"));
  EXPECT_TRUE(sent.body.contains(R"("labels":["Env","b c"])"));
  EXPECT_TRUE(sent.body.contains(R"("customFields":[{"a":1}])"));
  for (const char* needed : {"id", "createdat", "isactive", "isfavorite", "hastotp", "updatedat"})
    EXPECT_NE(secret.find(needed), nullptr) << needed;
  EXPECT_FALSE(sent.body.contains("null"));
  ASSERT_EQ(sent.reply->headers.size(), 1U);
  EXPECT_EQ(sent.reply->headers[0].second, "/api/v1/secrets/" + member(secret, "id"));
}

TEST_P(VaultRoutes, ReadShowsSealedFieldsOnlyWhenAskedFor) {
  const std::string id = create_by_route(
      R"({"name":"db","value":"v","username":"u","notes":"n","totp_secret":"ABC",
          "urls":[{"url":"https://x"}]})");
  const Sent plain = send(mine(), Method::kGet, "/v1/secrets/" + id);
  ASSERT_TRUE(plain.reply);
  EXPECT_EQ(member(parsed(plain.body), "value"), "v");
  EXPECT_TRUE(plain.body.contains(R"("hasTotp":true)"));
  for (const char* sealed : {"username", "notes", "urls", "totpSecret"})
    EXPECT_FALSE(plain.body.contains(sealed)) << sealed;
  const Sent some = send(mine(), Method::kGet, "/v1/secrets/" + id, "include=userName,urls");
  EXPECT_EQ(member(parsed(some.body), "username"), "u");
  EXPECT_TRUE(some.body.contains(R"("urls":[{"url":"https://x"}])"));
  EXPECT_FALSE(some.body.contains("notes"));
  const Sent all = send(mine(), Method::kGet, "/v1/secrets/by-name/db", "include=all");
  EXPECT_EQ(member(parsed(all.body), "notes"), "n");
  EXPECT_EQ(member(parsed(all.body), "totpsecret"), "ABC");
  const Sent metadata = send(mine(), Method::kGet, "/v1/secrets/" + id, "include=metadata");
  EXPECT_EQ(member(parsed(metadata.body), "notes"), "n");
  EXPECT_FALSE(metadata.body.contains("totpSecret"));
}

TEST_P(VaultRoutes, AReadIsAnEventOfItsReplyThatNamesTheSecret) {
  const std::string id = create_by_route(R"({"name":"db","value":"v"})");
  const Sent sent = send(mine(), Method::kGet, "/v1/secrets/" + id);
  ASSERT_EQ(sent.events.size(), 1U);
  EXPECT_EQ(sent.events[0].action, "secret.read");
  EXPECT_EQ(sent.events[0].resource_type, "secret");
  EXPECT_EQ(sent.events[0].resource.to_string(), id);
  EXPECT_EQ(sent.events[0].resource_name, "db");
  EXPECT_FALSE(sent.recorded);
}

TEST_P(VaultRoutes, AMissOnAnIoThreadAuditsNothing) {
  const std::string id = create_by_route(R"({"name":"db","value":"v"})");
  const Sent miss = send(mine(), Method::kGet, "/v1/secrets/" + id, {}, {}, false);
  expect_code(miss.reply, Code::kWouldBlock);
  EXPECT_TRUE(miss.events.empty());
  send(mine(), Method::kGet, "/v1/secrets/" + id);
  const Sent hit = send(mine(), Method::kGet, "/v1/secrets/" + id, {}, {}, false);
  EXPECT_TRUE(hit.reply);
}

TEST_P(VaultRoutes, NamesWithSlashesAreOneSegment) {
  create_by_route(R"({"name":"prod/db 1","value":"v"})");
  const Sent sent = send(mine(), Method::kGet, "/v1/secrets/by-name/prod%2Fdb%201");
  ASSERT_TRUE(sent.reply) << sent.reply.error().message;
  EXPECT_EQ(member(parsed(sent.body), "value"), "v");
}

TEST_P(VaultRoutes, AnIdThatIsNoUuidIsNotFound) {
  expect_code(send(mine(), Method::kGet, "/v1/secrets/db").reply, Code::kNotFound);
  expect_code(send(mine(), Method::kDelete, "/v1/secrets/db").reply, Code::kNotFound);
}

TEST_P(VaultRoutes, ListCarriesThePageInBothSpellingsAndNoValue) {
  create_by_route(R"({"name":"a","value":"hidden-value","description":"d"})");
  create_by_route(R"({"name":"b","value":"hidden-value"})");
  const Sent sent = send(mine(), Method::kGet, "/v1/secrets", "page=1&page_size=1");
  ASSERT_TRUE(sent.reply);
  EXPECT_FALSE(sent.body.contains("hidden-value"));
  EXPECT_TRUE(sent.body.contains(R"("total":2)"));
  for (const char* part : {R"("pageSize":1)", R"("page_size":1)", R"("hasMore":true)",
                           R"("has_more":true)", R"("created_at":)", R"("is_active":true)"})
    EXPECT_TRUE(sent.body.contains(part)) << part;
  ASSERT_EQ(sent.events.size(), 1U);
  expect_code(send(mine(), Method::kGet, "/v1/secrets", "page=0").reply, Code::kInvalidArgument);
  expect_code(send(mine(), Method::kGet, "/v1/secrets", "pageSize=201").reply,
              Code::kInvalidArgument);
}

TEST_P(VaultRoutes, PutHistoryAndDeleteGoTogether) {
  const std::string id = create_by_route(R"({"name":"db","value":"v1"})");
  const Sent put =
      send(mine(), Method::kPut, "/v1/secrets/" + id + "/value", {}, R"({"value":"v2"})");
  ASSERT_TRUE(put.reply);
  EXPECT_TRUE(put.recorded);
  EXPECT_EQ(parsed(put.body).find("version")->integer, 2);
  EXPECT_EQ(member(parsed(put.body), "value"), "v2");
  const Sent history = send(mine(), Method::kGet, "/v1/secrets/" + id + "/history");
  ASSERT_TRUE(history.reply);
  const auto versions = parsed(history.body).find("versions")->items;
  ASSERT_EQ(versions.size(), 2U);
  EXPECT_EQ(versions[0].find("version")->integer, 2);
  EXPECT_EQ(member(versions[0], "value"), "(absent)");
  const Sent old = send(mine(), Method::kGet, "/v1/secrets/" + id, "version=1");
  EXPECT_EQ(member(parsed(old.body), "value"), "v1");
  const Sent removed = send(mine(), Method::kDelete, "/v1/secrets/" + id);
  ASSERT_TRUE(removed.reply);
  EXPECT_EQ(removed.reply->status, 204);
  EXPECT_TRUE(removed.recorded);
  expect_code(send(mine(), Method::kGet, "/v1/secrets/" + id).reply, Code::kNotFound);
}

TEST_P(VaultRoutes, VersionsAreListedWholeWhereHistoryIsShort) {
  const std::string id = create_by_route(R"({"name":"db","value":"v"})");
  for (int i = 0; i < 6; ++i)
    ASSERT_TRUE(
        send(mine(), Method::kPut, "/v1/secrets/" + id + "/value", {}, R"({"value":"w"})").reply);
  const Sent history = send(mine(), Method::kGet, "/v1/secrets/" + id + "/history");
  const Sent versions = send(mine(), Method::kGet, "/v1/secrets/" + id + "/versions");
  EXPECT_EQ(parsed(history.body).find("versions")->items.size(), 5U);
  ASSERT_EQ(parsed(versions.body).find("versions")->items.size(), 7U);
  EXPECT_TRUE(versions.body.contains(R"("created_at":)"));
  ASSERT_EQ(versions.events.size(), 1U);
  EXPECT_EQ(versions.events[0].resource.to_string(), id);
}

TEST_P(VaultRoutes, ARollbackShowsTheValueOnlyToAKeyThatMayRead) {
  const std::string id = create_by_route(R"({"name":"db","value":"first"})");
  const std::string path = "/v1/secrets/" + id;
  send(mine(), Method::kPut, path + "/value", {}, R"({"value":"second"})");
  const Sent seen = send(mine(), Method::kPost, path + "/rollback", {}, R"({"version":1})");
  ASSERT_TRUE(seen.reply) << seen.reply.error().message;
  EXPECT_TRUE(seen.recorded);
  EXPECT_EQ(member(parsed(seen.body), "value"), "first");
  EXPECT_EQ(parsed(seen.body).find("version")->integer, 3);
  Principal writer = mine();
  writer.scopes = {"secrets:write"};
  const Sent blind = send(writer, Method::kPost, path + "/rollback", {}, R"({"version":2})");
  ASSERT_TRUE(blind.reply) << blind.reply.error().message;
  EXPECT_FALSE(blind.body.contains("second"));
  EXPECT_EQ(member(parsed(send(mine(), Method::kGet, path).body), "value"), "second");
}

TEST_P(VaultRoutes, AWriteThatSaysItIsARollbackIsRecordedAsOne) {
  const std::string id = create_by_route(R"({"name":"db","value":"first"})");
  const std::string path = "/v1/secrets/" + id + "/value";
  const Sent sent =
      send(mine(), Method::kPut, path, {}, R"({"value":"first","restoredFromVersion":1})");
  ASSERT_TRUE(sent.reply) << sent.reply.error().message;
  EXPECT_EQ(records("secret.rollback").size(), 1U);
  // Another value than that version's is no rollback to it, whatever is said.
  ASSERT_TRUE(
      send(mine(), Method::kPut, path, {}, R"({"value":"new","restoredFromVersion":1})").reply);
  EXPECT_EQ(records("secret.rollback").size(), 1U);
  EXPECT_EQ(records("secret.update").size(), 1U);
  for (const char* version : {"0", "-1", "4294967297", "9"}) {
    const Sent bad = send(mine(), Method::kPut, path, {},
                          R"({"value":"x","restored_from_version":)" + std::string(version) + "}");
    expect_code(bad.reply, Code::kInvalidArgument);
    ASSERT_EQ(bad.reply.error().fields.size(), 1U);
    EXPECT_EQ(bad.reply.error().fields[0].field, "restoredFromVersion");
  }
}

TEST_P(VaultRoutes, BadBodiesNameTheirFieldAndChangeNothing) {
  const std::pair<const char*, const char*> cases[] = {
      {R"({"value":"v"})", "name"},
      {R"({"name":"db"})", "value"},
      {R"({"name":"","value":"v"})", "name"},
      {R"({"name":"db","value":7})", "value"},
      {R"({"name":"db","value":"v","urls":[{"url":1}]})", "urls"},
      {R"({"name":"db","value":"v","customFields":{"a":1}})", "customFields"},
      {R"({"name":"db","value":"v","labels":{"a":"b"}})", "labels"},
      {R"({"name":"db","value":"v","labels":["a","a"]})", "labels"},
      {R"({"name":"db","value":"v","expiresAt":"2001-01-01T00:00:00Z"})", "expiresAt"},
  };
  for (const auto& [body, field] : cases) {
    const Sent sent = send(mine(), Method::kPost, "/v1/secrets", {}, body);
    ASSERT_FALSE(sent.reply) << body;
    EXPECT_EQ(sent.reply.error().code, Code::kInvalidArgument) << body;
    ASSERT_EQ(sent.reply.error().fields.size(), 1U) << body;
    EXPECT_EQ(sent.reply.error().fields[0].field, field);
    EXPECT_FALSE(sent.recorded);
  }
  EXPECT_EQ(expect(vault().list(mine(), {})).total, 0);
}

TEST_P(VaultRoutes, ATakenNameIsAConflictWithItsOwnCode) {
  create_by_route(R"({"name":"db","value":"v"})");
  const Sent sent = send(mine(), Method::kPost, "/v1/secrets", {}, R"({"name":"db","value":"w"})");
  expect_code(sent.reply, Code::kConflict, "secret_name_conflict");
  EXPECT_FALSE(sent.recorded);
}

}  // namespace
}  // namespace quantumapi::vault
