// Lists with filters of several kinds: what they find, count and leave unread.
#include <gmock/gmock.h>

#include <random>

#include "audit/record.h"
#include "audit/repository.h"
#include "audit/restored.h"
#include "audit/retention.h"
#include "audit/testing/test_audit.h"

namespace quantumapi::audit {
namespace {

using ::testing::ElementsAre;
using testing::expect;
using ::testing::IsEmpty;

class CombinedFilters : public testing::AuditTest {
 protected:
  struct Made {
    std::string category, action, name;
    std::optional<Uuid> key;
    WallTime time;
  };

  void SetUp() override {
    AuditTest::SetUp();
    drain();
    clock().advance(std::chrono::seconds(1));
    start_ = clock().wall();
  }

  static Uuid key(std::uint8_t n) {
    Uuid key;
    key.octets.fill(n);
    return key;
  }
  Page list(const Filter& filter) { return expect(service().list(tenant(), filter)); }
  static std::vector<std::string> names(const Page& page) {
    std::vector<std::string> found;
    for (const Entry& entry : page.entries)
      found.push_back(unescape(expect(RecordView::parse(entry.record)).resource_name));
    return found;
  }

  // make appends one event of each, a millisecond apart.
  void make(std::vector<Made> all) {
    std::vector<AuditEvent> events;
    for (Made& one : all) {
      clock().jump_wall(std::chrono::milliseconds(1));
      one.time = clock().wall();
      one.name = std::to_string(made_.size() + events.size());
      AuditEvent& event = events.emplace_back(happened(one.action, one.name));
      event.category = one.category;
      if (one.key) {
        event.resource_type = "key";
        event.resource = *one.key;
      }
    }
    append(std::move(events));  // views what was made
    std::ranges::move(all, std::back_inserter(made_));
  }
  // mix makes `count` events in which nearly everything meets.
  void mix(std::size_t count) {
    std::vector<Made> all;
    for (std::size_t i = 0; i < count; ++i) {
      Made& one = all.emplace_back();
      one.category = kCategories.at(random_() % kCategories.size());
      // Two of the actions are of one category each, as they are in truth.
      const std::size_t action = random_() % 3;
      one.action = action == 2 ? one.category + ".only" : kActions.at(action);
      if (const auto n = random_() % 4; n > 0) one.key = key(static_cast<std::uint8_t>(n));
    }
    make(std::move(all));
  }

  // expect_all holds filters of all kinds against a look at each event. What is counted may be
  // less where `exact` is not given, and then the page says so.
  void expect_all(bool exact, std::size_t oldest = 0) {
    const std::vector<std::vector<std::string>> categories{
        {}, {"orders"}, {"secrets", "billing", "secrets"}, {"none"}};
    const std::vector<std::vector<std::string>> actions{
        {}, {"key.read"}, {"secret.read", "orders.only", "none"}, {"billing.only"}, {"none"}};
    for (const auto& some : categories)
      for (const auto& other : actions)
        for (const auto& of : {std::optional<Uuid>(), std::optional(key(2)), std::optional(key(9))})
          for (const bool bounded : {false, true}) {
            if (some.empty() && other.empty() && !of) continue;
            Filter filter{.categories = some, .actions = other, .key = of};
            if (bounded) {
              filter.from = start_ + std::chrono::milliseconds(500);
              filter.to = start_ + std::chrono::milliseconds(1900);
            }
            expect_one(filter, exact, oldest);
          }
  }

  // forget_combinations leaves the log as a version has it that knows none, but keys alone.
  void forget_combinations() {
    static const store::Statement kKeys{
        "test.keys",
        "INSERT INTO audit_terms (log, term, segment, count) "
        "SELECT log, 'k:' || substr(term, 5, 36), segment, CAST(sum(count) AS BIGINT) "
        "FROM audit_terms WHERE term LIKE 'kca:%' GROUP BY log, substr(term, 5, 36), segment"};
    execute(kKeys, {});
    static const store::Statement kForget{
        "test.forget", "DELETE FROM audit_terms WHERE term LIKE 'ca:%' OR term LIKE 'kca:%'"};
    static const store::Statement kFrom{
        "test.from", "UPDATE audit_heads SET combined_from = (size + 255) / 256"};
    execute(kForget, {});
    execute(kFrom, {});
  }
  // spoil makes every segment unreadable.
  void spoil() {
    static const store::Statement kSpoil{"test.spoil", "UPDATE audit_segments SET leaves = :x"};
    execute(kSpoil, {{"x", Bytes{1}}});
    EXPECT_FALSE(service().list(tenant(), {}));
  }

