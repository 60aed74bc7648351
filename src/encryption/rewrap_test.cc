#include "base/encoding.h"
#include "encryption/test_routes.h"

namespace quantumapi::encryption {
namespace {

class Rewrap : public EncryptionRoutes {
 protected:
  void SetUp() override {
    EncryptionRoutes::SetUp();
    mine_.scopes = {"encryption:encrypt", "encryption:decrypt"};
  }
  std::string sealed(std::string_view plaintext, std::string_view more = {}) {
    return text(
        parsed(post("/v1/encrypt", "{" + quoted("plaintext", plaintext) + std::string(more) + "}")),
        "encryptedPayload");
  }
  static std::string body(std::string_view payload, std::string_view more = {}) {
    return "{" + quoted("encryptedPayload", payload) + std::string(more) + "}";
  }
  std::string opened(std::string_view payload, std::string_view more = {}) {
    return text(parsed(post("/v1/decrypt", body(payload, more))), "plaintext");
  }
  void rotate() { expect(keys().rotate(mine_.tenant, key_.id, event("key.rotate"))); }
  static std::string code(const json::Value& result) {
    const json::Value* error = member(result, "error");
    return error == nullptr ? "(none)" : text(*error, "code");
  }
};
INSTANTIATE_TEST_SUITE_P(Engines, Rewrap, store::testing::engines(), store::testing::name_of);

TEST_P(Rewrap, APayloadComesBackUnderItsKeysNewestVersion) {
  const std::string old = sealed("ada", R"(,"additionalData":"row 7")");
  rotate();
  const Sent sent = post("/v1/rewrap", body(old, R"(,"additionalData":"row 7")"));
  const auto made = parsed(sent);
  EXPECT_EQ(text(made, "keyId"), key_.id.to_string());
  EXPECT_EQ(integer(made, "keyVersion"), 2);
  EXPECT_EQ(member(made, "plaintext"), nullptr);
  const std::string fresh = text(made, "encryptedPayload");
  EXPECT_EQ(opened(fresh, R"(,"additionalData":"row 7")"), "ada");
  expect_code(post("/v1/decrypt", body(fresh)).reply, Code::kInvalidArgument, "decryption_failed");
  ASSERT_EQ(sent.events.size(), 1U);
  EXPECT_EQ(sent.events[0].key_version, 2U);
  EXPECT_EQ(sent.events[0].resource, key_.id.uuid);
}

TEST_P(Rewrap, TheEncodingStaysAndAnotherKeyMayBeNamed) {
  const KeyRecord other = create(mine_.tenant, "other", Purpose::kEncrypt, "ML-KEM-1024", false);
  const std::string old = sealed("AAH/", R"(,"encoding":"base64")");
  const auto made =
      parsed(post("/v1/encryption/rewrap", body(old, "," + quoted("keyId", other.id.to_string()))));
  EXPECT_EQ(text(made, "keyId"), other.id.to_string());
  EXPECT_EQ(text(made, "algorithm"), "ML-KEM-1024");
  EXPECT_EQ(opened(text(made, "encryptedPayload")), "AAH/");
}

TEST_P(Rewrap, WhatDoesNotOpenIsNotEncryptedAnew) {
  const std::string old = sealed("ada", R"(,"additionalData":"row 7")");
  for (const std::string_view bound : {"", R"(,"additionalData":"row 8")"})
    expect_code(post("/v1/rewrap", body(old, bound)).reply, Code::kInvalidArgument,
                "decryption_failed");
  expect_field(post("/v1/rewrap", body("nothing")), "encryptedPayload");
  expect_code(
      post("/v1/rewrap", body(sealed("x"), R"(,"keyId":"0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b")"))
          .reply,
      Code::kNotFound);
  Principal other;
  other.tenant = new_tenant();
  create(other.tenant, "theirs");
  expect_code(send(other, Method::kPost, "/v1/rewrap", body(sealed("x"))).reply,
              Code::kInvalidArgument, "decryption_failed");
}

TEST_P(Rewrap, ABoundCredentialNeitherTakesFromNorGoesToOtherKeys) {
  const KeyRecord other = create(mine_.tenant, "other", Purpose::kEncrypt, "ML-KEM-768", false);
  const std::string old = sealed("ada");
  Principal bound = mine_;
  bound.bindings = {{.type = "key", .id = other.id.uuid, .name = {}}};
  expect_code(send(bound, Method::kPost, "/v1/rewrap", body(old)).reply, Code::kPermissionDenied,
              "insufficient_scope");
  bound.bindings = {{.type = "key", .id = key_.id.uuid, .name = {}}};
  expect_code(send(bound, Method::kPost, "/v1/rewrap",
                   body(old, "," + quoted("keyId", other.id.to_string())))
                  .reply,
              Code::kPermissionDenied, "insufficient_scope");
  EXPECT_TRUE(send(bound, Method::kPost, "/v1/rewrap", body(old)).reply);
}

TEST_P(Rewrap, OfABatchOneBadItemFailsAlone) {
  const std::string one = sealed("one");
  const std::string two = sealed("two", R"(,"additionalData":"2")");
  rotate();
  const Sent sent = post("/v1/rewrap/batch", R"({"items":[)" + body(one) + "," +
                                                 body(two, R"(,"additionalData":"2")") + "," +
                                                 body(two) + R"(,{},5]})");
  const auto reply = parsed(sent);
  const auto results = member(reply, "results")->items;
  ASSERT_EQ(results.size(), 5U);
  EXPECT_EQ(opened(text(results[0], "encryptedPayload")), "one");
  EXPECT_EQ(integer(results[0], "keyVersion"), 2);
  EXPECT_EQ(opened(text(results[1], "encryptedPayload"), R"(,"additionalData":"2")"), "two");
  EXPECT_EQ(code(results[2]), "decryption_failed");
  EXPECT_EQ(code(results[3]), "validation_error");
  EXPECT_EQ(code(results[4]), "validation_error");
  EXPECT_EQ(member(results[2], "encryptedPayload"), nullptr);
  ASSERT_EQ(sent.events.size(), 1U);
  EXPECT_EQ(sent.events[0].batch_size, 5U);
  EXPECT_EQ(sent.events[0].failed_items, 3U);
  EXPECT_EQ(sent.events[0].key_version, 2U);
}

TEST_P(Rewrap, AVersionBelowTheMinimumRefusesTheWholeCall) {
  const std::string old = sealed("ada");
  rotate();
  set_minimum(key_.id, 2);
  forget();
  expect_code(post("/v1/rewrap", body(old)).reply, Code::kPermissionDenied,
              "key_version_below_minimum");
  expect_code(post("/v1/rewrap/batch", R"({"items":[)" + body(old) + "]}").reply,
              Code::kPermissionDenied, "key_version_below_minimum");
}

TEST_P(Rewrap, ATransitBatchStaysWithItsKey) {
  const auto encrypt = [&](std::string_view name) {
    return text(parsed(post("/v1/transit/encrypt/" + std::string(name), R"({"plaintext":"aGk="})")),
                "ciphertext");
  };
  create(mine_.tenant, "other", Purpose::kEncrypt, "ML-KEM-768", false);
  const std::string ours = encrypt("fields");
  const std::string theirs = encrypt("other");
  rotate();
  const Sent sent = post("/v1/transit/batch/rewrap/fields",
                         R"({"items":[{)" + quoted("ciphertext", ours) + "},{" +
                             quoted("ciphertext", theirs) + R"(},{"ciphertext":"x"}]})");
  const auto reply = parsed(sent);
  EXPECT_EQ(integer(reply, "keyVersion"), 2);
  EXPECT_EQ(text(reply, "keyName"), "fields");
  const auto results = member(reply, "results")->items;
  ASSERT_EQ(results.size(), 3U);
  EXPECT_TRUE(text(results[0], "ciphertext").starts_with("vault:v2:"));
  EXPECT_EQ(member(results[1], "ciphertext"), nullptr);
  EXPECT_NE(member(results[1], "error"), nullptr);
  EXPECT_NE(member(results[2], "error"), nullptr);
  const auto back = parsed(post("/v1/transit/decrypt/fields",
                                "{" + quoted("ciphertext", text(results[0], "ciphertext")) + "}"));
  EXPECT_EQ(text(back, "plaintext"), "aGk=");
  ASSERT_EQ(sent.events.size(), 1U);
  EXPECT_EQ(sent.events[0].failed_items, 2U);
}

TEST_P(Rewrap, FromOneKeyToAnotherIsAUseOfBoth) {
  const KeyRecord other = create(mine_.tenant, "other", Purpose::kEncrypt, "ML-KEM-768", false);
  const std::string to = "," + quoted("keyId", other.id.to_string());
  const auto keys_of = [](const Sent& sent) {
    std::vector<Uuid> keys;
    for (const AuditEvent& event : sent.events) keys.push_back(event.resource);
    std::ranges::sort(keys);
    return keys;
  };
  std::vector<Uuid> both{key_.id.uuid, other.id.uuid};
  std::ranges::sort(both);
  EXPECT_EQ(keys_of(post("/v1/rewrap", body(sealed("ada"), to))), both);
  const Sent batch =
      post("/v1/rewrap/batch", R"({"items":[)" + body(sealed("ada")) + "]" + to + "}");
  EXPECT_EQ(keys_of(batch), both);
}

// Else who may encrypt under all keys moves what only readers of one may open to readers of
// another.
TEST_P(Rewrap, ToAnotherKeyTakesTheRightToDecryptToo) {
  const KeyRecord other = create(mine_.tenant, "other", Purpose::kEncrypt, "ML-KEM-768", false);
  const std::string payload = sealed("ada");
  const auto to = [](std::string_view key) { return "," + quoted("keyId", key); };
  Principal writer = mine_;
  writer.scopes = {"encryption:encrypt"};
  for (const std::string prefix : {"/v1", "/api/v1/encryption"}) {
    const auto one = [&](std::string_view more) {
      return send(writer, Method::kPost, prefix + "/rewrap", body(payload, more));
    };
    const auto many = [&](std::string_view more) {
      return send(writer, Method::kPost, prefix + "/rewrap/batch",
                  R"({"items":[)" + body(payload) + "]" + std::string(more) + "}");
    };
    for (const auto& named : {other.id.to_string(), other.name}) {
      const Sent refused = one(to(named));
      expect_code(refused.reply, Code::kPermissionDenied, "insufficient_scope");
      EXPECT_EQ(refused.concerns.resource, key_.id.uuid)
          << "the right that lacks is on its own key";
      EXPECT_EQ(refused.concerns.key_version, 1U);
      const Sent batch = many(to(named));
      const auto reply = parsed(batch);
      const auto& result = member(reply, "results")->items[0];
      EXPECT_EQ(code(result), "insufficient_scope");
      EXPECT_EQ(member(result, "encryptedPayload"), nullptr);
      ASSERT_EQ(batch.events.size(), 1U);
      EXPECT_EQ(batch.events[0].outcome, Outcome::kDenied);
      EXPECT_EQ(batch.events[0].resource, key_.id.uuid);
    }
    // Its own key, named or not, needs no more than before.
    for (const std::string& more : {std::string(), to(key_.id.to_string()), to(key_.name)}) {
      EXPECT_TRUE(one(more).reply);
      const auto reply = parsed(many(more));
      EXPECT_EQ(code(member(reply, "results")->items[0]), "(none)");
    }
  }
  // Transit's never leave their key.
  const std::string vault =
      text(parsed(post("/v1/transit/encrypt/fields", R"({"plaintext":"aGk="})")), "ciphertext");
  const std::string item = "{" + quoted("ciphertext", vault) + "}";
  EXPECT_TRUE(send(writer, Method::kPost, "/v1/transit/rewrap/fields", item).reply);
  expect_code(send(writer, Method::kPost, "/v1/transit/rewrap/other", item).reply,
              Code::kInvalidArgument, "decryption_failed");
}

}  // namespace
}  // namespace quantumapi::encryption
