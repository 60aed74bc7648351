#include "encryption/batch.h"

#include <chrono>
#include <thread>

#include "base/encoding.h"
#include "encryption/test_routes.h"

namespace quantumapi::encryption {
namespace {

class BatchRoutes : public EncryptionRoutes {
 protected:
  // results are the answers to a batch's items.
  std::span<const json::Value> results(const Sent& sent) {
    const json::Value* found = member(parsed(sent), "results");
    if (found == nullptr) return {};
    return found->items;
  }
  static std::string code(const json::Value& result) {
    const json::Value* error = member(result, "error");
    return error == nullptr ? "(none)" : text(*error, "code");
  }
  static std::string items(std::size_t count) {
    std::string body = R"({"items":[)";
    for (std::size_t i = 0; i < count; ++i)
      body += (i == 0 ? "" : ",") + ("{" + quoted("plaintext", std::to_string(i)) + "}");
    return body + "]}";
  }
  // to_decrypt is the batch that decrypts what a batch answered.
  std::string to_decrypt(std::span<const json::Value> sealed) {
    std::string body = R"({"items":[)";
    for (const json::Value& each : sealed)
      body += (body.back() == '[' ? "" : ",") +
              ("{" + quoted("encryptedPayload", text(each, "encryptedPayload")) + "}");
    return body + "]}";
  }
  static void expect_done(const Sent& sent) {
    EXPECT_TRUE(sent.reply) << sent.reply.error().message;
  }
  std::uint8_t algorithm_byte(const json::Value& result) {
    return expect(from_text(text(result, "encryptedPayload"))).at(1);
  }
};
INSTANTIATE_TEST_SUITE_P(Engines, BatchRoutes, store::testing::engines(), store::testing::name_of);

TEST_P(BatchRoutes, WhatABatchSealsABatchOpensInOrder) {
  for (const std::size_t count : {1U, 2U, 8U, 9U, 1000U}) {
    const Sent sent = post("/v1/encrypt/batch", items(count));
    const auto sealed = results(sent);
    ASSERT_EQ(sealed.size(), count);
    const auto opened = results(post("/v1/encryption/decrypt/batch", to_decrypt(sealed)));
    ASSERT_EQ(opened.size(), count);
    for (std::size_t i = 0; i < count; ++i) {
      EXPECT_EQ(integer(opened[i], "index"), static_cast<std::int64_t>(i));
      EXPECT_EQ(text(opened[i], "plaintext"), std::to_string(i));
    }
  }
}

TEST_P(BatchRoutes, AnswersTheKeyOnceAndAuditsTheCallOnce) {
  const Sent sent = post("/v1/encryption/encrypt/batch", items(3));
  const auto reply = parsed(sent);
  EXPECT_EQ(text(reply, "keyId"), key_.id.to_string());
  EXPECT_EQ(integer(reply, "keyVersion"), 1);
  EXPECT_EQ(text(reply, "algorithm"), "ML-KEM-768");
  ASSERT_EQ(sent.events.size(), 1U);
  EXPECT_EQ(sent.events[0].batch_size, 3U);
  EXPECT_EQ(sent.events[0].failed_items, 0U);
  EXPECT_EQ(sent.events[0].resource, key_.id.uuid);
  EXPECT_EQ(sent.events[0].key_version, 1U);
}

TEST_P(BatchRoutes, SharesOneEncapsulationUnlessToldOtherwise) {
  const auto encapsulated = [&](const json::Value& result) {
    const Bytes octets = expect(from_text(text(result, "encryptedPayload")));
    const Parts parts = expect(parse(octets));
    return Bytes(parts.encapsulated.begin(), parts.encapsulated.end());
  };
  const auto shared = results(post("/v1/encrypt/batch", items(2)));
  EXPECT_EQ(encapsulated(shared[0]), encapsulated(shared[1]));
  EXPECT_EQ(algorithm_byte(shared[0]), 18);
  const auto apart = results(post(
      "/v1/encrypt/batch", R"({"perItem":true,"items":[{"plaintext":"a"},{"plaintext":"b"}]})"));
  EXPECT_NE(encapsulated(apart[0]), encapsulated(apart[1]));
  EXPECT_EQ(algorithm_byte(apart[1]), 2);
  EXPECT_EQ(algorithm_byte(results(post("/v1/encrypt/batch", items(1)))[0]), 2);
}

TEST_P(BatchRoutes, APayloadOfABatchOpensAlone) {
  const auto sealed = results(post("/v1/encrypt/batch", items(3)));
  const auto opened = parsed(post(
      "/v1/decrypt", "{" + quoted("encryptedPayload", text(sealed[1], "encryptedPayload")) + "}"));
  EXPECT_EQ(text(opened, "plaintext"), "1");
}

TEST_P(BatchRoutes, OneBadItemFailsAlone) {
  const Sent sent = post("/v1/encrypt/batch", R"({"items":[{"plaintext":"a"},{"plaintext":7},
      {},null,{"plaintext":"!","encoding":"base64"},{"plaintext":"x","encoding":"rot13"},
      {"plaintext":"a","Plaintext":"b"},{"plaintext":"eA==","encoding":"base64"}]})");
  const auto sealed = results(sent);
  ASSERT_EQ(sealed.size(), 8U);
  for (const std::size_t bad : {1U, 2U, 3U, 4U, 5U, 6U}) {
    EXPECT_EQ(code(sealed[bad]), "validation_error") << bad;
    EXPECT_EQ(member(sealed[bad], "encryptedPayload"), nullptr);
  }
  EXPECT_EQ(code(sealed[0]), "(none)");
  EXPECT_EQ(code(sealed[7]), "(none)");
  EXPECT_EQ(sent.events.at(0).failed_items, 6U);
  EXPECT_EQ(sent.events.at(0).outcome, Outcome::kSuccess);
}

