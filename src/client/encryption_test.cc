#include "quantumapi/encryption.h"

#include "base/encoding.h"
#include "client/encryption.h"
#include "client/json_size.h"
#include "client/test_platform.h"

namespace quantumapi::sdk {
namespace {

TEST(Encryption, SealsABatchInOneRequestAndKeepsItsOrder) {
  TestPlatform platform([](const Received&) {
    return TestPlatform::json(
        R"({"results":[{"index":0,"encryptedPayload":"qa1.a"},)"
        R"({"index":1,"error":{"code":"invalid_request","message":"too large"}},)"
        R"({"index":2,"encryptedPayload":"qa1.c"}],"keyId":"k","keyVersion":1,"algorithm":"x"})");
  });
  const Plaintext fields[] = {
      {"ada@example.org", "users/7/email"}, {"b", {}, Encoding::kBase64}, {"c"}};
  const auto sealed = expect(platform.client()->encryption().encrypt_batch(fields));
  ASSERT_EQ(sealed.size(), 3U);
  EXPECT_EQ(sealed[0].value(), "qa1.a");
  ASSERT_FALSE(sealed[1]);
  EXPECT_EQ(sealed[1].error().kind, Kind::kInvalid);
  EXPECT_EQ(sealed[1].error().message, "too large");
  EXPECT_EQ(sealed[2].value(), "qa1.c");
  ASSERT_EQ(platform.lines(), std::vector<std::string>{"POST /api/v1/encrypt/batch"});
  EXPECT_EQ(platform.received()[0].body,
            R"({"items":[{"plaintext":"ada@example.org","encoding":"utf8",)"
            R"("additionalData":"users/7/email"},{"plaintext":"b","encoding":"base64"},)"
            R"({"plaintext":"c","encoding":"utf8"}]})");
}

TEST(Encryption, OpensABatchAndTellsWhichFieldDidNot) {
  TestPlatform platform([](const Received&) {
    return TestPlatform::json(
        R"({"results":[{"index":0,"plaintext":"ada"},)"
        R"({"index":1,"error":{"code":"not_found","message":"no such key"}}]})");
  });
  const Sealed fields[] = {{"qa1.a", "row"}, {"qa1.b"}};
  const auto opened = expect(platform.client()->encryption().decrypt_batch(fields));
  EXPECT_EQ(opened[0]->reveal(), "ada");
  EXPECT_EQ(opened[1].error().kind, Kind::kNotFound);
}

TEST(Encryption, RefusesABatchOfNoneOrTooManyBeforeItIsSent) {
  TestPlatform platform([](const Received&) { return TestPlatform::json("{}"); });
  const auto client = platform.client();
  EXPECT_EQ(client->encryption().encrypt_batch({}).error().kind, Kind::kInvalid);
  const std::vector<Sealed> many(Encryption::kMaxBatch + 1, Sealed{"qa1.a"});
  EXPECT_EQ(client->encryption().decrypt_batch(many).error().kind, Kind::kInvalid);
  EXPECT_TRUE(platform.lines().empty());
}

TEST(Encryption, AnAnswerThatMixesUpItsFieldsIsNotBelieved) {
  for (const char* results :
       {R"([{"index":1,"plaintext":"b"},{"index":0,"plaintext":"a"}])",
        R"([{"index":0,"plaintext":"a"}])", R"([{"index":0,"plaintext":"a"},{"index":1}])"}) {
    TestPlatform platform([&](const Received&) {
      return TestPlatform::json(R"({"results":)" + std::string(results) + "}");
    });
    const Sealed fields[] = {{"qa1.a"}, {"qa1.b"}};
    const auto opened = platform.client()->encryption().decrypt_batch(fields);
    if (opened) {
      EXPECT_EQ(opened->at(1).error().kind, Kind::kProtocol) << results;
      continue;
    }
    EXPECT_EQ(opened.error().kind, Kind::kProtocol) << results;
  }
}

TEST(Encryption, RefusesTextThatIsNotUtf8BeforeItIsSent) {
  TestPlatform platform([](const Received&) { return TestPlatform::json("{}"); });
  const auto client = platform.client();
  const auto encryption = client->encryption();
  const auto named = [](const auto& result, std::string_view field) {
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().kind, Kind::kInvalid);
    EXPECT_EQ(result.error().code, "invalid_request");
    EXPECT_EQ(result.error().fields,
              std::vector<std::string>{std::string(field) + ": is not UTF-8 text"});
  };
  named(encryption.encrypt({"Jos\xE9", "row"}), "plaintext");
  named(encryption.encrypt({"Jos\xC3\xA9", "row/\xE4"}), "additionalData");
  named(encryption.decrypt({"qa1.\xFF"}), "encryptedPayload");
  named(encryption.decrypt({"qa1.a", "row/\xF6"}), "additionalData");
  named(encryption.search_hash("Jos\xE9"), "plaintext");
  named(encryption.random(16, "h\xE9x", false), "format");
  const Plaintext fields[] = {{"\xFF"}, {"a", "\xFF"}};
  const auto sealed = expect(encryption.encrypt_batch(fields));
  named(sealed.at(0), "plaintext");
  named(sealed.at(1), "additionalData");
  EXPECT_EQ(client->request("POST", "/encrypt", "{\"plaintext\":\"\xE9\"}").error().kind,
            Kind::kInvalid);
  EXPECT_TRUE(platform.lines().empty());
}

TEST(Encryption, KnowsWhatAFieldTakesOfARequest) {
  TestPlatform platform([](const Received&) { return TestPlatform::json("{}", 400); });
  const auto client = platform.client();
  std::string all;  // every octet that is text alone
  for (char c = 0; c < 0x7f; ++c) all += c;
  all += "\x7fé€";
  const Plaintext fields[] = {{all, all, Encoding::kBase64}, {all}};
  EXPECT_FALSE(client->encryption().encrypt_batch(fields));
  const std::size_t sent = platform.received().at(0).body.size();
  const std::size_t counted = size_of(fields[0]) + size_of(fields[1]) + kBatchOverhead;
  EXPECT_LE(sent, counted);
  EXPECT_GE(sent + 2 * kFieldOverhead + kBatchOverhead, counted);
}

TEST(Encryption, WhatNoRequestCanHoldIsNamedAndNotSent) {
  TestPlatform platform([](const Received&) {
    return TestPlatform::json(R"({"results":[{"index":0,"encryptedPayload":"qa1.a"}]})");
  });
  const auto client = platform.client();
  const auto encryption = client->encryption();
  const std::size_t megabyte = std::size_t{1024} * 1024;
  const std::string controls(megabyte, '\x01');
  const std::string quotes(megabyte, '"');
  const std::string plain(megabyte, 'x');
  const auto named = [](const auto& result, std::string_view field) {
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().kind, Kind::kInvalid);
    ASSERT_EQ(result.error().fields.size(), 1U);
    EXPECT_TRUE(result.error().fields[0].starts_with(field)) << result.error().fields[0];
  };
  named(encryption.encrypt({controls}), "plaintext: takes 6291456 octets");
  named(encryption.encrypt({quotes}), "plaintext: takes 2097152 octets");
  named(encryption.encrypt({"a", controls}), "additionalData: takes");
  named(encryption.decrypt({controls}), "encryptedPayload: takes");
  named(encryption.search_hash(controls), "plaintext: takes");
  const std::vector<Plaintext> three(3, Plaintext{plain});
  named(encryption.encrypt_batch(three), "items: take");
  const std::vector<Sealed> sealed(3, Sealed{plain});
  named(encryption.decrypt_batch(sealed), "items: take");
  EXPECT_TRUE(platform.lines().empty());
  const Plaintext fields[] = {{controls}, {plain}};
  const auto batch = expect(encryption.encrypt_batch(fields));
  named(batch.at(0), "plaintext: takes");
  EXPECT_EQ(batch.at(1).value(), "qa1.a") << "it fits alone";
  const std::string octets = base::base64_encode(as_bytes(controls), base::Base64::kStandard);
  EXPECT_TRUE(encryption.encrypt_batch({{Plaintext{octets, {}, Encoding::kBase64}}}));
}

TEST(Encryption, AFieldThatIsNotUtf8IsItsOwnFaultAlone) {
  TestPlatform platform([](const Received&) {
    return TestPlatform::json(
        R"({"results":[{"index":0,"plaintext":"ada"},{"index":1,"plaintext":"eve"}]})");
  });
  const Sealed fields[] = {{"qa1.a", "row"}, {"qa1.b", "row/\xE4"}, {"qa1.c"}};
  const auto opened = expect(platform.client()->encryption().decrypt_batch(fields));
  ASSERT_EQ(opened.size(), 3U);
  EXPECT_EQ(opened[0]->reveal(), "ada");
  EXPECT_EQ(opened[1].error().kind, Kind::kInvalid);
  EXPECT_EQ(opened[2]->reveal(), "eve");
  EXPECT_EQ(platform.received().at(0).body,
            R"({"items":[{"encryptedPayload":"qa1.a","additionalData":"row"},)"
            R"({"encryptedPayload":"qa1.c"}]})");
}

}  // namespace
}  // namespace quantumapi::sdk
