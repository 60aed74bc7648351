// Searchable hashes over their routes: equal where a search must find, told apart where it may not.
#include "base/encoding.h"
#include "crypto/hash.h"
#include "encryption/test_routes.h"

namespace quantumapi::encryption {
namespace {

// SHA3-256 of "ada@example.org" by Python's hashlib.
constexpr std::string_view kPlainAda =
    "09ef0804e0326d6281bcd472a83ba940c69b7a821447d7908631cd803ccd9cb6";

class Hashes : public EncryptionRoutes {
 protected:
  Sent hash(std::string_view plaintext, std::string_view more = {}) {
    return post("/v1/hash/searchable",
                "{" + quoted("plaintext", plaintext) + std::string(more) + "}");
  }
  std::string keyed(std::string_view plaintext) { return text(parsed(hash(plaintext)), "hash"); }
  std::string plain(std::string_view plaintext) {
    return text(parsed(hash(plaintext, R"(,"keyed":false)")), "hash");
  }
  std::span<const json::Value> results(const Sent& sent) {
    const json::Value* found = member(parsed(sent), "results");
    if (found == nullptr) return {};
    return found->items;
  }
  KeyId search_key(TenantId tenant) { return expect(keys().search_key(tenant, true))->key; }
};
INSTANTIATE_TEST_SUITE_P(Engines, Hashes, store::testing::engines(), store::testing::name_of);

TEST_P(Hashes, APlainOneIsSha3OfTheTrimmedLowerCaseText) {
  const Sent sent = hash("\\tAda@Example.ORG ", R"(,"keyed":false)");
  const auto reply = parsed(sent);
  EXPECT_EQ(text(reply, "hash"), kPlainAda);
  EXPECT_EQ(text(reply, "algorithm"), "SHA3-256");
  EXPECT_EQ(member(reply, "keyId"), nullptr);
  EXPECT_EQ(plain("\u0130STANBUL"),
            "ec796879024ea465f5406f48b5969ad64fc3895f141198ba15b66955b1959b41");
}

TEST_P(Hashes, AKeyedOneIsAMacUnderTheSearchKeyThatTheAnswerNames) {
  const auto reply = parsed(hash("Ada@Example.org"));
  const auto key = expect(keys().search_key(mine_.tenant, true));
  EXPECT_EQ(text(reply, "hash"), base::to_hex(key->keyed.mac({as_bytes("ada@example.org")})));
  EXPECT_EQ(text(reply, "hash").size(), 64U);
  EXPECT_EQ(text(reply, "algorithm"), "HMAC-SHA3-256");
  EXPECT_EQ(text(reply, "keyId"), key->key.to_string());
  EXPECT_EQ(integer(reply, "keyVersion"), 1);
}

TEST_P(Hashes, WhatDiffersInCaseAndMarginsHashesAlike) {
  EXPECT_EQ(keyed("\u3000ADA@example.org\u00A0"), keyed("ada@example.org"));
  EXPECT_NE(keyed("ada@example.org"), keyed("ada@example.com"));
  EXPECT_NE(keyed("ada@example.org"), plain("ada@example.org"));
}

TEST_P(Hashes, EachTenantHasItsOwn) {
  const std::string here = keyed("ada@example.org");
  Principal other;
  other.tenant = new_tenant();
  const Sent there =
      send(other, Method::kPost, "/v1/hash/searchable", R"({"plaintext":"ada@example.org"})");
  EXPECT_NE(text(parsed(there), "hash"), here);
}

TEST_P(Hashes, TheSearchKeyIsNoneOfTheShownOnes) {
  const auto id = search_key(mine_.tenant).to_string();
  expect_code(get("/v1/keys/" + id).reply, Code::kNotFound);
  expect_code(post("/v1/transit/hmac/search", R"({"data":"eA=="})").reply, Code::kNotFound);
  expect_code(post("/v1/hmac", "{" + quoted("keyId", id) + R"(,"data":"x"})").reply,
              Code::kNotFound);
}

TEST_P(Hashes, OfABatchOneBadItemFailsAlone) {
  const Sent sent = post("/v1/hash/searchable/batch",
                         R"({"keyed":false,"items":[{"plaintext":"ADA@example.org"},{},)"
                         R"({"plaintext":7},{"plaintext":"ada@example.org","plain_text":"x"},7]})");
  const auto found = results(sent);
  ASSERT_EQ(found.size(), 5U);
  EXPECT_EQ(text(found[0], "hash"), kPlainAda);
  for (const std::size_t bad : {1U, 2U, 3U, 4U}) {
    EXPECT_EQ(integer(found[bad], "index"), static_cast<std::int64_t>(bad));
    EXPECT_EQ(member(found[bad], "hash"), nullptr);
    EXPECT_NE(member(found[bad], "error"), nullptr);
  }
  ASSERT_EQ(sent.events.size(), 1U);
  EXPECT_EQ(sent.events[0].batch_size, 5U);
  EXPECT_EQ(sent.events[0].failed_items, 4U);
}

TEST_P(Hashes, ABatchOfAThousandEqualsAThousandCalls) {
  std::string body = R"({"items":[)";
  for (int i = 0; i < 1000; ++i)
    body += (i == 0 ? "{" : ",{") + quoted("plaintext", "User" + std::to_string(i)) + "}";
  const auto found = results(post("/v1/hash/searchable/batch", body + "]}"));
  ASSERT_EQ(found.size(), 1000U);
  for (const std::size_t each : {0U, 7U, 999U})
    EXPECT_EQ(text(found[each], "hash"), keyed("user" + std::to_string(each)));
  expect_field(post("/v1/hash/searchable/batch", body + R"(,{"plaintext":"one more"}]})"), "items");
  expect_field(post("/v1/hash/searchable/batch", R"({"items":[]})"), "items");
}

TEST_P(Hashes, RefusesWhatItCannotHash) {
  expect_field(post("/v1/hash/searchable", "{}"), "plaintext");
  expect_field(hash(std::string(16 * 1024 + 1, 'a')), "plaintext");
  expect_field(hash("a", R"(,"keyed":"no")"), "keyed");
  // A misspelt member would make a hash that anyone can guess, or one that is not asked for.
  expect_field(hash("a", R"(,"keyd":false)"), "keyd");
}

TEST_P(Hashes, ABoundCredentialReachesTheSearchKeyOnlyByItsId) {
  mine_.bindings = {{.type = "key", .id = key_.id.uuid, .name = key_.name}};
  expect_code(hash("ada").reply, Code::kPermissionDenied, "insufficient_scope");
  mine_.bindings.push_back({.type = "key", .id = {}, .name = "search"});
  expect_code(hash("ada").reply, Code::kPermissionDenied, "insufficient_scope");
  mine_.bindings.push_back({.type = "key", .id = search_key(mine_.tenant).uuid, .name = {}});
  EXPECT_TRUE(hash("ada").reply);
}

TEST_P(Hashes, AnAuditRecordNamesTheKeyAndHoldsNoText) {
  const Sent sent = hash("ada@example.org");
  ASSERT_EQ(sent.events.size(), 1U);
  EXPECT_EQ(sent.events[0].action, "payload.hash");
  EXPECT_EQ(sent.events[0].resource, search_key(mine_.tenant).uuid);
  std::string record;
  base::encode_record(sent.events[0], record);
  EXPECT_FALSE(record.contains("ada@"));  // not "ada", which the hexadecimal ids may hold
  EXPECT_FALSE(record.contains(kPlainAda));
}

TEST_P(Hashes, AnIoThreadHashesOnceTheKeyIsInMemory) {
  const auto pure = [&] {
    return post("/v1/hash/searchable", R"({"plaintext":"ada"})", /*may_block=*/false);
  };
  expect_code(pure().reply, Code::kWouldBlock);
  EXPECT_TRUE(hash("ada").reply);
  EXPECT_TRUE(pure().reply);
}

}  // namespace
}  // namespace quantumapi::encryption
