#include "audit/verify.h"

#include <gmock/gmock.h>

#include <fstream>
#include <sstream>

#include "audit/repository.h"
#include "audit/retention.h"
#include "audit/testing/test_audit.h"
#include "base/encoding.h"

namespace quantumapi::audit {
namespace {

using testing::expect;
using testing::expect_code;
using ::testing::HasSubstr;
using Lines = std::vector<std::string>;

class Verifying : public testing::AuditTest {
 protected:
  // kAll records are sequenced in SetUp: two full segments and part of a third.
  static constexpr std::size_t kAll = 600;

  void SetUp() override {
    AuditTest::SetUp();
    append(kAll - kSetUpEvents);
    drain();
    lines_ = export_lines();
  }

  [[nodiscard]] const Lines& lines() const { return lines_; }
  // record_at is the place of record `index` among the lines.
  static std::size_t record_at(const Lines& lines, std::size_t index) {
    const std::string mark = "{\"index\":" + std::to_string(index) + ",";
    for (std::size_t i = 0; i < lines.size(); ++i)
      if (lines[i].starts_with(mark)) return i;
    ADD_FAILURE() << "no record " << index;
    return 0;
  }
  static std::size_t segment_at(const Lines& lines, std::size_t segment) {
    const std::string mark = ",\"segment\":" + std::to_string(segment) + ",";
    for (std::size_t i = 0; i < lines.size(); ++i)
      if (lines[i].contains(mark)) return i;
    ADD_FAILURE() << "no segment " << segment;
    return 0;
  }
  static std::string replaced(std::string text, std::string_view from, std::string_view to) {
    const std::size_t at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    if (at != std::string::npos) text.replace(at, from.size(), to);
    return text;
  }
  // forged rewrites a record and its own leaf hash consistently.
  static std::string forged(const std::string& line) {
    std::pmr::monotonic_buffer_resource arena;
    const auto value = expect(json::parse(line, arena));
    std::string record(value.find("record")->text);
    record = replaced(record, "secret.read", "secret.rewd");
    const auto salt =
        expect(base::base64_decode(value.find("salt")->text, base::Base64::kStandard));
    const std::string old_leaf(value.find("leaf")->text);
    const auto leaf = base::base64_encode(leaf_hash(salt, record), base::Base64::kStandard);
    return replaced(replaced(line, "secret.read", "secret.rewd"), old_leaf, leaf);
  }
  // reforged also gives the segment the hash that its forged records have.
  static Lines reforged(Lines lines, std::size_t index) {
    lines[record_at(lines, index)] = forged(lines[record_at(lines, index)]);
    const std::size_t segment = index / 256;
    Frontier tree;
    for (std::size_t i = segment * 256; i < segment * 256 + 256; ++i) {
      std::pmr::monotonic_buffer_resource arena;
      const auto value = expect(json::parse(lines[record_at(lines, i)], arena));
      const auto salt =
          expect(base::base64_decode(value.find("salt")->text, base::Base64::kStandard));
      tree.append(leaf_hash(salt, value.find("record")->text));
    }
    lines[segment_at(lines, segment)] =
        "{\"hash\":\"" + base::base64_encode(tree.root(), base::Base64::kStandard) +
        "\",\"segment\":" + std::to_string(segment) + ",\"type\":\"segment\"}";
    return lines;
  }
  void expect_fault(const Lines& tampered, std::string_view fault,
                    std::optional<std::uint64_t> index,
                    const std::optional<Remembered>& remembered = std::nullopt) {
    const auto report = check(tampered, remembered);
    EXPECT_FALSE(report.ok);
    EXPECT_EQ(report.fault, fault) << report.message;
    EXPECT_EQ(report.index, index) << report.message;
    EXPECT_FALSE(report.message.empty());
  }
  Remembered remember() {
    const auto report = check(export_lines());
    EXPECT_TRUE(report.ok) << report.message;
    return {report.checkpoint->log, report.checkpoint->size, report.checkpoint->root};
  }

