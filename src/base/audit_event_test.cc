#include "base/audit_event.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/encoding.h"
#include "base/json.h"
#include "base/secret_bytes.h"

namespace quantumapi::base {
namespace {

constexpr char kNil[] = "00000000-0000-0000-0000-000000000000";

Uuid id_of(std::uint8_t octet) {
  Uuid id;
  id.octets.fill(octet);
  return id;
}

AuditEvent full_event() {
  AuditEvent event;
  event.tenant = {id_of(0x11)};
  event.time = WallTime{1'795'456'800'000'001};
  event.request = {id_of(0x22)};
  event.action = "encryption.encrypt";
  event.category = "encryption";
  event.actor = {.type = "apiKey",
                 .account = id_of(0x33),
                 .api_key = id_of(0x44),
                 .personal = Bytes{0xFB, 0xFF, 0x00, 0x01}};
  event.resource_type = "key";
  event.resource = id_of(0x55);
  event.resource_name = "main";
  event.outcome = Outcome::kFailure;
  event.error = "decryption_failed";
  event.algorithm = "ML-KEM-768";
  event.channel = "eaas";
  event.key_version = 3;
  event.batch_size = 100;
  event.failed_items = 0;
  return event;
}

std::string record_of(const AuditEvent& event) {
  std::string record;
  encode_record(event, record);
  return record;
}

TEST(AuditRecord, IsCanonicalWithEveryMember) {
  EXPECT_EQ(record_of(full_event()),
            R"({"account":"33333333-3333-3333-3333-333333333333","action":"encryption.encrypt",)"
            R"("actorType":"apiKey","algorithm":"ML-KEM-768",)"
            R"("apiKey":"44444444-4444-4444-4444-444444444444","batchSize":100,)"
            R"("category":"encryption","channel":"eaas","error":"decryption_failed",)"
            R"("failedItems":0,"keyVersion":3,"outcome":"failure","personal":"+/8AAQ==",)"
            R"("request":"22222222-2222-2222-2222-222222222222",)"
            R"("resource":"55555555-5555-5555-5555-555555555555","resourceName":"main",)"
            R"("resourceType":"key","tenant":"11111111-1111-1111-1111-111111111111",)"
            R"("time":"2026-11-23T18:00:00.000001Z","v":1})");
}

TEST(AuditRecord, OmitsWhatIsAbsentAndKeepsNilIds) {
  AuditEvent event;
  event.action = "platform.start";
  event.category = "platform";
  const std::string nil = kNil;
  EXPECT_EQ(record_of(event),
            "{\"account\":\"" + nil +
                "\",\"action\":\"platform.start\",\"actorType\":\"anonymous\","
                "\"category\":\"platform\",\"outcome\":\"success\",\"request\":\"" +
                nil + "\",\"resource\":\"" + nil + "\",\"resourceType\":\"none\",\"tenant\":\"" +
                nil + "\",\"time\":\"1970-01-01T00:00:00.000000Z\",\"v\":1}");
}

TEST(AuditRecord, SortsItsMembersByName) {
  WipingArena arena;
  const auto value = json::parse(record_of(full_event()), arena);
  ASSERT_TRUE(value);
  EXPECT_EQ(value->members.size(), 20U);
  EXPECT_TRUE(std::ranges::is_sorted(value->members, {}, &json::Member::name));
}

TEST(AuditRecord, AppendsToWhatStands) {
  std::string out = "before";
  encode_record(full_event(), out);
  EXPECT_EQ(out, "before" + record_of(full_event()));
}

TEST(AuditRecord, EscapesNamesSoThatNoneCanForgeAMember) {
  AuditEvent event = full_event();
  event.resource_name = "x\",\"outcome\":\"success\n\x01";
  WipingArena arena;
  const std::string record = record_of(event);
  const auto value = json::parse(record, arena);
  ASSERT_TRUE(value) << record;
  EXPECT_EQ(value->find("resourcename")->text, event.resource_name);
  EXPECT_EQ(value->find("outcome")->text, "failure");
  EXPECT_NE(record.find(R"(x\",\"outcome\":\"success\n\u0001)"), std::string::npos);
}

TEST(AuditRecord, StaysUtf8WhateverTheName) {
  AuditEvent event = full_event();
  event.resource_name = "caf\xE9";
  EXPECT_TRUE(is_utf8(record_of(event)));
  event.resource_name = "caf\xC3\xA9";
  EXPECT_NE(record_of(event).find("\"caf\xC3\xA9\""), std::string::npos);
}

TEST(AuditRecord, DiffersWhereAnyPartOfTheEventDiffers) {
  const std::string base = record_of(full_event());
  const auto changed = [&](auto change) {
    AuditEvent event = full_event();
    change(event);
    return record_of(event) != base;
  };
  EXPECT_TRUE(changed([](AuditEvent& e) { e.tenant = {}; }));
  EXPECT_TRUE(changed([](AuditEvent& e) { ++e.time.micros; }));
  EXPECT_TRUE(changed([](AuditEvent& e) { e.request = {}; }));
  EXPECT_TRUE(changed([](AuditEvent& e) { e.action = "x"; }));
  EXPECT_TRUE(changed([](AuditEvent& e) { e.category = "x"; }));
  EXPECT_TRUE(changed([](AuditEvent& e) { e.actor.type = "user"; }));
  EXPECT_TRUE(changed([](AuditEvent& e) { e.actor.account = {}; }));
  EXPECT_TRUE(changed([](AuditEvent& e) { e.actor.api_key = {}; }));
  EXPECT_TRUE(changed([](AuditEvent& e) { e.actor.personal.pop_back(); }));
  EXPECT_TRUE(changed([](AuditEvent& e) { e.resource_type = "x"; }));
  EXPECT_TRUE(changed([](AuditEvent& e) { e.resource = {}; }));
  EXPECT_TRUE(changed([](AuditEvent& e) { e.resource_name = "x"; }));
  EXPECT_TRUE(changed([](AuditEvent& e) { e.outcome = Outcome::kDenied; }));
  EXPECT_TRUE(changed([](AuditEvent& e) { e.error.clear(); }));
  EXPECT_TRUE(changed([](AuditEvent& e) { e.algorithm = {}; }));
  EXPECT_TRUE(changed([](AuditEvent& e) { e.channel = "transit"; }));
  EXPECT_TRUE(changed([](AuditEvent& e) { e.key_version = 4; }));
  EXPECT_TRUE(changed([](AuditEvent& e) { e.batch_size.reset(); }));
  EXPECT_TRUE(changed([](AuditEvent& e) { e.failed_items.reset(); }));
}

}  // namespace
}  // namespace quantumapi::base
