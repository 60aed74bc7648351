#include "store/audit_frame.h"

#include <gtest/gtest.h>

#include "store/testing/pending.h"

namespace quantumapi::store {
namespace {

Bytes two_frames() {
  Bytes frames;
  AuditEvent first = testing::event("first");
  first.tenant = TenantId::make({1});
  append_frame(frames, first);
  append_frame(frames, testing::event("second"));
  return frames;
}

TEST(AuditFrame, GivesBackTheTenantAndTheExactRecord) {
  Bytes frames;
  AuditEvent event = testing::event("first");
  event.tenant = TenantId::make({1});
  append_frame(frames, event);
  const auto parsed = parse_frames(frames, 1);
  ASSERT_TRUE(parsed);
  std::string record;
  encode_record(event, record);
  EXPECT_EQ((*parsed)[0].record, record);
  EXPECT_EQ((*parsed)[0].tenant, event.tenant);
}

TEST(AuditFrame, TheLengthIsBigEndianAndCountsWhatFollows) {
  Bytes frames;
  append_frame(frames, testing::event());
  const std::size_t length = static_cast<std::size_t>(frames[2]) << 8U | frames[3];
  EXPECT_EQ(frames[0], 0);
  EXPECT_EQ(frames[1], 0);
  EXPECT_EQ(length, frames.size() - 4);
}

TEST(AuditFrame, EachHasAFreshSalt) {
  const Bytes frames = two_frames();
  const auto parsed = parse_frames(frames, 2);
  ASSERT_TRUE(parsed);
  EXPECT_NE((*parsed)[0].salt, (*parsed)[1].salt);
}

TEST(AuditFrame, NoFramesAreNoEvents) {
  const auto parsed = parse_frames({}, 0);
  ASSERT_TRUE(parsed);
  EXPECT_TRUE(parsed->empty());
}

TEST(AuditFrame, RefusesEveryCut) {
  const Bytes frames = two_frames();
  for (std::size_t size = 0; size < frames.size(); ++size) {
    const auto parsed = parse_frames(ByteView(frames).first(size), 2);
    ASSERT_FALSE(parsed) << size;
    EXPECT_EQ(parsed.error().code, Code::kDataLoss);
  }
}

TEST(AuditFrame, RefusesAnotherCount) {
  const Bytes frames = two_frames();
  for (const std::size_t count : {0U, 1U, 3U}) EXPECT_FALSE(parse_frames(frames, count)) << count;
  // A count no memory could hold is refused, not reserved.
  EXPECT_FALSE(parse_frames(frames, std::numeric_limits<std::size_t>::max()));
}

TEST(AuditFrame, RefusesALengthBelowTheFixedPart) {
  Bytes frames = {0, 0, 0, 31};
  frames.resize(35);
  EXPECT_FALSE(parse_frames(frames, 1));
  frames[3] = 32;
  frames.resize(36);
  EXPECT_TRUE(parse_frames(frames, 1));
}

}  // namespace
}  // namespace quantumapi::store