TEST_P(BatchRoutes, DamagedPayloadsAndOtherTenantsFailAlone) {
  const std::string good =
      text(parsed(post("/v1/encrypt", R"({"plaintext":"v"})")), "encryptedPayload");
  std::string bad = good;
  bad[bad.size() / 2] = bad[bad.size() / 2] == 'A' ? 'B' : 'A';
  Principal other;
  other.tenant = new_tenant();
  create(other.tenant, "fields");
  const std::string theirs =
      text(parsed(send(other, Method::kPost, "/v1/encrypt", R"({"plaintext":"v"})")),
           "encryptedPayload");
  const std::string body = R"({"items":[{)" + quoted("encryptedPayload", bad) + "},{" +
                           quoted("encryptedPayload", good) + "},{" +
                           quoted("encryptedPayload", theirs) +
                           R"(},{"encryptedPayload":"qa1.!"}]})";
  const auto opened = results(post("/v1/decrypt/batch", body));
  ASSERT_EQ(opened.size(), 4U);
  EXPECT_EQ(code(opened[0]), "decryption_failed");
  EXPECT_EQ(text(opened[1], "plaintext"), "v");
  EXPECT_EQ(code(opened[2]), "decryption_failed");
  EXPECT_EQ(code(opened[3]), "validation_error");
}

TEST_P(BatchRoutes, ADisabledKeyFailsItsItemsAlone) {
  const KeyRecord second = create(mine_.tenant, "second", Purpose::kEncrypt, "ML-KEM-768", false);
  const std::string first =
      text(parsed(post("/v1/encrypt", R"({"plaintext":"v"})")), "encryptedPayload");
  const std::string of_second =
      text(parsed(post("/v1/encrypt",
                       R"({"plaintext":"w",)" + quoted("keyId", second.id.to_string()) + "}")),
           "encryptedPayload");
  set_state(second.id, "disabled");
  forget();
  const auto opened =
      results(post("/v1/decrypt/batch", R"({"items":[{)" + quoted("encryptedPayload", first) +
                                            "},{" + quoted("encryptedPayload", of_second) + "}]}"));
  EXPECT_EQ(text(opened[0], "plaintext"), "v");
  EXPECT_EQ(code(opened[1]), "key_revoked");
  expect_code(post("/v1/encrypt/batch", R"({"items":[{"plaintext":"v"}],)" +
                                            quoted("keyId", second.id.to_string()) + "}")
                  .reply,
              Code::kPermissionDenied, "key_revoked");
}

// Each item is decided when its turn comes. That a batch was under way is seen in its answer.
TEST_P(BatchRoutes, AKeyDisabledInTheMiddleOpensWhatCameBeforeAndNothingAfter) {
  const auto sealed = results(post("/v1/encrypt/batch", items(1000)));
  const std::string batch = to_decrypt(sealed);
  const std::string path = "/v1/keys/" + key_.id.to_string();
  const auto set_status = [&](std::string_view status) {
    expect_done(send(mine_, Method::kPatch, path, "{" + quoted("status", status) + "}"));
  };
  bool was_under_way = false;
  for (int round = 0; round < 500 && !was_under_way; ++round) {
    Sent sent;
    std::thread decrypting([&] { sent = post("/v1/decrypt/batch", batch); });
    std::this_thread::sleep_for(std::chrono::microseconds(500 * (round % 40)));
    set_status("disabled");
    decrypting.join();
    set_status("active");
    const auto opened = results(sent);
    ASSERT_EQ(opened.size(), 1000U);
    std::size_t before = 0;
    while (before < opened.size() && code(opened[before]) == "(none)") ++before;
    for (std::size_t i = 0; i < opened.size(); ++i) {
      EXPECT_EQ(text(opened[i], "plaintext"), i < before ? std::to_string(i) : "(absent)");
      EXPECT_EQ(code(opened[i]), i < before ? "(none)" : "key_revoked");
    }
    was_under_way = 0 < before && before < opened.size();
    if (!was_under_way) continue;
    ASSERT_EQ(sent.events.size(), 2U) << "what was opened, and what was refused";
    EXPECT_EQ(sent.events[1].failed_items, opened.size() - before);
    EXPECT_EQ(sent.events[1].error, "key_revoked");
  }
  EXPECT_TRUE(was_under_way);
}