 private:
  Lines lines_;
};
INSTANTIATE_TEST_SUITE_P(Engines, Verifying, store::testing::engines(), store::testing::name_of);

TEST_P(Verifying, WhatRetentionLeavesStillVerifies) {
  const Remembered before = remember();
  clock().advance(std::chrono::hours(24 * 40));
  append(300, 5000);
  drain();
  EXPECT_EQ(
      expect(drop_expired(db(), clock().wall() - std::chrono::hours(24 * 365), clock().wall())),
      0U);
  EXPECT_EQ(
      expect(drop_expired(db(), clock().wall() - std::chrono::hours(24 * 30), clock().wall())), 2U);
  EXPECT_EQ(
      expect(drop_expired(db(), clock().wall() - std::chrono::hours(24 * 30), clock().wall())), 0U);
  const Lines kept = export_lines();
  EXPECT_THAT(kept.front(), HasSubstr("\"from\":512"));
  const auto report = check(kept, before, 512);
  EXPECT_TRUE(report.ok) << report.message;
  EXPECT_EQ(report.first, 512U);
  EXPECT_EQ(report.records, kAll + 300 - 512);
  EXPECT_EQ(check(kept, before).fault, "missing");
  for (const std::string& line : kept) EXPECT_FALSE(line.starts_with("{\"index\":511,"));

  Lines altered = kept;
  altered[record_at(kept, 700)] = forged(kept[record_at(kept, 700)]);
  expect_fault(altered, "altered", std::nullopt);
  Lines missing = kept;
  missing.erase(missing.begin() + static_cast<std::ptrdiff_t>(record_at(kept, 600)));
  expect_fault(missing, "missing", 600);
  Lines swapped = kept;
  std::swap(swapped[record_at(kept, 600)], swapped[record_at(kept, 601)]);
  expect_fault(swapped, "reordered", 600);
  Lines hash = kept;
  hash[segment_at(kept, 0)] = replaced(kept[segment_at(kept, 1)], "\"segment\":1", "\"segment\":0");
  EXPECT_FALSE(check(hash).ok);

  Filter all;
  all.page_size = 200;
  all.page = 3;
  const auto page = expect(service().list(tenant(), all));
  EXPECT_EQ(page.total, static_cast<std::int64_t>(kAll + 300 - 512));
  EXPECT_TRUE(page.entries.empty());
  all.page = 1;
  all.actions = {"secret.read"};
  EXPECT_EQ(expect(service().list(tenant(), all)).total, page.total);
}

TEST_P(Verifying, RetentionNeverEmptiesALog) {
  append(3 * 256 - kAll);
  drain();
  EXPECT_EQ(expect(drop_expired(db(), clock().wall() + std::chrono::hours(1), clock().wall())), 2U);
  EXPECT_EQ(expect(drop_expired(db(), clock().wall() + std::chrono::hours(1), clock().wall())), 0U);
  const auto report = check(export_lines(), std::nullopt, 512);
  EXPECT_TRUE(report.ok) << report.message;
  EXPECT_EQ(report.records, 256U);
}

TEST_P(Verifying, ALogThatIsBoundKeepsItsNewestAndVerifies) {
  const Remembered before = remember();
  EXPECT_EQ(expect(drop_surplus(db(), tenant(), kAll)), 0U);
  EXPECT_EQ(expect(drop_surplus(db(), new_tenant(), 1)), 0U);
  append(5 * 256 - kAll);
  drain();
  // 1,280 events, of which 600 are wanted: two whole segments lie before those.
  EXPECT_EQ(expect(drop_surplus(db(), tenant(), 600)), 2U);
  EXPECT_EQ(expect(drop_surplus(db(), tenant(), 600)), 0U);
  const auto report = check(export_lines(), before, 512);
  EXPECT_TRUE(report.ok) << report.message;
  EXPECT_EQ(report.first, 512U);
  EXPECT_EQ(expect(drop_surplus(db(), tenant(), 1)), 2U);  // never the last segment
  EXPECT_EQ(check(export_lines(), std::nullopt, 1024).records, 256U);
}

TEST_P(Verifying, AnExportCutAnywhereIsNoticed) {
  for (std::size_t keep = 0; keep < lines().size(); keep += 97) {
    const Lines cut(lines().begin(), lines().begin() + static_cast<std::ptrdiff_t>(keep));
    expect_fault(cut, "no_checkpoint", std::nullopt);
    Lines torn = cut;  // in the middle of a line
    torn.push_back(lines()[keep].substr(0, lines()[keep].size() / 2));
    expect_fault(torn, "malformed", std::nullopt);
  }
}

TEST_P(Verifying, AnExportAsItWasMadePasses) {
  const auto report = check(lines());
  EXPECT_TRUE(report.ok) << report.message;
  EXPECT_EQ(report.records, kAll);
  EXPECT_EQ(report.first, 0U);
  EXPECT_EQ(report.pending, 0U);
  ASSERT_TRUE(report.checkpoint);
  EXPECT_EQ(report.checkpoint->size, kAll);
  EXPECT_EQ(lines().size(), 1 + kAll + 2 + 1);
}

TEST_P(Verifying, WhatWaitsIsExportedAndNothingIsClaimedOfIt) {
  append(3);
  const auto report = check(export_lines());
  EXPECT_TRUE(report.ok) << report.message;
  EXPECT_EQ(report.records, kAll);
  EXPECT_EQ(report.pending, 3U);
}

TEST_P(Verifying, ALogThatGrowsMeanwhileIsExportedToItsNewEnd) {
  const auto stream = expect(service().export_log(tenant(), std::nullopt));
  std::string text = *expect(stream());
  append(500);
  drain();
  append(2);
  while (const auto chunk = expect(stream())) text += *chunk;
  Lines grown;
  for (std::size_t at = 0, end; (end = text.find('\n', at)) != std::string::npos; at = end + 1)
    grown.push_back(text.substr(at, end - at));
  const auto report = check(grown);
  EXPECT_TRUE(report.ok) << report.message;
  EXPECT_EQ(report.records, kAll + 500);
  EXPECT_EQ(report.pending, 2U);
}

TEST_P(Verifying, AnAlteredRecordIsNamed) {
  for (const std::size_t index : {std::size_t{1}, std::size_t{255}, std::size_t{256}, kAll - 1}) {
    Lines tampered = lines();
    auto& line = tampered[record_at(tampered, index)];
    line = replaced(line, "secret.read", "secret.reap");
    expect_fault(tampered, "altered", index);
  }
}

TEST_P(Verifying, AnAlteredSaltIsNamed) {
  Lines tampered = lines();
  auto& line = tampered[record_at(tampered, 5)];
  const std::size_t at = line.find("\"salt\":\"") + 8;
  line[at] = line[at] == 'A' ? 'B' : 'A';
  expect_fault(tampered, "altered", 5);
}

TEST_P(Verifying, ARecordAlteredWithItsHashIsLocatedByItsSegment) {
  Lines tampered = lines();
  tampered[record_at(tampered, 300)] = forged(tampered[record_at(tampered, 300)]);
  expect_fault(tampered, "altered", std::nullopt);
  EXPECT_THAT(check(tampered).message, HasSubstr("from 256 to 511"));
}

TEST_P(Verifying, ARecordAlteredWithAllItsHashesIsCaughtByTheCheckpoint) {
  const Lines tampered = reforged(lines(), 300);
  expect_fault(tampered, "altered", std::nullopt);
  EXPECT_THAT(check(tampered).message, HasSubstr("from 0 to 599"));
}

TEST_P(Verifying, ARecordAlteredInTheOpenTailIsCaughtByTheCheckpoint) {
  Lines tampered = lines();
  tampered[record_at(tampered, kAll - 2)] = forged(tampered[record_at(tampered, kAll - 2)]);
  expect_fault(tampered, "altered", std::nullopt);
}

TEST_P(Verifying, AMissingRecordIsNamed) {
  for (const std::size_t index : {std::size_t{0}, std::size_t{100}, std::size_t{511}}) {
    Lines tampered = lines();
    tampered.erase(tampered.begin() + static_cast<std::ptrdiff_t>(record_at(tampered, index)));
    expect_fault(tampered, "missing", index);
  }
}

// The numbers are the export's own: whoever takes a record out may number the others anew.
TEST_P(Verifying, AMissingRecordIsLocatedThoughTheOthersWereNumberedAnew) {
  Lines tampered = lines();
  tampered.erase(tampered.begin() + static_cast<std::ptrdiff_t>(record_at(tampered, 10)));
  for (std::size_t index = 11; index < kAll; ++index) {
    std::string& line = tampered[record_at(tampered, index)];
    const std::string number = "\"index\":" + std::to_string(index);
    line.replace(line.find(number), number.size(), "\"index\":" + std::to_string(index - 1));
  }
  expect_fault(tampered, "missing", std::nullopt);
  EXPECT_THAT(check(tampered).message, HasSubstr("from 0 to 255"));
}

TEST_P(Verifying, RecordsInAnotherOrderAreNamed) {
  Lines tampered = lines();
  std::swap(tampered[record_at(tampered, 40)], tampered[record_at(tampered, 90)]);
  expect_fault(tampered, "reordered", 40);
  tampered = lines();
  tampered.insert(tampered.begin() + 30, tampered[record_at(tampered, 7)]);
  expect_fault(tampered, "reordered", 7);
  tampered = lines();
  const std::string last = tampered[record_at(tampered, 255)];
  tampered.erase(tampered.begin() + static_cast<std::ptrdiff_t>(record_at(tampered, 255)));
  tampered.insert(tampered.begin() + static_cast<std::ptrdiff_t>(record_at(tampered, 300)), last);
  expect_fault(tampered, "reordered", 255);
}

TEST_P(Verifying, ACutTailIsNoticed) {
  Lines tampered = lines();
  tampered.erase(tampered.end() - 6, tampered.end() - 1);
  expect_fault(tampered, "truncated", kAll - 5);
  tampered = lines();
  tampered.pop_back();
  expect_fault(tampered, "no_checkpoint", std::nullopt);
  expect_fault({}, "no_checkpoint", std::nullopt);
}

TEST_P(Verifying, ALogShorterThanRememberedIsTruncated) {
  append(10);
  drain();
  const Remembered later = remember();
  expect_fault(lines(), "truncated", kAll, later);
}

TEST_P(Verifying, ALogThatOnlyGrewMatchesWhatIsRemembered) {
  const Remembered before = remember();
  append(100);
  drain();
  EXPECT_TRUE(check(export_lines(), before).ok);
  EXPECT_TRUE(check(lines(), before).ok);
}

TEST_P(Verifying, ARewrittenLogIsNotTheOneRemembered) {
  Remembered before = remember();
  append(100);
  drain();
  before.root[0] ^= 1;  // as if what is remembered had been another history
  expect_fault(export_lines(), "rewritten", std::nullopt, before);
  before.root[0] ^= 1;
  before.log = account();
  expect_fault(export_lines(), "rewritten", std::nullopt, before);
}

TEST_P(Verifying, ACheckpointOfAnotherKeyHasABadSignature) {
  const auto foreign = expect(
      crypto::MlDsaPrivateKey::create(crypto::MlDsa::k65, SecretBytes::copy_of(Bytes(32, 9))));
  const auto report = check(lines());
  ASSERT_TRUE(report.checkpoint);
  const std::string text = expect(sign(*report.checkpoint, foreign));
  std::pmr::string line;
  json::Writer writer(line);
  writer.begin_object();
  writer.key("checkpoint");
  writer.string(text);
  writer.key("type");
  writer.string("checkpoint");
  writer.end_object();
  Lines tampered = lines();
  tampered.back() = line;
  expect_fault(tampered, "bad_signature", std::nullopt);
}

TEST_P(Verifying, AnAddedRecordIsNotCovered) {
  Lines tampered = lines();
  const auto last = tampered[record_at(tampered, kAll - 1)];
  tampered.insert(tampered.end() - 1, replaced(last, "{\"index\":599,", "{\"index\":600,"));
  expect_fault(tampered, "altered", kAll);
}

TEST_P(Verifying, WhatIsNoExportIsMalformed) {
  const auto with = [&](std::size_t at, std::string line) {
    Lines tampered = lines();
    tampered[at] = std::move(line);
    return tampered;
  };
  expect_fault(with(0, "{}"), "malformed", std::nullopt);
  expect_fault(with(0, R"({"format":2,"log":"x","type":"log"})"), "malformed", std::nullopt);
  expect_fault(with(0, replaced(lines()[0], "\"format\":1", "\"format\":2")), "malformed",
               std::nullopt);
  expect_fault(with(3, "not json"), "malformed", std::nullopt);
  expect_fault(with(3, R"({"type":"novel"})"), "malformed", std::nullopt);
  expect_fault(with(3, std::string(2'000'000, ' ')), "malformed", std::nullopt);
  Lines twice = lines();
  twice.push_back(lines().back());
  expect_fault(twice, "malformed", std::nullopt);
  Lines renamed = lines();
  const std::string log = remember().log.to_string();
  renamed[0] = replaced(renamed[0], log, account().to_string());
  expect_fault(renamed, "altered", std::nullopt);
  const auto mixed = [&](std::string_view from, std::string_view to) {
    return with(3, replaced(lines()[3], from, to));
  };
  expect_fault(mixed("\"leaf\":\"", "\"leaf\":1,\"x\":\""), "malformed", std::nullopt);
  expect_fault(mixed("\"leaf\":", "\"hash\":"), "malformed", std::nullopt);
  expect_fault(mixed("\"index\":2", "\"index\":\"2\""), "malformed", std::nullopt);
  expect_fault(with(0, replaced(lines()[0], "{", "{\"from\":null,")), "malformed", std::nullopt);
  expect_fault(with(0, replaced(lines()[0], "{", "{\"from\":\"0\",")), "malformed", std::nullopt);
  expect_fault(with(3, lines()[0]), "malformed", std::nullopt);
}

// Whoever reads the lines would take what was added for a part of the record.
TEST_P(Verifying, NoLineHasAMemberOfAnotherKind) {
  append(1);
  const Lines whole = export_lines();
  const std::size_t end = whole.size();
  for (const std::size_t at : {std::size_t{0}, std::size_t{1}, record_at(whole, 300),
                               segment_at(whole, 0), end - 2, end - 1})
    for (const std::string_view more : {R"({"actor":"mallory",)", R"({"RECORD":"x",)",
                                        R"({"":"x",)", R"({"sa_lt":"x",)", R"({"type_":"x",)"}) {
      Lines tampered = whole;
      tampered[at] = replaced(tampered[at], "{", more);
      expect_fault(tampered, "malformed", std::nullopt);
      EXPECT_THAT(check(tampered).message, HasSubstr("line " + std::to_string(at + 1) + ":"));
    }
}

TEST_P(Verifying, TheTenantIsTheOneThatTheRecordsName) {
  Lines tampered = lines();
  tampered[0] = replaced(tampered[0], tenant().to_string(), account().to_string());
  expect_fault(tampered, "altered", std::nullopt);
  EXPECT_THAT(check(tampered).message,
              HasSubstr("line 1 names the tenant " + account().to_string()));
  tampered[0] = replaced(lines()[0], tenant().to_string(), "nobody");
  expect_fault(tampered, "malformed", std::nullopt);
  tampered[0] = replaced(lines()[0], "\"tenant\":\"" + tenant().to_string() + "\",", "");
  expect_fault(tampered, "malformed", std::nullopt);
  tampered[0] = replaced(lines()[0], tenant().to_string(), account().to_string());
  tampered.erase(tampered.begin() + 5);
  expect_fault(tampered, "missing", 4);
}

TEST_P(Verifying, APartOfALogPassesFromItsFirstSegmentOn) {
  for (const std::uint64_t from : {256U, 300U, 511U, 512U}) {
    const auto report = check(export_lines(300), std::nullopt, from);
    EXPECT_TRUE(report.ok) << report.message;
    EXPECT_EQ(report.first, 256U);
    EXPECT_EQ(report.records, kAll - 256);
  }
  EXPECT_TRUE(check(lines(), std::nullopt, 512).ok) << "it may hold more";
  expect_code(service().export_log(tenant(), kAll + 1), Code::kInvalidArgument);
}

// The header's `from` and the hashes before it are all that a cut needs: both are in the whole one.
TEST_P(Verifying, FirstRecordsThatWereCutOffAreMissing) {
  Lines tampered = lines();
  const auto second = tampered.begin() + static_cast<std::ptrdiff_t>(record_at(tampered, 256));
  tampered.erase(tampered.begin() + 1, second - 1);  // the segment's own hash line stays
  tampered[0] = replaced(tampered[0], "\"log\":", "\"from\":256,\"log\":");
  EXPECT_EQ(tampered, export_lines(256));
  expect_fault(tampered, "missing", 0);
  expect_fault(tampered, "missing", 0, remember());
  const auto report = check(tampered, std::nullopt, 255);
  EXPECT_EQ(report.message, "records 0 to 255 are left out");
  EXPECT_TRUE(report.begins_late);
  EXPECT_EQ(report.first, 256U);
  EXPECT_EQ(report.records, kAll - 256);
  EXPECT_EQ(check(export_lines(512), std::nullopt, 300).index, 256U) << "part of it was wanted";
  tampered[record_at(tampered, 300)] = forged(tampered[record_at(tampered, 300)]);
  expect_fault(tampered, "altered", std::nullopt);
}

TEST_P(Verifying, AHashForALeftOutSegmentIsNoExcuseInTheMiddle) {
  Lines tampered = lines();
  const auto begin = tampered.begin() + static_cast<std::ptrdiff_t>(record_at(tampered, 256));
  tampered.erase(begin, begin + 256);  // the segment's own hash line stays
  expect_fault(tampered, "missing", 256);
}

TEST_P(Verifying, ARememberedSizeThatIsLeftOutIsNotPassedOver) {
  Remembered before = remember();
  append(600);
  drain();
  EXPECT_TRUE(check(export_lines(512), before, 512).ok);
  expect_fault(export_lines(1024), "missing", std::nullopt, before);
}

TEST_P(Verifying, TamperingInTheStoreShowsInTheNextExport) {
  static const store::Statement kRead{"test.leaves",
                                      "SELECT leaves FROM audit_segments WHERE segment = 1"};
  Bytes leaves;
  expect(db().read([&](store::Transaction& tx) {
    return tx.one(kRead, {}, [&](const store::Row& row) -> Status {
      leaves = row.bytes(0);
      return {};
    });
  }));
  const std::string_view text = as_text(leaves);
  leaves[text.find("secret.read")] = 'S';
  static const store::Statement kWrite{
      "test.tamper", "UPDATE audit_segments SET leaves = :leaves WHERE segment = 1"};
  execute(kWrite, {{"leaves", leaves}});
  expect_fault(export_lines(), "altered", std::nullopt);
  EXPECT_THAT(check(export_lines()).message, HasSubstr("from 256 to 511"));
}

std::string file(std::string_view name) {
  std::ifstream in(std::string(QUANTUMAPI_SOURCE_DIR "/src/audit/testdata/").append(name));
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

TEST(ExportFormat, OfVersion1StaysReadable) {
  const auto key = expect(crypto::parse_ml_dsa_public_key_pem(file("export_v1.pem")));
  std::istringstream in(file("export_v1.ndjson"));
  const auto report = verify_export(
      [&]() -> std::optional<std::string> {
        std::string line;
        return std::getline(in, line) ? std::optional(line) : std::nullopt;
      },
      key, std::nullopt);
  EXPECT_TRUE(report.ok) << report.message;
  EXPECT_EQ(report.records, 258U);
  EXPECT_EQ(report.pending, 2U);
}

}  // namespace
}  // namespace quantumapi::audit