 private:
  void expect_one(Filter filter, bool exact, std::size_t oldest) {
    const auto in = [](const std::vector<std::string>& wanted, const std::string& value) {
      return wanted.empty() || std::ranges::find(wanted, value) != wanted.end();
    };
    std::vector<std::string> wanted;
    for (std::size_t i = made_.size(); i-- > oldest;) {
      const Made& one = made_[i];
      if (in(filter.categories, one.category) && in(filter.actions, one.action) &&
          (!filter.key || one.key == filter.key) && (!filter.from || one.time >= *filter.from) &&
          (!filter.to || one.time <= *filter.to))
        wanted.push_back(one.name);
    }
    std::vector<std::string> found;
    filter.page_size = 60;
    for (;; ++filter.page) {
      const Page page = list(filter);
      const auto some = names(page);
      const auto total = static_cast<std::size_t>(page.total);
      const bool counted = exact || !page.total_is_bounded;
      EXPECT_TRUE(counted ? total == wanted.size() : total <= wanted.size()) << total;
      EXPECT_FALSE(exact && page.total_is_bounded);
      found.insert(found.end(), some.begin(), some.end());
      if (some.empty()) break;
    }
    EXPECT_EQ(found, wanted) << ::testing::PrintToString(filter.categories)
                             << ::testing::PrintToString(filter.actions) << filter.key.has_value();
  }

