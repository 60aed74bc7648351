#include "audit/record.h"

#include <gtest/gtest.h>

#include "base/audit_event.h"

namespace quantumapi::audit {
namespace {

AuditEvent full_event() {
  AuditEvent event;
  event.time = {1'800'000'000'123'456};
  event.tenant.uuid.octets.fill(1);
  event.request.uuid.octets.fill(2);
  event.action = "secret.read";
  event.category = "secrets";
  event.actor.type = "apiKey";
  event.actor.account.octets.fill(3);
  event.actor.api_key.octets.fill(4);
  event.actor.personal = {1, 2, 3};
  event.resource_type = "secret";
  event.resource.octets.fill(5);
  event.resource_name = "a\"b\\c\n\x01\xC3\xBC\\";
  event.outcome = Outcome::kDenied;
  event.error = "insufficient_scope";
  event.algorithm = "ML-KEM-768";
  event.channel = "transit";
  event.key_version = 7;
  event.batch_size = 100;
  event.failed_items = 0;
  return event;
}

std::string record_of(const AuditEvent& event) {
  std::string record;
  base::encode_record(event, record);
  return record;
}

TEST(RecordView, ReadsEveryMemberThatIsWritten) {
  const std::string record = record_of(full_event());
  const auto view = RecordView::parse(record);
  ASSERT_TRUE(view) << record;
  EXPECT_EQ(view->tenant, "01010101-0101-0101-0101-010101010101");
  EXPECT_EQ(view->request, "02020202-0202-0202-0202-020202020202");
  EXPECT_EQ(view->account, "03030303-0303-0303-0303-030303030303");
  EXPECT_EQ(view->api_key, "04040404-0404-0404-0404-040404040404");
  EXPECT_EQ(view->resource, "05050505-0505-0505-0505-050505050505");
  EXPECT_EQ(view->time, WallTime{1'800'000'000'123'456}.to_string());
  EXPECT_EQ(view->action, "secret.read");
  EXPECT_EQ(view->category, "secrets");
  EXPECT_EQ(view->actor_type, "apiKey");
  EXPECT_EQ(view->personal, "AQID");
  EXPECT_EQ(view->resource_type, "secret");
  EXPECT_EQ(unescape(view->resource_name), full_event().resource_name);
  EXPECT_EQ(view->outcome, "denied");
  EXPECT_EQ(view->error, "insufficient_scope");
  EXPECT_EQ(view->algorithm, "ML-KEM-768");
  EXPECT_EQ(view->channel, "transit");
  EXPECT_EQ(view->key_version, 7);
  EXPECT_EQ(view->batch_size, 100);
  EXPECT_EQ(view->failed_items, 0);
}

TEST(RecordView, LeavesAbsentMembersEmpty) {
  const std::string record = record_of(AuditEvent{});
  const auto view = RecordView::parse(record);
  ASSERT_TRUE(view);
  EXPECT_EQ(view->resource_name, "");
  EXPECT_EQ(view->personal, "");
  EXPECT_FALSE(view->key_version);
}

TEST(RecordView, PassesOverMembersItDoesNotKnow) {
  const auto view = RecordView::parse(R"({"aaa":"x","action":"a.b","tomorrow":3,"zzz":"\""})");
  ASSERT_TRUE(view);
  EXPECT_EQ(view->action, "a.b");
}

TEST(RecordView, RefusesEveryCutRecord) {
  const std::string record = record_of(full_event());
  for (std::size_t size = 0; size < record.size(); ++size)
    EXPECT_FALSE(RecordView::parse(std::string_view(record).substr(0, size))) << size;
  EXPECT_FALSE(RecordView::parse(record + "x"));
  EXPECT_FALSE(RecordView::parse(R"({"a":[1]})"));
}

TEST(RecordTerms, AreThoseOfTheRecord) {
  const std::string of_secret = record_of(full_event());
  const auto terms = RecordTerms::find(of_secret);
  ASSERT_TRUE(terms);
  EXPECT_EQ(terms->action, "secret.read");
  EXPECT_EQ(terms->category, "secrets");
  EXPECT_EQ(terms->key, "");
  EXPECT_EQ(terms->time, full_event().time.to_string());
  AuditEvent about_key = full_event();
  about_key.resource_type = "key";
  const std::string of_key = record_of(about_key);
  EXPECT_EQ(RecordTerms::find(of_key)->key, about_key.resource.to_string());
}

TEST(RecordTerms, AreNotFooledByWhatANameHolds) {
  AuditEvent event = full_event();
  event.resource_name = R"(x","resourceType":"key","time":"1999)";
  event.error = R"(","category":"forged","resource":")";
  const std::string record = record_of(event);
  const auto terms = RecordTerms::find(record);
  ASSERT_TRUE(terms);
  EXPECT_EQ(terms->category, "secrets");
  EXPECT_EQ(terms->key, "");
  EXPECT_EQ(terms->time, event.time.to_string());
}

TEST(RecordTerms, OfACutRecordAreRefused) {
  const std::string record = record_of(full_event());
  const std::size_t time = record.find(",\"time\"");
  for (std::size_t size = 0; size < time + 30; ++size)
    EXPECT_FALSE(RecordTerms::find(std::string_view(record).substr(0, size))) << size;
}

TEST(Unescape, UndoesWhatCanonicalRecordsEscape) {
  for (int c = 0; c < 128; ++c) {
    AuditEvent event;
    event.resource_name = std::string("x") + static_cast<char>(c) + "y";
    const std::string record = record_of(event);
    const auto view = RecordView::parse(record);
    ASSERT_TRUE(view) << c;
    EXPECT_EQ(unescape(view->resource_name), event.resource_name) << c;
  }
}

TEST(Unescape, OfBrokenEscapesStaysInBounds) {
  for (const char* text : {"\\", "\\u", "\\u0", "\\u00", "\\u000", "a\\"}) (void)unescape(text);
  EXPECT_EQ(unescape("a\\"), "a\\");
}

}  // namespace
}  // namespace quantumapi::audit
