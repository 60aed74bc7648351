// What is done often with API keys stays bound to an index, however many there are.
#include <gmock/gmock.h>

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
  std::string plan(const store::Statement& statement, store::Params params) {
    const bool sqlite = db().dialect() == store::Dialect::kSqlite;
    std::string text;
    expect(db().read([&](store::Transaction& tx) {
      return tx.each(statement, params, [&](const store::Row& row) -> Status {
        text.append(row.text(sqlite ? 3 : 0)).append("\n");
        return {};
      });
    }));
    return text;
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
  static const store::Statement kPlan{
      "test.plan_find",
      "EXPLAIN QUERY PLAN SELECT k.id, k.mac FROM api_keys k"
      " JOIN service_accounts a ON a.id = k.account LEFT JOIN api_key_uses u ON u.id = k.id"
      " WHERE k.id = :id",
      "EXPLAIN SELECT k.id, k.mac FROM api_keys k"
      " JOIN service_accounts a ON a.id = k.account LEFT JOIN api_key_uses u ON u.id = k.id"
      " WHERE k.id = :id"};
  uses_index(plan(kPlan, {{"id", tenant().owner_key.record.id}}));
}

TEST_P(ManyKeys, APageOfTheListIsReadInTheIndexsOrder) {
  static const store::Statement kPlan{
      "test.plan_list",
      R"sql(EXPLAIN QUERY PLAN SELECT k.id, k.name, a.name, u.used_at
            FROM api_keys k JOIN service_accounts a ON a.id = k.account
                 LEFT JOIN api_key_uses u ON u.id = k.id
            WHERE k.tenant = :tenant
            ORDER BY k.created_at DESC, k.id DESC LIMIT 50 OFFSET 0)sql",
      R"sql(EXPLAIN SELECT k.id, k.name, a.name, u.used_at
            FROM api_keys k JOIN service_accounts a ON a.id = k.account
                 LEFT JOIN api_key_uses u ON u.id = k.id
            WHERE k.tenant = :tenant
            ORDER BY k.created_at DESC, k.id DESC LIMIT 50 OFFSET 0)sql"};
  const std::string shown = plan(kPlan, {{"tenant", tenant().tenant.id}});
  uses_index(shown);
  EXPECT_THAT(shown, Not(HasSubstr("TEMP B-TREE")));
  EXPECT_THAT(shown, Not(HasSubstr("Sort")));
}

}  // namespace
}  // namespace quantumapi::access
