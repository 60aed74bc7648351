#include "encryption/test_routes.h"

namespace quantumapi::encryption {
namespace {

class SignBatches : public EncryptionRoutes {
 protected:
  void SetUp() override {
    EncryptionRoutes::SetUp();
    create(mine_.tenant, "signs", Purpose::kSign, "ML-DSA-65", false);
    create(mine_.tenant, "macs", Purpose::kHmac, "HMAC-SHA3-256", false);
  }
  std::span<const json::Value> results(const Sent& sent) {
    const json::Value* found = member(parsed(sent), "results");
    if (found == nullptr) return {};
    return found->items;
  }
  static std::string batch(std::string_view key, std::string_view items) {
    return "{" + quoted("keyId", key) + R"(,"items":[)" + std::string(items) + "]}";
  }
  static std::string signed_item(std::string_view data, std::string_view signature) {
    return "{" + quoted("data", data) + "," + quoted("signature", signature) + "}";
  }
  static std::string code(const json::Value& result) {
    const json::Value* error = member(result, "error");
    return error == nullptr ? "(none)" : text(*error, "code");
  }
};
INSTANTIATE_TEST_SUITE_P(Engines, SignBatches, store::testing::engines(), store::testing::name_of);

TEST_P(SignBatches, EachSignatureIsOfItsDataAndABadItemFailsAlone) {
  const Sent sent =
      post("/v1/sign/batch",
           batch("signs", R"({"data":"one"},{"data":"aGk=","encoding":"base64"},{"data":"?",)"
                          R"("encoding":"base64"},{},{"data":"four"})"));
  const auto reply = parsed(sent);
  EXPECT_EQ(text(reply, "algorithm"), "ML-DSA-65");
  EXPECT_EQ(text(reply, "keyName"), "signs");
  EXPECT_EQ(integer(reply, "keyVersion"), 1);
  const auto made = member(reply, "results")->items;
  ASSERT_EQ(made.size(), 5U);
  EXPECT_EQ(code(made[2]), "validation_error");
  EXPECT_EQ(code(made[3]), "validation_error");
  EXPECT_EQ(member(made[3], "signature"), nullptr);
  ASSERT_EQ(sent.events.size(), 1U);
  EXPECT_EQ(sent.events[0].batch_size, 5U);
  EXPECT_EQ(sent.events[0].failed_items, 2U);
  EXPECT_EQ(sent.events[0].key_version, 1U);
  const auto verify = [&](std::string_view data, const json::Value& of) {
    return member(parsed(post("/v1/verify", R"({"keyId":"signs",)" + quoted("data", data) + "," +
                                                quoted("signature", text(of, "signature")) + "}")),
                  "valid")
        ->boolean;
  };
  EXPECT_TRUE(verify("one", made[0]));
  EXPECT_TRUE(verify("hi", made[1]));
  EXPECT_FALSE(verify("one", made[4]));
}

TEST_P(SignBatches, ABatchOfSignaturesIsCheckedOneByOne) {
  const auto made =
      results(post("/v1/sign/batch", batch("signs", R"({"data":"one"},{"data":"two"})")));
  const std::string one = text(made[0], "signature");
  const std::string two = text(made[1], "signature");
  std::string unknown = one;
  unknown.replace(0, 9, "vault:v7:");
  const Sent sent = post("/v1/verify/batch",
                         batch("signs", signed_item("one", one) + "," + signed_item("one", two) +
                                            "," + signed_item("one", unknown) + "," +
                                            signed_item("one", "x") + "," + R"({"data":"one"})"));
  const auto reply = parsed(sent);
  const auto found = member(reply, "results")->items;
  ASSERT_EQ(found.size(), 5U);
  EXPECT_TRUE(member(found[0], "valid")->boolean);
  EXPECT_EQ(integer(found[0], "keyVersion"), 1);
  EXPECT_FALSE(member(found[1], "valid")->boolean);
  EXPECT_FALSE(member(found[2], "valid")->boolean);
  EXPECT_EQ(member(found[3], "valid"), nullptr);
  EXPECT_EQ(code(found[3]), "validation_error");
  EXPECT_EQ(code(found[4]), "validation_error");
  ASSERT_EQ(sent.events.size(), 1U);
  EXPECT_EQ(sent.events[0].failed_items, 4U);
  EXPECT_EQ(sent.events[0].outcome, Outcome::kSuccess);
  EXPECT_EQ(sent.events[0].key_version, std::nullopt);  // they were of two
}

TEST_P(SignBatches, ABatchOfWrongSignaturesIsRecordedAsAFailure) {
  const auto made = results(post("/v1/sign/batch", batch("signs", R"({"data":"one"})")));
  const Sent sent =
      post("/v1/verify/batch", batch("signs", signed_item("two", text(made[0], "signature"))));
  EXPECT_FALSE(member(results(sent)[0], "valid")->boolean);
  EXPECT_EQ(sent.events[0].outcome, Outcome::kFailure);
  EXPECT_EQ(sent.events[0].key_version, 1U);
}

TEST_P(SignBatches, MacsAreMadeAndChecked) {
  for (const std::string_view hash : {"", R"("algorithm":"sha512",)"}) {
    const auto made = results(post("/v1/hmac/batch", "{" + std::string(hash) +
                                                         R"("keyId":"macs","items":[{"data":"a"},)"
                                                         R"({"data":"b"},5]})"));
    ASSERT_EQ(made.size(), 3U);
    EXPECT_EQ(code(made[2]), "validation_error");
    const auto found = results(
        post("/v1/verify/batch", batch("macs", signed_item("a", text(made[0], "hmac")) + "," +
                                                   signed_item("a", text(made[1], "hmac")))));
    EXPECT_TRUE(member(found[0], "valid")->boolean);
    EXPECT_FALSE(member(found[1], "valid")->boolean);
  }
}

TEST_P(SignBatches, AThousandAreTakenAndNoMore) {
  std::string items = R"({"data":"0"})";
  for (int i = 1; i < 1000; ++i) items += R"(,{"data":"0"})";
  EXPECT_EQ(results(post("/v1/hmac/batch", batch("macs", items))).size(), 1000U);
  expect_field(post("/v1/hmac/batch", batch("macs", items + R"(,{"data":"0"})")), "items");
  expect_field(post("/v1/sign/batch", batch("signs", "")), "items");
}

TEST_P(SignBatches, AnotherKindOfKeyIsRefusedByName) {
  expect_field(post("/v1/sign/batch", batch("macs", R"({"data":"a"})")), "keyId");
  expect_field(post("/v1/hmac/batch", batch("signs", R"({"data":"a"})")), "keyId");
  expect_field(post("/v1/verify/batch", batch("fields", R"({"data":"a","signature":"x"})")),
               "keyId");
  expect_field(post("/v1/sign/batch", R"({"items":[{"data":"a"}]})"), "keyId");
  expect_field(
      post("/v1/sign/batch", R"({"keyId":"signs","algorithm":"RSA","items":[{"data":"a"}]})"),
      "algorithm");
  expect_code(post("/v1/sign/batch", batch("nobody", R"({"data":"a"})")).reply, Code::kNotFound);
  mine_.bindings = {{.type = "key", .id = key_.id.uuid, .name = {}}};
  expect_code(post("/v1/sign/batch", batch("signs", R"({"data":"a"})")).reply,
              Code::kPermissionDenied, "insufficient_scope");
}

}  // namespace
}  // namespace quantumapi::encryption
