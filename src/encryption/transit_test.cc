#include <map>
#include <thread>

#include "encryption/test_routes.h"

namespace quantumapi::encryption {
namespace {

class TransitRoutes : public EncryptionRoutes {};
INSTANTIATE_TEST_SUITE_P(Engines, TransitRoutes, store::testing::engines(),
                         store::testing::name_of);

std::string cipher(const std::string& value) { return "{" + quoted("ciphertext", value) + "}"; }

TEST_P(TransitRoutes, DecryptGivesPaddedBase64WhateverEncryptWasGiven) {
  for (const auto body : {R"({"plaintext":"aGk="})", R"({"plaintext":"hi","encoding":"utf8"})"}) {
    const auto sealed = parsed(post("/v1/transit/encrypt/fields", body));
    EXPECT_TRUE(text(sealed, "ciphertext").starts_with("vault:v1:"));
    EXPECT_EQ(text(sealed, "keyName"), "fields");
    EXPECT_EQ(integer(sealed, "keyVersion"), 1);
    const auto opened =
        parsed(post("/v1/transit/decrypt/fields", cipher(text(sealed, "ciphertext"))));
    EXPECT_EQ(text(opened, "plaintext"), "aGk=");
  }
  expect_field(post("/v1/transit/encrypt/fields", R"({"plaintext":"hi"})"), "plaintext");
}

TEST_P(TransitRoutes, ACiphertextIsBoundToItsAssociatedData) {
  const auto bound = [](const std::string& value, std::string_view data) {
    return "{" + quoted("ciphertext", value) + R"(,"associatedData":")" + std::string(data) + "\"}";
  };
  const auto sealed = parsed(post("/v1/transit/encrypt/fields",
                                  R"({"plaintext":"aGk=","associatedData":"dXNlci00Mg=="})"));
  std::string ciphertext = text(sealed, "ciphertext");
  for (const bool rewrapped : {false, true}) {
    if (rewrapped)
      ciphertext =
          text(parsed(post("/v1/transit/rewrap/fields", bound(ciphertext, "dXNlci00Mg=="))),
               "ciphertext");
    const auto opened =
        parsed(post("/v1/transit/decrypt/fields", bound(ciphertext, "dXNlci00Mg==")));
    EXPECT_EQ(text(opened, "plaintext"), "aGk=");
    for (const auto& wrong : {cipher(ciphertext), bound(ciphertext, "dXNlci00Mw==")})
      expect_code(post("/v1/transit/decrypt/fields", wrong).reply, Code::kInvalidArgument,
                  "decryption_failed");
  }
  expect_code(post("/v1/transit/rewrap/fields", cipher(ciphertext)).reply, Code::kInvalidArgument,
              "decryption_failed");
  expect_field(post("/v1/transit/decrypt/fields", bound(ciphertext, "no!")), "associatedData");
  // The same octets as text open it elsewhere.
  const auto elsewhere = parsed(post("/v1/decrypt", "{" + quoted("encryptedPayload", ciphertext) +
                                                        R"(,"additionalData":"user-42"})"));
  EXPECT_EQ(text(elsewhere, "plaintext"), "aGk=");
}

TEST_P(TransitRoutes, ABatchBindsEachItem) {
  const auto sealed = parsed(post("/v1/transit/batch/encrypt/fields",
                                  R"({"items":[{"plaintext":"YQ==","associatedData":"MQ=="},
                                     {"plaintext":"Yg==","associatedData":"!"}]})"));
  const auto items = member(sealed, "results")->items;
  EXPECT_NE(text(items[1], "error"), "(absent)");
  const std::string first = quoted("ciphertext", text(items[0], "ciphertext"));
  const auto opened =
      member(parsed(post("/v1/transit/batch/decrypt/fields",
                         R"({"items":[{)" + first + R"(,"associatedData":"MQ=="},{)" + first +
                             R"(,"associatedData":"Mg=="},{)" + first + "}]}")),
             "results")
          ->items;
  EXPECT_EQ(text(opened[0], "plaintext"), "YQ==");
  EXPECT_NE(text(opened[1], "error"), "(absent)");
  EXPECT_NE(text(opened[2], "error"), "(absent)");
}

