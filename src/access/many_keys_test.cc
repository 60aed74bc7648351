// What is done often with API keys stays bound to an index, however many there are.
#include <gmock/gmock.h>

#include "access/testing/observed_store.h"
#include "access/testing/test_access.h"

namespace quantumapi::access {
namespace {

using keyring::testing::expect;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr int kKeys = 2000;  // enough for the planners to prefer an index

class ManyKeys : public testing::AccessTest {
 protected:
  void SetUp() override {
    AccessTest::SetUp();
    copy(make("worker").record.id);
  }
  // copy fills the table with rows like that of `key`.
  void copy(ApiKeyId key) {
    static const store::Statement kCopy{
        "test.copy_key",
        R"sql(INSERT INTO api_keys (id, tenant, account, lookup, mac_key, mac, name, role, scopes,
                                    bindings, created_by, created_at, revision)
              SELECT :id, tenant, account, lookup, mac_key, mac, name, role, scopes, bindings,
                     created_by, created_at + :n, 1 FROM api_keys WHERE id = :key)sql"};
    expect(db().change([&](store::Transaction& tx) -> Status {
      for (int n = 0; n < kKeys; ++n) {
        const ApiKeyId id = ApiKeyId::make(clock().wall());
        TRY(tx.execute(kCopy, {{"id", id}, {"n", n}, {"key", key}}));
      }
      return {};
    }));
    static const store::Statement kAnalyze{"test.analyze", "ANALYZE"};
    expect(db().change([&](store::Transaction& tx) { return tx.execute(kAnalyze, {}); }));
  }
  // plan_of is that of the service's own statement `name`, as `use` of the service runs it.
  template <typename Use>
  std::string plan_of(std::string_view name, Use use) {
    Metrics metrics;
    Logger log(2, LogLevel::kError);
    testing::ObservedStore observed(db(), {.clock = clock(), .log = log, .metrics = metrics});
    AccessService seen(observed.database(), keys(), entropy(), clock());
    observed.explain();
    use(seen);
    return observed.plan_of(name);
  }
  // uses_index expects that no table of keys is read whole.
  void uses_index(const std::string& plan) {
    EXPECT_THAT(plan, Not(HasSubstr("SCAN k")));
    EXPECT_THAT(plan, Not(HasSubstr("Seq Scan on api_keys")));
    EXPECT_THAT(plan, HasSubstr(db().dialect() == store::Dialect::kSqlite ? "SEARCH" : "Index"))
        << plan;
  }
};
INSTANTIATE_TEST_SUITE_P(Engines, ManyKeys, store::testing::engines(), store::testing::name_of);

TEST_P(ManyKeys, AuthenticationFindsItsRowByTheIndex) {
  uses_index(plan_of("access.find_key", [&](AccessService& seen) {
    EXPECT_TRUE(seen.authenticate(owner_text(), clock().wall(), true));
  }));
}

TEST_P(ManyKeys, APageOfTheListIsReadInTheIndexsOrder) {
  const std::string shown = plan_of("access.list_keys", [&](AccessService& seen) {
    EXPECT_EQ(expect(seen.list_keys(owner(), 0, 50)).keys.size(), 50U);
  });
  uses_index(shown);
  EXPECT_THAT(shown, Not(HasSubstr("TEMP B-TREE")));
  EXPECT_THAT(shown, Not(HasSubstr("Sort")));
}

TEST_P(ManyKeys, TheCountOfAListReadsNoKeys) {
  const std::string shown = plan_of("access.total", [&](AccessService& seen) {
    EXPECT_EQ(expect(seen.list_keys(owner(), 0, 1)).total, 2);
  });
  EXPECT_THAT(shown, HasSubstr("counters"));
  EXPECT_THAT(shown, Not(HasSubstr("on api_keys")));
}

}  // namespace
}  // namespace quantumapi::access
