#include <gtest/gtest.h>

#include "store/migrations.h"

namespace quantumapi::store {
namespace {
TEST(CheckSql, RefusesTheEnginesClock) {
  EXPECT_FALSE(check_sql("SELECT id FROM t WHERE at < now()"));
}
}  // namespace
}  // namespace quantumapi::store