TEST_P(TransitRoutes, NamesAreDecodedOnce) {
  create(mine_.tenant, "a/b %2F.c", Purpose::kEncrypt, "ML-KEM-768", false);
  const auto sealed =
      parsed(post("/v1/transit/encrypt/a%2Fb%20%252F.c", R"({"plaintext":"aGk="})"));
  EXPECT_EQ(text(sealed, "keyName"), "a/b %2F.c");
  expect_code(post("/v1/transit/encrypt/a%2Fb%20%2F.c", R"({"plaintext":"aGk="})").reply,
              Code::kNotFound);
  // Another key's name does not open it.
  expect_code(post("/v1/transit/decrypt/fields", cipher(text(sealed, "ciphertext"))).reply,
              Code::kInvalidArgument, "decryption_failed");
}

TEST_P(TransitRoutes, RewrapTakesTheNewestVersionAndTheMinimumHolds) {
  const auto old = parsed(post("/v1/transit/encrypt/fields", R"({"plaintext":"aGk="})"));
  parsed(post("/v1/keys/fields/rotate", ""));
  const auto anew = parsed(post("/v1/transit/rewrap/fields", cipher(text(old, "ciphertext"))));
  EXPECT_TRUE(text(anew, "ciphertext").starts_with("vault:v2:"));
  parsed(post("/v1/transit/keys/fields/config", R"({"minDecryptionVersion":2})"));
  for (const auto path : {"/v1/transit/decrypt/fields", "/v1/transit/rewrap/fields"})
    expect_code(post(path, cipher(text(old, "ciphertext"))).reply, Code::kPermissionDenied,
                "key_version_below_minimum");
  EXPECT_EQ(text(parsed(post("/v1/transit/decrypt/fields", cipher(text(anew, "ciphertext")))),
                 "plaintext"),
            "aGk=");
}

TEST_P(TransitRoutes, BatchesKeepTheirOrderAndABadItemFailsAlone) {
  const auto sealed = parsed(post("/v1/transit/batch/encrypt/fields",
                                  R"({"items":[{"plaintext":"YQ=="},{"plaintext":"!"},
                                     {"plaintext":"b","encoding":"utf8"}]})"));
  const auto items = member(sealed, "results")->items;
  ASSERT_EQ(items.size(), 3U);
  EXPECT_EQ(member(items[1], "ciphertext"), nullptr);
  EXPECT_NE(text(items[1], "error"), "(absent)");
  const Sent sent =
      post("/v1/transit/batch/decrypt/fields",
           R"({"items":[)" + cipher(text(items[0], "ciphertext")) + "," + cipher("vault:v1:AAAA") +
               "," + cipher(text(items[2], "ciphertext")) + "]}");
  const auto opened = member(parsed(sent), "results")->items;
  EXPECT_EQ(text(opened[0], "plaintext"), "YQ==");
  EXPECT_NE(text(opened[1], "error"), "(absent)");
  EXPECT_EQ(text(opened[2], "plaintext"), "Yg==");
  EXPECT_EQ(sent.events.at(0).batch_size, 3U);
  EXPECT_EQ(sent.events.at(0).failed_items, 1U);
  EXPECT_EQ(sent.events.at(0).channel, "transit");
}

// counted gives how many items each version has by the events of a batch.
std::map<std::uint32_t, std::uint32_t> counted(const Sent& sent) {
  std::map<std::uint32_t, std::uint32_t> items;
  for (const AuditEvent& event : sent.events) {
    EXPECT_EQ(event.outcome, Outcome::kSuccess);
    items[event.key_version.value_or(0)] += event.batch_size.value_or(0);
  }
  return items;
}