  static constexpr std::array<const char*, 3> kCategories{"orders", "secrets", "billing"};
  static constexpr std::array<const char*, 2> kActions{"key.read", "secret.read"};
  std::minstd_rand random_;
  std::vector<Made> made_;
  WallTime start_;
};
INSTANTIATE_TEST_SUITE_P(Engines, CombinedFilters, store::testing::engines(),
                         store::testing::name_of);

TEST_P(CombinedFilters, ThatNeverMeetFindNothingAndReadNoSegment) {
  for (int round = 0; round < 4; ++round) {
    std::vector<Made> all;
    for (int i = 0; i < 300; ++i)
      all.push_back(i % 2 == 0 ? Made{.category = "keys", .action = "key.read", .key = key(1)}
                               : Made{.category = "secrets", .action = "secret.read"});
    all.push_back({.category = "keys", .action = "key.rotate", .key = key(2)});
    make(std::move(all));
    drain();
  }
  spoil();
  for (const Filter& filter :
       {Filter{.categories = {"keys"}, .actions = {"secret.read"}},
        Filter{.categories = {"secrets"}, .actions = {"key.read", "none"}},
        Filter{.actions = {"key.rotate"}, .key = key(1)},
        Filter{.categories = {"secrets"}, .key = key(2)},
        Filter{.categories = {"keys"}, .actions = {"key.read"}, .key = key(2)},
        Filter{.categories = {"none"}, .actions = {"none"}, .key = key(3)}}) {
    const Page page = list(filter);
    EXPECT_THAT(page.entries, IsEmpty());
    EXPECT_EQ(page.total, 0);
    EXPECT_FALSE(page.total_is_bounded);
  }
}

TEST_P(CombinedFilters, FindTheFewThatMeetAndCountThemAll) {
  for (int round = 0; round < 14; ++round) {
    std::vector<Made> all;
    for (int i = 0; i < 256; ++i)
      all.push_back(i % 2 == 0 ? Made{.category = "keys", .action = "key.read", .key = key(1)}
                               : Made{.category = "keys", .action = "key.rotate", .key = key(2)});
    all[100] = {.category = "keys", .action = "key.rotate", .key = key(1)};
    make(std::move(all));
    drain();
  }
  // In each segment, key and action most often meet others: no more than a page of them is read.
  const Filter filter{.actions = {"key.rotate"}, .key = key(1), .page_size = 2};
  const auto name = [](int round) { return std::to_string(round * 256 + 100); };
  const Page page = list(filter);
  EXPECT_THAT(names(page), ElementsAre(name(13), name(12)));
  EXPECT_EQ(page.total, 14);
  EXPECT_FALSE(page.total_is_bounded);
  Filter last = filter;
  last.page = 7;
  EXPECT_THAT(names(list(last)), ElementsAre(name(1), name(0)));
  EXPECT_EQ(list(last).total, 14);
  last.categories = {"keys"};
  EXPECT_THAT(names(list(last)), ElementsAre(name(1), name(0)));
  EXPECT_EQ(list(last).total, 14);
}

TEST_P(CombinedFilters, FindWhatALookAtEachEventFinds) {
  for (int round = 0; round < 7; ++round) {
    mix(300);
    if (round < 6) drain();
  }
  expect_all(true);
}

TEST_P(CombinedFilters, GoOnIntoWhatWasWrittenWithoutCombinations) {
  for (int round = 0; round < 4; ++round) {
    mix(300);
    drain();
  }
  forget_combinations();  // within a segment, which then has them in part
  expect_all(false);
  for (int round = 0; round < 4; ++round) {
    mix(300);
    drain();
    if (round == 0) expect_all(false);
  }
  mix(50);
  expect_all(false);
}

TEST_P(CombinedFilters, GoOnThroughTheLogsOfARestoredTenant) {
  const auto restore = [&] {
    clock().advance(std::chrono::milliseconds(1));
    expect(open_following_logs({db(), keys(), clock(), store().log()},
                               {{Uuid::v7(clock().wall()), 1}}));
    clock().advance(std::chrono::milliseconds(1));
  };
  mix(600);
  drain();
  forget_combinations();
  mix(400);
  drain();
  restore();
  mix(700);
  drain();
  restore();
  mix(300);
  drain();
  mix(20);
  expect_all(false);
}

TEST_P(CombinedFilters, EndWhereRetentionDid) {
  for (int round = 0; round < 7; ++round) {
    mix(300);
    drain();
  }
  EXPECT_EQ(expect(drop_surplus(db(), tenant(), 1000)), 4U);
  expect_all(true, 4 * kSegmentSize - kSetUpEvents);
  forget_combinations();
  mix(600);
  drain();
  expect_all(false, 4 * kSegmentSize - kSetUpEvents);
  EXPECT_EQ(expect(drop_surplus(db(), tenant(), 600)), 4U);  // up to what has combinations
  expect_all(false, 8 * kSegmentSize - kSetUpEvents);
}

TEST_P(CombinedFilters, MayHoldAnyCharacters) {
  make({{.category = "keys", .action = "key.read", .key = key(1)},
        {.category = "secrets", .action = "secret.read"}});
  drain();
  const std::string id = key(1).to_string();
  for (const std::string& odd :
       {std::string("\""), std::string("keys\"key.read"), std::string("key.read\""),
        std::string("keys\""), std::string("\"key.read"), id + "\"keys", std::string("ca:keys"),
        std::string("%"), std::string("_"), std::string("key"), std::string("'; --"),
        std::string("\\"), std::string("\x01"), std::string("schlüssel")}) {
    for (const Filter& filter :
         {Filter{.categories = {odd}, .actions = {"key.read"}},
          Filter{.categories = {"keys"}, .actions = {odd}},
          Filter{.categories = {odd}, .actions = {odd}}, Filter{.actions = {odd}, .key = key(1)},
          Filter{.categories = {odd}, .key = key(1)},
          Filter{.categories = {odd}, .actions = {"key.read"}, .key = key(1)}})
      EXPECT_EQ(list(filter).total, 0) << odd;
    Filter both{.categories = {odd, "keys"}, .actions = {"key.read", odd}};
    EXPECT_EQ(list(both).total, 1) << odd;
    both.key = key(1);
    EXPECT_EQ(list(both).total, 1) << odd;
  }
}

}  // namespace
}  // namespace quantumapi::audit
