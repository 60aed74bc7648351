// Data keys over their routes: what comes back, and everything that must not.
#include "base/encoding.h"
#include "encryption/test_routes.h"

namespace quantumapi::encryption {
namespace {

class DataKeys : public EncryptionRoutes {
 protected:
  std::string path(std::string_view what) {
    return "/v1/keys/" + key_.id.to_string() + "/" + std::string(what);
  }
  json::Value generated(std::string_view body = "{}") {
    return parsed(post(path("generate-data-key"), body));
  }
  Sent unwrap(std::string_view wrapped, std::string_view context = {}) {
    std::string body = "{" + quoted("wrappedKey", wrapped);
    if (!context.empty()) body += "," + quoted("context", context);
    return post(path("unwrap"), body + "}");
  }
  void expect_refused(const Sent& sent) {
    expect_code(sent.reply, Code::kInvalidArgument, "decryption_failed");
  }
};
INSTANTIATE_TEST_SUITE_P(Engines, DataKeys, store::testing::engines(), store::testing::name_of);

TEST_P(DataKeys, UnwrapGivesTheKeyThatWasMadeInEachSize) {
  for (const auto& [body, size] : std::initializer_list<std::pair<const char*, std::size_t>>{
           {"", 32},
           {"{}", 32},
           {R"({"keyBytes":16})", 16},
           {R"({"key_bytes":24,"algorithm":"AES-192-GCM"})", 24},
           {R"({"algorithm":"AES-128-GCM"})", 16}}) {
    const auto made = generated(body);
    const auto plain =
        expect(base::base64_decode(text(made, "plaintextKey"), base::Base64::kStandard));
    EXPECT_EQ(plain.size(), size);
    EXPECT_EQ(text(made, "keyId"), key_.id.to_string());
    EXPECT_EQ(integer(made, "keyVersion"), 1);
    EXPECT_EQ(text(made, "algorithm"), "AES-" + std::to_string(8 * size) + "-GCM");
    const auto opened = parsed(unwrap(text(made, "encryptedKey")));
    EXPECT_EQ(text(opened, "keyMaterial"), text(made, "plaintextKey"));
    EXPECT_EQ(integer(opened, "keyVersion"), 1);
  }
  EXPECT_NE(text(generated(), "plaintextKey"), text(generated(), "plaintextKey"));
}

TEST_P(DataKeys, TransitGivesItsOwnTextAndWithoutPlaintextNone) {
  const auto made = parsed(post("/v1/transit/datakey/fields", "{}"));
  const auto wrapped = text(made, "encryptedKey");
  EXPECT_TRUE(wrapped.starts_with("vault:v1:"));
  const auto opened = parsed(post(path("unwrap"), "{" + quoted("encryptedKey", wrapped) + "}"));
  EXPECT_EQ(text(opened, "keyMaterial"), text(made, "plaintextKey"));
  expect_refused(unwrap("vault:v2:" + wrapped.substr(9)));
  for (const auto& each : {std::string("/v1/transit/datakey/fields/without-plaintext"),
                           path("generate-data-key-without-plaintext")}) {
    const auto sealed = parsed(post(each, "{}"));
    EXPECT_EQ(member(sealed, "plaintextKey"), nullptr);
    EXPECT_EQ(text(parsed(unwrap(text(sealed, "encryptedKey"))), "keyMaterial").size(), 44U);
  }
}

TEST_P(DataKeys, AnotherContextDoesNotOpen) {
  const auto bound = text(generated(R"({"context":"YQ=="})"), "encryptedKey");
  parsed(unwrap(bound, "YQ=="));
  expect_refused(unwrap(bound));
  expect_refused(unwrap(bound, "Yg=="));
  expect_refused(unwrap(text(generated(), "encryptedKey"), "YQ=="));
}

TEST_P(DataKeys, NoChangedOctetOpens) {
  const auto wrapped = text(generated(), "encryptedKey");
  const Bytes octets = expect(from_text(wrapped));
  for (std::size_t i = 0; i < octets.size(); ++i) {
    Bytes changed = octets;
    changed[i] ^= 1;
    EXPECT_FALSE(unwrap("qa1." + base::base64_encode(changed, base::Base64::kUrl)).reply) << i;
  }
}

TEST_P(DataKeys, NeitherOpensAsTheOther) {
  const auto wrapped = text(generated(), "encryptedKey");
  expect_refused(post("/v1/decrypt", "{" + quoted("encryptedPayload", wrapped) + "}"));
  const auto field = parsed(post("/v1/encrypt", R"({"plaintext":"aGk=","encoding":"base64"})"));
  expect_refused(unwrap(text(field, "encryptedPayload")));
  const auto transit = text(parsed(post("/v1/transit/datakey/fields", "{}")), "encryptedKey");
  expect_refused(post("/v1/transit/decrypt/fields", "{" + quoted("ciphertext", transit) + "}"));
  // Nor with the algorithm byte rewritten to the other kind.
  Bytes octets = expect(from_text(wrapped));
  octets[1] = 2;
  expect_refused(post(
      "/v1/decrypt",
      "{" + quoted("encryptedPayload", "qa1." + base::base64_encode(octets, base::Base64::kUrl)) +
          "}"));
}

TEST_P(DataKeys, AnotherKeyOrTenantDoesNotOpen) {
  const auto wrapped = text(generated(), "encryptedKey");
  const std::string body = "{" + quoted("wrappedKey", wrapped) + "}";
  create(mine_.tenant, "other", Purpose::kEncrypt, "ML-KEM-768", false);
  expect_refused(post("/v1/keys/other/unwrap", body));
  Principal theirs;
  theirs.tenant = new_tenant();
  expect_code(send(theirs, Method::kPost, path("unwrap"), body).reply, Code::kNotFound);
  expect_code(send(theirs, Method::kPost, path("generate-data-key"), "{}").reply, Code::kNotFound);
  create(theirs.tenant, "fields");
  expect_refused(send(theirs, Method::kPost, "/v1/keys/fields/unwrap", body));
}

TEST_P(DataKeys, OldVersionsOpenUntilTheMinimumAndADisabledKeyNothing) {
  const auto old = text(generated(), "encryptedKey");
  parsed(post(path("rotate"), ""));
  EXPECT_EQ(integer(generated(), "keyVersion"), 2);
  EXPECT_EQ(integer(parsed(unwrap(old)), "keyVersion"), 1);
  parsed(post("/v1/transit/keys/fields/config", R"({"minDecryptionVersion":2})"));
  expect_code(unwrap(old).reply, Code::kPermissionDenied, "key_version_below_minimum");
  const auto recent = text(generated(), "encryptedKey");
  parsed(
      send(mine_, Method::kPatch, "/v1/keys/" + key_.id.to_string(), R"({"status":"disabled"})"));
  expect_code(unwrap(recent).reply, Code::kPermissionDenied, "key_revoked");
  expect_code(post(path("generate-data-key"), "{}").reply, Code::kPermissionDenied, "key_revoked");
}

TEST_P(DataKeys, OutsideItsBindingsACredentialGetsNothing) {
  Principal bound = mine_;
  bound.bindings.push_back({"key", {}, "elsewhere"});
  const std::string body = "{" + quoted("wrappedKey", text(generated(), "encryptedKey")) + "}";
  for (const auto& each :
       {path("unwrap"), path("generate-data-key"), std::string("/v1/transit/datakey/fields")})
    expect_code(send(bound, Method::kPost, each, body).reply, Code::kPermissionDenied,
                "insufficient_scope");
}

TEST_P(DataKeys, BadInputNamesItsField) {
  const auto at = path("generate-data-key");
  for (const auto body : {R"({"keyBytes":0})", R"({"keyBytes":31})", R"({"keyBytes":-16})"})
    expect_field(post(at, body), "keyBytes");
  expect_field(post(at, R"({"context":"!"})"), "context");
  expect_field(post(at, R"({"algorithm":"ML-KEM-768"})"), "algorithm");
  expect_field(post(at, R"({"algorithm":"AES-128-GCM","keyBytes":32})"), "algorithm");
  expect_field(post(path("unwrap"), "{}"), "wrappedKey");
  for (const auto wrapped : {"", "qa1.", "qa1.!", "vault:v1:", "AAAA"})
    expect_field(unwrap(wrapped), "wrappedKey");
}

TEST_P(DataKeys, UsesAreAuditedWithTheVersion) {
  const Sent made = post(path("generate-data-key"), "{}");
  ASSERT_EQ(made.events.size(), 1U);
  EXPECT_EQ(made.events[0].action, "datakey.generate");
  EXPECT_EQ(made.events[0].resource, key_.id.uuid);
  EXPECT_EQ(made.events[0].key_version, 1U);
  const Sent opened = unwrap(text(parsed(made), "encryptedKey"));
  ASSERT_EQ(opened.events.size(), 1U);
  EXPECT_EQ(opened.events[0].action, "datakey.unwrap");
  EXPECT_EQ(opened.events[0].key_version, 1U);
}

}  // namespace
}  // namespace quantumapi::encryption
