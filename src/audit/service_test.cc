#include "audit/service.h"

#include <gmock/gmock.h>

#include "audit/record.h"
#include "audit/testing/test_audit.h"

namespace quantumapi::audit {
namespace {

using ::testing::ElementsAre;
using testing::expect;
using testing::expect_code;
using ::testing::IsEmpty;

class Listing : public testing::AuditTest {
 protected:
  Page list(const Filter& filter) { return expect(service().list(tenant(), filter)); }
  // names are the resource names of a page.
  static std::vector<std::string> names(const Page& page) {
    std::vector<std::string> found;
    for (const Entry& entry : page.entries)
      found.push_back(unescape(expect(RecordView::parse(entry.record)).resource_name));
    return found;
  }
  void tick() { clock().advance(std::chrono::seconds(1)); }
  AuditEvent of_key(const Uuid& key, std::string name) {
    AuditEvent made = happened("key.read", std::move(name));
    made.category = "keys";
    made.resource_type = "key";
    made.resource = key;
    return made;
  }
};
INSTANTIATE_TEST_SUITE_P(Engines, Listing, store::testing::engines(), store::testing::name_of);

TEST_P(Listing, ShowsTheNewestFirstAndWhatStillWaits) {
  drain();
  tick();
  append(2);
  drain();
  tick();
  append(1, 2);  // not sequenced yet
  const Page page = list({});
  EXPECT_EQ(page.total, 3 + 1);
  EXPECT_FALSE(page.total_is_bounded);
  EXPECT_THAT(names(page), ElementsAre("2", "1", "0", "audit"));
  EXPECT_FALSE(page.entries[0].index);
  EXPECT_EQ(page.entries[1].index, 2U);
  EXPECT_EQ(page.entries[3].index, 0U);
}

TEST_P(Listing, CallsAnEventTheSameBeforeAndAfterItIsSequenced) {
  append(1);
  const Uuid before = list({}).entries.at(0).id;
  drain();
  EXPECT_EQ(list({}).entries.at(0).id, before);
}

TEST_P(Listing, OfATenantWithoutEventsIsEmpty) {
  const Page page = expect(service().list(new_tenant(), {}));
  EXPECT_EQ(page.total, 0);
  EXPECT_THAT(page.entries, IsEmpty());
}

TEST_P(Listing, ShowsNoOtherTenantsEvents) {
  append(5);
  const TenantId other = new_tenant();
  AuditEvent theirs = happened("secret.read", "theirs");
  theirs.tenant = other;
  append_one(theirs);
  EXPECT_EQ(list({}).total, 5 + 1);
  EXPECT_THAT(names(expect(service().list(other, {}))), ElementsAre("theirs"));
  drain();
  EXPECT_EQ(list({}).total, 5 + 1);
  for (const Entry& entry : expect(service().list(other, {})).entries)
    EXPECT_TRUE(entry.record.contains(other.to_string()));
}

TEST_P(Listing, PagesThroughAllEventsOnce) {
  drain();
  append(700);
  drain();
  tick();
  append(30, 700);
  std::vector<std::string> seen;
  for (std::int64_t n = 1; n <= 8; ++n) {
    const Page page = list({.page = n, .page_size = 100});
    EXPECT_EQ(page.total, 731);
    const auto part = names(page);
    EXPECT_EQ(part.size(), n == 8 ? 31U : 100U);
    seen.insert(seen.end(), part.begin(), part.end());
  }
  ASSERT_EQ(seen.size(), 731U);
  for (std::size_t i = 0; i < 730; ++i) ASSERT_EQ(seen[i], std::to_string(729 - i));
  EXPECT_THAT(list({.page = 9, .page_size = 100}).entries, IsEmpty());
  EXPECT_THAT(list({.page = 1'000'000, .page_size = 200}).entries, IsEmpty());
}

TEST_P(Listing, FiltersByCategoryAndAction) {
  drain();
  for (const char* action : {"secret.read", "secret.create", "secret.delete"})
    append_one(happened(action, action));
  drain();
  append_one(happened("secret.read", "waiting"));
  EXPECT_THAT(names(list({.actions = {"secret.delete", "secret.create"}})),
              ElementsAre("secret.delete", "secret.create"));
  EXPECT_THAT(names(list({.categories = {"secrets"}, .actions = {"secret.read"}})),
              ElementsAre("waiting", "secret.read"));
  EXPECT_EQ(list({.categories = {"secrets"}}).total, 4);
  EXPECT_THAT(names(list({.categories = {"keys"}, .actions = {"secret.read"}})), IsEmpty());
  EXPECT_THAT(names(list({.actions = {"secret.rea"}})), IsEmpty());
}

TEST_P(Listing, FindsTheFewEventsOfAKeyAmongMany) {
  Uuid key;
  key.octets.fill(7);
  append_one(of_key(key, "first"));
  append(600);
  append_one(of_key(key, "second"));
  append(600);
  drain();
  append_one(of_key(key, "third"));
  const Page page = list({.key = key});
  EXPECT_THAT(names(page), ElementsAre("third", "second", "first"));
  EXPECT_EQ(page.total, 3);
  EXPECT_THAT(names(list({.key = key, .page = 2, .page_size = 2})), ElementsAre("first"));
  EXPECT_THAT(list({.key = account()}).entries, IsEmpty());
  EXPECT_THAT(list({.categories = {"secrets"}, .key = key}).entries, IsEmpty());
}

TEST_P(Listing, BoundsTimeOnBothSidesInclusively) {
  drain();
  std::vector<WallTime> times;
  for (std::size_t i = 0; i < 600; ++i) {
    tick();
    times.push_back(clock().wall());
    append(1, i);
  }
  drain();
  tick();
  append(1, 600);
  EXPECT_THAT(names(list({.from = times[300], .to = times[302]})),
              ElementsAre("302", "301", "300"));
  EXPECT_EQ(list({.from = times[0]}).total, 601);
  EXPECT_EQ(list({.to = times[0] - std::chrono::microseconds(1)}).total, 1);
  EXPECT_EQ(list({.from = clock().wall() + std::chrono::seconds(1)}).total, 0);
  EXPECT_THAT(names(list({.from = clock().wall()})), ElementsAre("600"));
}

TEST_P(Listing, OpensTheActorAndFindsItByAPart) {
  append_one(happened_by("Orders Service", "secret.read"));
  append_one(happened_by("billing", "secret.create"));
  drain();
  append_one(happened_by("orders-canary", "secret.delete"));
  const Page page = list({.actor = "orders"});
  ASSERT_EQ(page.entries.size(), 2U);
  EXPECT_EQ(page.entries[0].personal.label, "orders-canary");
  EXPECT_EQ(page.entries[1].personal.label, "Orders Service");
  EXPECT_EQ(page.entries[1].personal.address, "203.0.113.7");
  EXPECT_EQ(page.entries[1].personal.user_agent, "curl/8");
  EXPECT_THAT(list({.actor = "nobody"}).entries, IsEmpty());
}

TEST_P(Listing, ForgetsWhoItWasAfterAnErasureButNotWhat) {
  append_one(happened_by("orders", "secret.read"));
  drain();
  static const store::Statement kErase{"test.erase",
                                       "DELETE FROM personal_keys WHERE principal = :id"};
  execute(kErase, {{"id", account()}});
  forget();
  const Page page = list({.actions = {"secret.read"}});
  ASSERT_EQ(page.entries.size(), 1U);
  EXPECT_EQ(page.entries[0].personal.label, "");
  EXPECT_THAT(list({.actor = "orders"}).entries, IsEmpty());
  EXPECT_TRUE(check(export_lines()).ok);  // the tree does not depend on the key
}

TEST_P(Listing, CountsFilteredEventsUpToABound) {
  for (std::size_t i = 0; i < 6; ++i) append(2'000, i * 2'000);
  drain();
  const Page page = list({.categories = {"secrets"}});
  EXPECT_GE(page.total, 10'000);
  EXPECT_LT(page.total, 12'000);
  EXPECT_TRUE(page.total_is_bounded);
  EXPECT_EQ(list({}).total, 12'000 + 1);
}

TEST_P(Listing, CountsTheSameFromTheIndexAsByReading) {
  const auto mixed = [&](std::size_t count) {
    std::vector<AuditEvent> events;
    for (std::size_t i = 0; i < count; ++i) {
      AuditEvent& made = events.emplace_back(happened(i % 3 == 0   ? "key.read"
                                                      : i % 3 == 1 ? "secret.read"
                                                                   : "secret.create"));
      if (i % 3 == 0) made.category = "keys";
    }
    append(std::move(events));
  };
  for (int i = 0; i < 6; ++i) {
    mixed(300);
    drain();
  }
  tick();
  mixed(40);
  const auto counts = [&] {
    std::vector<std::int64_t> totals;
    for (const Filter& filter :
         {Filter{.categories = {"keys"}}, Filter{.categories = {"secrets"}},
          Filter{.actions = {"secret.read"}}, Filter{.actions = {"secret.read", "key.read"}},
          Filter{.actions = {"secret.read", "secret.read"}},
          Filter{.actions = {"secret.read"}, .page = 3, .page_size = 200},
          Filter{.categories = {"keys"}, .page = 4, .page_size = 200},
          Filter{.categories = {"keys", "secrets"}, .actions = {"secret.create"}}}) {
      const Page page = list(filter);
      EXPECT_FALSE(page.total_is_bounded);
      totals.push_back(page.total);
      totals.push_back(static_cast<std::int64_t>(page.entries.size()));
    }
    return totals;
  };
  const auto counted = counts();
  EXPECT_EQ(counted[0], 6 * 100 + 14 + 1);  // the tenant's own first event is one of keys
  EXPECT_EQ(counted[1], 50);
  static const store::Statement kForget{"test.forget", "UPDATE audit_terms SET count = NULL"};
  execute(kForget, {});
  EXPECT_EQ(counts(), counted);
  // A row without a count stays so, whatever is added to it.
  mixed(300);
  drain();
  EXPECT_EQ(list({.categories = {"keys"}}).total, counted[0] + 100);
}

TEST_P(Listing, CountsWithinTimesWhateverTheirOrder) {
  struct Made {
    WallTime time;
    bool read;
  };
  std::vector<Made> all;
  std::vector<WallTime> ends;
  const auto burst = [&](std::size_t count, std::chrono::milliseconds jump) {
    clock().jump_wall(jump);
    std::vector<AuditEvent> events;
    for (std::size_t i = 0; i < count; ++i) {
      clock().jump_wall(std::chrono::milliseconds(1));
      all.push_back({clock().wall(), i % 2 == 0});
      events.push_back(happened(i % 2 == 0 ? "secret.read" : "secret.list"));
    }
    ends.push_back(clock().wall());
    append(std::move(events));
    drain();
  };
  drain();
  tick();  // away from the tenant's own first event
  // Clocks that are set back, a little and by more than a segment.
  for (const int jump : {0, 0, 5'000, 0, -200, 0, 0, 9'000, -1'000, 0, 100, 0})
    burst(300, std::chrono::milliseconds(jump));
  const auto counted = [&](const Filter& filter) {
    return std::ranges::count_if(all, [&](const Made& one) {
      return (!filter.from || one.time >= *filter.from) && (!filter.to || one.time <= *filter.to) &&
             (filter.actions.empty() || one.read);
    });
  };
  const WallTime oldest = all.front().time;
  for (const WallTime end : ends) {
    for (const auto& actions :
         {std::vector<std::string>{}, std::vector<std::string>{"secret.read"}})
      for (const auto& [from, to] :
           {std::pair<std::optional<WallTime>, std::optional<WallTime>>{oldest, end},
            {end, std::nullopt},
            {end - std::chrono::milliseconds(700), end + std::chrono::milliseconds(700)}}) {
        const Filter filter{.actions = actions, .from = from, .to = to};
        const Page page = list(filter);
        EXPECT_EQ(page.total, counted(filter)) << end.to_string() << " " << actions.size();
        EXPECT_FALSE(page.total_is_bounded);
      }
  }
}

// Segments of older versions lack the terms of several kinds.
TEST_P(Listing, SaysThatItCountedNotAllWhereOnlyReadingWouldTell) {
  for (int round = 0; round < 6; ++round) {
    std::vector<AuditEvent> events;
    for (std::size_t i = 0; i < 900; ++i) {
      AuditEvent& made = events.emplace_back(happened(i % 3 == 0 ? "key.read" : "key.rotate"));
      if (i % 3 != 2) made.category = "keys";
    }
    append(std::move(events));
    drain();
  }
  static const store::Statement kOlder{"test.older",
                                       "UPDATE audit_heads SET combined_from = (size + 255) / 256"};
  execute(kOlder, {});
  // No segment has only events of the category or only such of the action.
  const Page page = list({.categories = {"keys"}, .actions = {"key.read"}, .page_size = 200});
  EXPECT_EQ(page.entries.size(), 200U);
  EXPECT_TRUE(page.total_is_bounded);
  EXPECT_GT(page.total, 200);
  EXPECT_LT(page.total, 6 * 300);
  const Page last =
      list({.categories = {"keys"}, .actions = {"key.read"}, .page = 9, .page_size = 200});
  EXPECT_EQ(last.entries.size(), 200U);
  EXPECT_EQ(last.total, 6 * 300);
}

TEST_P(Listing, HasNoCheckpointBeforeTheFirstRound) {
  expect_code(service().newest_checkpoint(tenant()), Code::kNotFound);
  drain();
  EXPECT_TRUE(service().newest_checkpoint(tenant()));
}

}  // namespace
}  // namespace quantumapi::audit