TEST_P(TransitRoutes, EachVersionThatABatchOpensHasAnEventOfItsOwn) {
  const auto seal = [&] {
    return cipher(
        text(parsed(post("/v1/transit/encrypt/fields", R"({"plaintext":"aGk="})")), "ciphertext"));
  };
  const std::string old = seal();
  parsed(post("/v1/keys/fields/rotate", ""));
  const std::string fresh = seal();
  const auto open = [&](const std::string& items) {
    return post("/v1/transit/batch/decrypt/fields", R"({"items":[)" + items + "]}");
  };
  const std::map<std::uint32_t, std::uint32_t> both{{1, 2}, {2, 1}};
  const Sent mixed = open(old + "," + fresh + "," + old);
  EXPECT_EQ(mixed.events.size(), 2U);
  EXPECT_EQ(counted(mixed), both);
  for (const AuditEvent& event : mixed.events) {
    EXPECT_EQ(event.resource, key_.id.uuid);
    EXPECT_EQ(event.resource_name, "fields");
    EXPECT_EQ(event.channel, "transit");
    EXPECT_EQ(event.algorithm, "ML-KEM-768");
  }
  // Of one version alone it is one event, with what failed; the answer speaks of the key.
  const Sent one = open(old + "," + cipher("vault:v2:AAAA"));
  EXPECT_EQ(integer(parsed(one), "keyVersion"), 2);
  ASSERT_EQ(one.events.size(), 1U);
  EXPECT_EQ(one.events[0].key_version, 1U);
  EXPECT_EQ(one.events[0].batch_size, 2U);
  EXPECT_EQ(one.events[0].failed_items, 1U);
  // Beside two versions what failed is the key's, of no version; so it is where nothing opened.
  const Sent three = open(old + "," + fresh + "," + cipher("x"));
  ASSERT_EQ(three.events.size(), 3U);
  const Sent none = open(cipher("x"));
  ASSERT_EQ(none.events.size(), 1U);
  for (const AuditEvent& event : {three.events[2], none.events[0]}) {
    EXPECT_EQ(event.outcome, Outcome::kFailure);
    EXPECT_EQ(event.resource, key_.id.uuid);
    EXPECT_EQ(event.resource_name, "fields");
    EXPECT_EQ(event.channel, "transit");
    EXPECT_EQ(event.key_version, std::nullopt);
    EXPECT_EQ(event.failed_items, 1U);
  }
}

// The versions of the events are those of the ciphertexts, wherever rotations fall.
TEST_P(TransitRoutes, ARotationAmidABatchLeavesEachVersionItsEvent) {
  const std::string sealed = cipher(
      text(parsed(post("/v1/transit/encrypt/fields", R"({"plaintext":"aGk="})")), "ciphertext"));
  const auto batch = [](const std::string& item) {
    std::string items = item;
    for (int i = 1; i < 300; ++i) items += "," + item;
    return R"({"items":[)" + items + "]}";
  };
  const std::map<std::string, std::string> bodies{
      {"/v1/transit/batch/encrypt/fields", batch(R"({"plaintext":"aGk="})")},
      {"/v1/transit/batch/rewrap/fields", batch(sealed)}};
  for (const auto& [path, body] : bodies) {
    bool amid = false;
    for (int tries = 0; tries < 200 && !amid; ++tries) {
      std::jthread rotating([&] {
        for (int i = 0; i < 3; ++i)
          expect(keys().rotate(mine_.tenant, key_.id, event("key.rotate")));
      });
      const Sent sent = post(path, body);
      rotating.join();
      std::map<std::uint32_t, std::uint32_t> made;
      const auto reply = parsed(sent);
      for (const json::Value& result : member(reply, "results")->items)
        ++made[static_cast<std::uint32_t>(std::stoul(text(result, "ciphertext").substr(7)))];
      EXPECT_EQ(counted(sent), made) << path;
      EXPECT_EQ(integer(reply, "keyVersion"), made.rbegin()->first);
      amid = made.size() > 1;
    }
    EXPECT_TRUE(amid) << path;
  }
}

TEST_P(TransitRoutes, SignaturesVerifyAndChangedOnesDoNot) {
  for (const auto algorithm : {"ML-DSA-65", "ECDSA-P256", "Ed25519"}) {
    create(mine_.tenant, algorithm, Purpose::kSign, algorithm, false);
    const std::string path = std::string("/v1/transit/sign/") + algorithm;
    const auto made = parsed(post(path, R"({"data":"aGk=","algorithm":"sha256"})"));
    EXPECT_EQ(text(made, "algorithm"), algorithm);
    const auto verify = [&](std::string_view data, const std::string& signature) {
      return member(parsed(post(
                        std::string("/v1/transit/verify/") + algorithm,
                        "{" + quoted("data", data) + "," + quoted("signature", signature) + "}")),
                    "valid")
          ->boolean;
    };
    std::string signature = text(made, "signature");
    EXPECT_TRUE(verify("aGk=", signature));
    EXPECT_FALSE(verify("aGo=", signature));
    signature[20] = signature[20] == 'A' ? 'B' : 'A';
    EXPECT_FALSE(verify("aGk=", signature));
    EXPECT_FALSE(verify("aGk=", "vault:v9:" + signature.substr(9)));
  }
  expect_field(post("/v1/transit/sign/fields", R"({"data":"aGk="})"), "name");
}

