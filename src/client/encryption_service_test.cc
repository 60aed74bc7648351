#include "quantumapi/encryption_service.h"

#include <algorithm>
#include <thread>

#include "client/test_platform.h"
#include "http/testing/few_threads.h"

namespace quantumapi::sdk {
namespace {

using http::testing::FewThreads;
// sealed_batch answers a batch as the platform does: the payload of "7" is "qa1.7", of "bad" none.
http::Reply sealed_batch(const Received& request) {
  std::string results;
  std::size_t index = 0;
  const std::string_view mark = R"("plaintext":")";
  for (std::size_t at = request.body.find(mark); at != std::string::npos;
       at = request.body.find(mark, at)) {
    at += mark.size();
    const std::string text = request.body.substr(at, request.body.find('"', at) - at);
    if (index > 0) results += ',';
    results += R"({"index":)" + std::to_string(index++);
    results += text == "bad" ? R"(,"error":{"code":"invalid_request","message":"bad"}})"
                             : R"(,"encryptedPayload":"qa1.)" + text + R"("})";
  }
  return TestPlatform::json(R"({"results":[)" + results + "]}");
}

std::vector<Plaintext> numbered(const std::vector<std::string>& texts) {
  std::vector<Plaintext> fields;
  for (const std::string& text : texts) fields.push_back({text, "row"});
  return fields;
}

std::vector<std::string> numbers(int count) {
  std::vector<std::string> texts;
  for (int i = 0; i < count; ++i) texts.push_back(std::to_string(i));
  return texts;
}

TEST(EncryptionService, EncryptsTheFieldsOfARowInOneRequest) {
  TestPlatform platform(sealed_batch);
  const auto client = platform.client();
  const std::vector<std::string> texts{"a", "bad", "c"};
  const auto sealed = EncryptionService(*client).encrypt_fields(numbered(texts));
  ASSERT_EQ(sealed.size(), 3U);
  EXPECT_EQ(sealed[0].value(), "qa1.a");
  EXPECT_EQ(sealed[1].error().message, "bad") << "its own fault, not its neighbours'";
  EXPECT_EQ(sealed[2].value(), "qa1.c");
  EXPECT_EQ(platform.lines().size(), 1U);
}

TEST(EncryptionService, CutsManyFieldsIntoRequestsAndKeepsTheirOrder) {
  TestPlatform platform(sealed_batch);
  const auto client = platform.client();
  const auto texts = numbers(2500);
  const auto sealed = EncryptionService(*client).encrypt_fields(numbered(texts));
  ASSERT_EQ(sealed.size(), 2500U);
  for (std::size_t i = 0; i < sealed.size(); ++i)
    ASSERT_EQ(sealed[i].value(), "qa1." + std::to_string(i));
  EXPECT_EQ(platform.lines().size(), 3U);
}

TEST(EncryptionService, SendsEachFieldAloneAndInParallelWhereThatIsAskedFor) {
  constexpr std::size_t kParallel = 3;
  // Nothing is answered before as many are there: one after the other would wait for ever.
  TestPlatform platform(sealed_batch, kParallel);
  const auto client = platform.client("qapi_test", 0);
  const auto texts = numbers(9);
  const EncryptionService service(*client, {.fields_per_request = 1, .parallel = kParallel});
  const auto sealed = service.encrypt_fields(numbered(texts));
  ASSERT_EQ(sealed.size(), 9U);
  for (std::size_t i = 0; i < sealed.size(); ++i) {
    ASSERT_TRUE(sealed[i]) << sealed[i].error().message;
    EXPECT_EQ(*sealed[i], "qa1." + std::to_string(i));
  }
  EXPECT_EQ(platform.lines().size(), 9U);
}

TEST(EncryptionService, CutsLargeFieldsBySizeToo) {
  TestPlatform platform(sealed_batch);
  const auto client = platform.client();
  const std::string large(600 * 1024, 'x');
  const std::vector<std::string> texts(3, large);
  const auto sealed = EncryptionService(*client).encrypt_fields(numbered(texts));
  ASSERT_EQ(sealed.size(), 3U);
  EXPECT_TRUE(std::ranges::all_of(sealed, [](const auto& one) { return one.has_value(); }));
  EXPECT_EQ(platform.lines().size(), 3U);
}

TEST(EncryptionService, CutsByWhatFieldsTakeAsJson) {
  TestPlatform platform([](const Received& request) {
    if (request.body.size() > std::size_t{2} * 1024 * 1024) return TestPlatform::json("{}", 413);
    return sealed_batch(request);
  });
  const auto client = platform.client();
  const std::vector<std::string> texts(1'000, std::string(1'000, '\x01'));
  const auto sealed = EncryptionService(*client).encrypt_fields(numbered(texts));
  ASSERT_EQ(sealed.size(), 1'000U);
  EXPECT_TRUE(std::ranges::all_of(sealed, [](const auto& one) { return one.has_value(); }));
  EXPECT_EQ(platform.lines().size(), 6U);
}

TEST(EncryptionService, ARequestThatFailsFailsItsOwnFieldsAlone) {
  TestPlatform platform([](const Received& request) {
    if (request.body.contains(R"("3")")) return TestPlatform::json(R"({"error":"x"})", 403);
    return sealed_batch(request);
  });
  const auto client = platform.client();
  const auto texts = numbers(6);
  const auto sealed =
      EncryptionService(*client, {.fields_per_request = 2}).encrypt_fields(numbered(texts));
  for (const std::size_t good : {0U, 1U, 4U, 5U}) EXPECT_TRUE(sealed.at(good)) << good;
  for (const std::size_t bad : {2U, 3U}) EXPECT_EQ(sealed.at(bad).error().kind, Kind::kForbidden);
}

TEST(EncryptionService, ACallsTimeBoundsAllItsRequestsTogether) {
  TestPlatform platform([](const Received& request) {
    std::this_thread::sleep_for(std::chrono::milliseconds(150));
    return sealed_batch(request);
  });
  const auto client = platform.client();
  const auto texts = numbers(10);
  const EncryptionService service(*client, {.fields_per_request = 1, .parallel = 1});
  const auto begin = std::chrono::steady_clock::now();
  const auto sealed =
      service.encrypt_fields(numbered(texts), {.timeout = std::chrono::milliseconds(400)});
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::milliseconds(1'200));
  ASSERT_EQ(sealed.size(), 10U);
  EXPECT_EQ(sealed.back().error().code, "timeout");
}

TEST(EncryptionService, MoreRequestsAtOnceThanMayBeAreRefusedByTheOptionsName) {
  TestPlatform platform(sealed_batch);
  const auto client = platform.client();
  const auto texts = numbers(2);
  for (const std::size_t parallel : {EncryptionService::kMaxParallel + 1, std::size_t{50'000}}) {
    const EncryptionService service(*client, {.fields_per_request = 1, .parallel = parallel});
    for (const auto& refused : service.encrypt_fields(numbered(texts))) {
      ASSERT_FALSE(refused);
      EXPECT_EQ(refused.error().kind, Kind::kInvalid);
      EXPECT_EQ(refused.error().fields, std::vector<std::string>{"parallel: is at most 256"});
    }
  }
  EXPECT_TRUE(platform.lines().empty());
}

TEST(EncryptionService, GoesOnWithTheThreadsThatThereAre) {
  TestPlatform platform(sealed_batch);
  const auto client = platform.client();
  const auto texts = numbers(8);
  for (const std::size_t count : {0U, 2U}) {
    const FewThreads few(count);
    const EncryptionService service(*client, {.fields_per_request = 1, .parallel = 8});
    for (const auto& sealed : service.encrypt_fields(numbered(texts))) EXPECT_TRUE(sealed);
  }
}

TEST(EncryptionService, OfNoFieldsNothingIsAsked) {
  TestPlatform platform(sealed_batch);
  const auto client = platform.client();
  EXPECT_TRUE(EncryptionService(*client).decrypt_fields({}).empty());
  EXPECT_TRUE(platform.lines().empty());
}

TEST(EncryptionService, HashesPlainlyHere) {
  TestPlatform platform(sealed_batch);
  const auto client = platform.client();
  const EncryptionService service(*client, {.search_hash = SearchHash::kPlain});
  // printf ada@example.org | openssl dgst -sha3-256
  EXPECT_EQ(service.searchable_hash("\u2003 Ada@Example.ORG\t\n").value(),
            "09ef0804e0326d6281bcd472a83ba940c69b7a821447d7908631cd803ccd9cb6");
  EXPECT_NE(service.searchable_hash("ada@example.org").value(),
            service.searchable_hash("ada@example.com").value());
  EXPECT_EQ(service.searchable_hash("\xff").error().kind, Kind::kInvalid);
  EXPECT_TRUE(platform.lines().empty());
}

TEST(EncryptionService, AsksThePlatformForKeyedHashes) {
  TestPlatform platform([](const Received&) {
    return TestPlatform::json(R"({"hash":"00ff","keyed":true,"algorithm":"HMAC-SHA3-256"})");
  });
  const auto client = platform.client();
  EXPECT_EQ(EncryptionService(*client).searchable_hash("Ada").value(), "00ff");
  EXPECT_EQ(platform.lines(), std::vector<std::string>{"POST /api/v1/hash/searchable"});
  EXPECT_EQ(platform.received()[0].body, R"({"plaintext":"Ada","keyed":true})");
}

TEST(EncryptionService, DoesNotTakeAPlainHashForAKeyedOne) {
  TestPlatform platform([](const Received&) {
    return TestPlatform::json(R"({"hash":"00ff","keyed":false,"algorithm":"SHA3-256"})");
  });
  const auto client = platform.client();
  EXPECT_EQ(EncryptionService(*client).searchable_hash("Ada").error().kind, Kind::kProtocol);
}

}  // namespace
}  // namespace quantumapi::sdk