TEST_P(BatchRoutes, AVersionBelowTheMinimumRefusesTheWholeCall) {
  const auto sealed = results(post("/v1/encrypt/batch", items(2)));
  parsed(post("/v1/keys/fields/rotate", "{}"));
  set_minimum(key_.id, 2);
  forget();
  expect_code(post("/v1/decrypt/batch", to_decrypt(sealed)).reply, Code::kPermissionDenied,
              "key_version_below_minimum");
}

TEST_P(BatchRoutes, RefusesWhatIsNoBatch) {
  expect_field(post("/v1/encrypt/batch", "{}"), "items");
  expect_field(post("/v1/encrypt/batch", R"({"items":[]})"), "items");
  expect_field(post("/v1/encrypt/batch", R"({"items":{}})"), "items");
  expect_field(post("/v1/encrypt/batch", items(1001)), "items");
  expect_field(post("/v1/decrypt/batch", R"({"items":"x"})"), "items");
}

TEST_P(BatchRoutes, ABatchOfMoreThanEightBelongsOnThePool) {
  EXPECT_TRUE(post("/v1/encrypt/batch", items(8)).reply);
  EXPECT_TRUE(post("/v1/encrypt/batch", items(8), false).reply);
  expect_code(post("/v1/encrypt/batch", items(9), false).reply, Code::kWouldBlock);
  expect_code(post("/v1/encrypt/batch", items(500), false).reply, Code::kWouldBlock);
}

TEST_P(BatchRoutes, ABoundCredentialIsRefusedKeysOutsideItsBindings) {
  const auto sealed = results(post("/v1/encrypt/batch", items(2)));
  Principal bound = mine_;
  bound.bindings.push_back({"key", Uuid::v7({1}), "other"});
  expect_code(send(bound, Method::kPost, "/v1/encrypt/batch", items(2)).reply,
              Code::kPermissionDenied, "insufficient_scope");
  const auto refused = results(send(bound, Method::kPost, "/v1/decrypt/batch", to_decrypt(sealed)));
  ASSERT_EQ(refused.size(), 2U);
  EXPECT_EQ(code(refused[0]), "insufficient_scope");
}

// Whoever asks the log for a key finds each use of it, whatever else was in the same call.
TEST_P(BatchRoutes, EachKeyOfABatchHasAnEventOfItsOwn) {
  const KeyRecord second = create(mine_.tenant, "second", Purpose::kEncrypt, "ML-KEM-768", false);
  const auto sealed = [&](KeyId key) {
    return "{" +
           quoted("encryptedPayload",
                  text(parsed(post("/v1/encrypt", R"({"plaintext":"v",)" +
                                                      quoted("keyId", key.to_string()) + "}")),
                       "encryptedPayload")) +
           "}";
  };
  const std::string body =
      R"({"items":[)" + sealed(key_.id) + "," + sealed(second.id) + "," + sealed(key_.id) + ",{}]}";
  Sent sent = post("/v1/decrypt/batch", body);
  std::ranges::sort(sent.events, {}, [](const AuditEvent& event) { return *event.batch_size; });
  ASSERT_EQ(sent.events.size(), 3U);
  const auto of = [&](const Uuid& key) {
    return *std::ranges::find(sent.events, key, &AuditEvent::resource);
  };
  EXPECT_EQ(of(key_.id.uuid).batch_size, 2U);
  EXPECT_EQ(of(key_.id.uuid).failed_items, 0U);
  EXPECT_EQ(of(second.id.uuid).batch_size, 1U);
  EXPECT_EQ(of(second.id.uuid).key_version, 1U);
  EXPECT_EQ(of({}).failed_items, 1U);
  EXPECT_EQ(of({}).outcome, Outcome::kFailure);

  // To a key bound to one of them the other is refused, and that stands in the log too.
  Principal bound = mine_;
  bound.bindings.push_back({"key", key_.id.uuid, ""});
  sent = send(bound, Method::kPost, "/v1/decrypt/batch", body);
  ASSERT_EQ(sent.events.size(), 3U);
  EXPECT_EQ(of(key_.id.uuid).batch_size, 2U);
  EXPECT_EQ(of(second.id.uuid).outcome, Outcome::kDenied);
  EXPECT_EQ(of(second.id.uuid).error, "insufficient_scope");
  EXPECT_EQ(of({}).failed_items, 1U);
}

}  // namespace
}  // namespace quantumapi::encryption