TEST_P(TransitRoutes, SignTakesAKeyIdOrNameAndText) {
  const KeyRecord key = create(mine_.tenant, "sign", Purpose::kSign, "ML-DSA-65", false);
  const auto made =
      parsed(post("/v1/sign", R"({"data":"hi",)" + quoted("key_id", key.id.to_string()) + "}"));
  EXPECT_EQ(text(made, "key_id"), key.id.to_string());
  EXPECT_EQ(integer(made, "key_version"), 1);
  const auto valid =
      parsed(post("/v1/verify", R"({"data":"aGk=","encoding":"base64","keyId":"sign",)" +
                                    quoted("signature", text(made, "signature")) + "}"));
  EXPECT_TRUE(member(valid, "is_valid")->boolean);
  expect_field(post("/v1/sign", R"({"data":"hi"})"), "keyId");
  expect_field(post("/v1/sign", R"({"data":"hi","keyId":"sign","algorithm":"RSA"})"), "algorithm");
}

TEST_P(TransitRoutes, AnIoThreadSignsByIdAndPassesOnNamesAndLargeData) {
  const KeyRecord key = create(mine_.tenant, "sign", Purpose::kSign, "ML-DSA-65", false);
  const auto body = [](std::string_view named, std::string_view data) {
    return "{" + quoted("keyId", named) + "," + quoted("data", data) + "}";
  };
  EXPECT_TRUE(post("/v1/sign", body(key.id.to_string(), "hi")).reply);
  EXPECT_TRUE(post("/v1/sign", body(key.id.to_string(), "hi"), false).reply);
  expect_code(post("/v1/sign", body("sign", "hi"), false).reply, Code::kWouldBlock);
  const std::string large = body(key.id.to_string(), std::string(100'000, 'x'));
  expect_code(post("/v1/sign", large, false).reply, Code::kWouldBlock);
  EXPECT_TRUE(post("/v1/sign", large).reply);
}

TEST_P(TransitRoutes, AHashThatTheKeyDoesNotSignIsRefused) {
  create(mine_.tenant, "ec", Purpose::kSign, "ECDSA-P256", false);
  create(mine_.tenant, "pq", Purpose::kSign, "ML-DSA-65", false);
  const auto sign = [&](const std::string& key, const std::string& hash) {
    return post("/v1/transit/sign/" + key, R"({"data":"aGk=","algorithm":")" + hash + "\"}");
  };
  for (const char* hash : {"sha384", "sha512"}) {
    expect_field(sign("ec", hash), "algorithm");
    EXPECT_TRUE(sign("pq", hash).reply) << "ML-DSA hashes by itself, and clients send one always";
  }
  EXPECT_TRUE(sign("ec", "sha256").reply);
  EXPECT_TRUE(sign("ec", "ECDSA-P256").reply);
}

TEST_P(TransitRoutes, MacsAreMadeUnderEachHashAndVerify) {
  create(mine_.tenant, "mac", Purpose::kHmac, "HMAC-SHA3-256", false);
  for (const auto body :
       {R"({"data":"aGk="})", R"({"data":"aGk=","algorithm":"sha256"})",
        R"({"data":"aGk=","algorithm":"sha384"})", R"({"data":"aGk=","algorithm":"sha512"})"}) {
    const auto made = parsed(post("/v1/transit/hmac/mac", body));
    const auto verify = [&](std::string_view data) {
      return member(parsed(post("/v1/transit/verify/mac",
                                "{" + quoted("data", data) + "," +
                                    quoted("signature", text(made, "hmac")) + "}")),
                    "valid")
          ->boolean;
    };
    EXPECT_TRUE(verify("aGk="));
    EXPECT_FALSE(verify("aGo="));
  }
  expect_field(post("/v1/transit/hmac/mac", R"({"data":"aGk=","algorithm":"md5"})"), "algorithm");
}

}  // namespace
}  // namespace quantumapi::encryption
