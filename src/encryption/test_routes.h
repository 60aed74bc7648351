// EncryptionRoutes: requests through the routing table to their handlers, for tests of this room.
#pragma once

#include <algorithm>
#include <list>
#include <string>
#include <vector>

#include "encryption/routes.h"
#include "keyring/testing/test_keyring.h"

namespace quantumapi::encryption {

using http::Method;
using keyring::KeyRecord;
using keyring::Purpose;
using keyring::testing::expect;
using keyring::testing::expect_code;
using keyring::testing::KeyringTest;

// Sent is one request through the routing table to its handler, as the server does it.
struct Sent {
  Result<http::Reply> reply = fail(Code::kInternal, "not sent");
  std::string body;
  std::vector<AuditEvent> events;
  bool recorded = false;
  AuditEvent concerns;  // what the event of a refusal is made of
  const http::Route* route = nullptr;
};

class EncryptionRoutes : public KeyringTest {
 protected:
  void SetUp() override {
    KeyringTest::SetUp();
    service_ = std::make_unique<EncryptionService>(keys());
    quota_ = std::make_unique<EntropyQuota>(db(), 0);
    router_ = std::make_unique<http::Router>(routes(*service_, keys(), entropy(), *quota_));
    mine_.tenant = new_tenant();
    key_ = create(mine_.tenant, "fields");
  }

  Sent send(const Principal& by, Method method, std::string_view path, std::string_view body = {},
            std::string_view query = {}, bool may_block = true, bool csprng = false) {
    const auto match = expect(router_->find(method, path));
    Sent sent;
    sent.route = match.route;
    if (match.route == nullptr) return sent;
    WipingArena arena;
    http::Request request;
    request.method = method;
    request.path = path;
    request.query = query;
    request.body = body;
    request.id = RequestId::make(clock().wall());
    request.arena = &arena;
    if (csprng) request.headers.push_back({"x-allow-csprng", "true"});
    http::Call call(request, by, event(match.route->action), may_block);
    call.parameters = match.parameters;
    auto reply = match.route->handler(call);
    if (reply) sent.body = std::string(reply->body);
    sent.reply = reply ? Result<http::Reply>(http::Reply{.status = reply->status, .body = {}})
                       : Result<http::Reply>(std::unexpected(reply.error()));
    sent.events = call.events;
    sent.recorded = call.in_transaction;
    sent.concerns = call.event();
    return sent;
  }
  Sent post(std::string_view path, std::string_view body, bool may_block = true) {
    return send(mine_, Method::kPost, path, body, {}, may_block);
  }
  Sent get(std::string_view path, std::string_view query = {}) {
    return send(mine_, Method::kGet, path, {}, query);
  }
  Sent random(std::string_view body) {
    return send(mine_, Method::kPost, "/api/v1/qrng/entropy", body, {}, true, true);
  }

  json::Value parsed(const Sent& sent) {
    EXPECT_TRUE(sent.reply) << sent.reply.error().message;
    return expect(json::parse(texts_.emplace_back(sent.body), memory_));
  }
  // member is the value of exactly this spelling, or null.
  static const json::Value* member(const json::Value& object, std::string_view name) {
    for (const json::Member& each : object.members)
      if (each.name == name) return &each.value;
    return nullptr;
  }
  static std::string text(const json::Value& object, std::string_view name) {
    const json::Value* value = member(object, name);
    return value == nullptr ? "(absent)" : std::string(value->text);
  }
  static std::int64_t integer(const json::Value& object, std::string_view name) {
    const json::Value* value = member(object, name);
    return value == nullptr ? -1 : value->integer;
  }

  Principal mine_;
  KeyRecord key_;
  std::unique_ptr<EncryptionService> service_;
  std::unique_ptr<EntropyQuota> quota_;
  std::unique_ptr<http::Router> router_;

 private:
  std::pmr::monotonic_buffer_resource memory_;
  std::list<std::string> texts_;
};
inline std::string quoted(std::string_view name, std::string_view value) {
  return "\"" + std::string(name) + "\":\"" + std::string(value) + "\"";
}

inline void expect_field(const Sent& sent, std::string_view field, std::string_view reason = {}) {
  expect_code(sent.reply, Code::kInvalidArgument, reason);
  ASSERT_EQ(sent.reply.error().fields.size(), 1U);
  EXPECT_EQ(sent.reply.error().fields[0].field, field);
}

}  // namespace quantumapi::encryption
