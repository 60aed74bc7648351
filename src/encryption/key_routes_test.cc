#include "base/encoding.h"
#include "encryption/test_routes.h"

namespace quantumapi::encryption {
namespace {

class KeyRoutes : public EncryptionRoutes {
 protected:
  Sent patch(std::string_view path, std::string_view body) {
    return send(mine_, Method::kPatch, path, body);
  }
  Sent remove(std::string_view path, std::string_view query = {}) {
    return send(mine_, Method::kDelete, path, {}, query);
  }
};
INSTANTIATE_TEST_SUITE_P(Engines, KeyRoutes, store::testing::engines(), store::testing::name_of);

TEST_P(KeyRoutes, KeysOfEachTypeAreMadeWithTheirUsualAlgorithm) {
  for (const auto& [type, algorithm] :
       {std::pair("encryption", "ML-KEM-768"), std::pair("signing", "ML-DSA-65"),
        std::pair("hmac", "HMAC-SHA3-256")}) {
    const Sent sent =
        post("/api/v1/keys", "{" + quoted("name", std::string("made ") + type) + "," +
                                 quoted("key_type", type) + "," + quoted("purpose", type) + "}");
    const auto key = parsed(sent);
    EXPECT_EQ(sent.reply->status, 201);
    EXPECT_EQ(text(key, "keyType"), type);
    EXPECT_EQ(text(key, "algorithm"), algorithm);
    EXPECT_EQ(text(key, "status"), "active");
    EXPECT_TRUE(sent.recorded);
  }
}

TEST_P(KeyRoutes, WhatIsNoKeyIsNamedAndMakesNothing) {
  expect_field(post("/v1/keys", R"({"keyType":"signing"})"), "name");
  expect_field(post("/v1/keys", R"({"name":"","keyType":"signing"})"), "name");
  expect_field(post("/v1/keys", R"({"name":"..","keyType":"signing"})"), "name");
  expect_field(post("/v1/keys", R"({"name":"a","keyType":"sign"})"), "keyType");
  expect_field(post("/v1/keys", R"({"name":"a","keyType":"hmac","purpose":"signing"})"), "purpose");
  expect_field(post("/v1/keys", R"({"name":"a","keyType":"hmac","usage":"image"})"), "usage");
  expect_field(post("/v1/keys", R"({"name":"a","keyType":"signing","algorithm":"RSA"})"),
               "algorithm");
  expect_field(post("/v1/keys", R"({"name":"a","keyType":"hmac","expiresAt":5})"), "expiresAt");
  expect_code(post("/v1/keys", R"({"name":"fields","keyType":"encryption"})").reply,
              Code::kConflict, "key_name_conflict");
  EXPECT_EQ(integer(parsed(get("/v1/keys")), "total"), 1);
}

TEST_P(KeyRoutes, AnImportedKeyEncryptsAndAPublicOneIsRefused) {
  const std::string seed = base::base64_encode(Bytes(64, 9), base::Base64::kStandard);
  const std::string begin = R"({"name":"byok","key_type":"encryption","algorithm":"ML-KEM-768",)"
                            R"("format":"raw",)" +
                            quoted("key_material", seed);
  expect_field(post("/v1/keys/import", begin + R"(,"public_key_only":true})"), "publicKeyOnly");
  const auto key = parsed(post("/v1/keys/import", begin + R"(,"set_as_default":true})"));
  EXPECT_TRUE(member(key, "imported")->boolean);
  const auto sealed = parsed(post("/v1/encrypt", R"({"plaintext":"v"})"));
  EXPECT_EQ(text(sealed, "keyId"), text(key, "id"));
}

TEST_P(KeyRoutes, ADisabledKeyIsRefusedUntilItIsActiveAgain) {
  EXPECT_EQ(text(parsed(patch("/v1/keys/fields", R"({"status":"disabled"})")), "status"),
            "inactive");
  expect_code(post("/v1/encrypt", R"({"plaintext":"v"})").reply, Code::kPermissionDenied,
              "key_revoked");
  parsed(patch("/v1/keys/fields", R"({"status":"active","description":"rows"})"));
  parsed(post("/v1/encrypt", R"({"plaintext":"v"})"));
  EXPECT_EQ(text(parsed(get("/v1/keys/fields")), "description"), "rows");
  expect_field(patch("/v1/keys/fields", R"({"status":"gone"})"), "status");
}

TEST_P(KeyRoutes, ADeletionIsScheduledAndCanBeTakenBack) {
  expect_field(remove("/v1/keys/fields", "scheduleDays=0"), "scheduleDays");
  EXPECT_EQ(remove("/v1/keys/fields", "scheduleDays=30").reply->status, 204);
  const auto gone = parsed(get("/v1/keys/fields"));
  EXPECT_EQ(text(gone, "status"), "scheduled_deletion");
  EXPECT_NE(member(gone, "scheduledDeletionDate"), nullptr);
  EXPECT_FALSE(post("/v1/encrypt", R"({"plaintext":"v"})").reply);
  EXPECT_EQ(text(parsed(post("/v1/keys/fields/recover", "")), "status"), "active");
  parsed(post("/v1/encrypt", R"({"plaintext":"v"})"));
  parsed(patch("/v1/keys/fields", R"({"purgeProtected":true})"));
  expect_code(remove("/v1/keys/fields").reply, Code::kConflict, "purge_protected");
}

TEST_P(KeyRoutes, TheMinimumVersionRefusesOlderPayloads) {
  const auto old = parsed(post("/v1/encrypt", R"({"plaintext":"v"})"));
  parsed(post("/v1/keys/fields/rotate", "{}"));
  const auto put = [&](std::string_view body) {
    return send(mine_, Method::kPut, "/v1/keys/fields/min-decryption-version", body);
  };
  for (const auto bad : {"0", "3", "-1", "99999999999"})
    expect_code(put(R"({"minDecryptionVersion":)" + std::string(bad) + "}").reply,
                Code::kInvalidArgument, "invalid_min_decryption_version");
  const auto reply =
      parsed(post("/v1/transit/keys/fields/config", R"({"minDecryptionVersion":2})"));
  EXPECT_EQ(text(reply, "keyName"), "fields");
  EXPECT_EQ(integer(reply, "latestVersion"), 2);
  EXPECT_EQ(integer(reply, "minDecryptionVersion"), 2);
  expect_code(
      post("/v1/decrypt", "{" + quoted("encryptedPayload", text(old, "encryptedPayload")) + "}")
          .reply,
      Code::kPermissionDenied, "key_version_below_minimum");
}

TEST_P(KeyRoutes, VersionsAndPublicKeysAreGiven) {
  parsed(post("/v1/keys/fields/rotate", "{}"));
  const auto versions = parsed(get("/v1/keys/fields/versions"));
  ASSERT_EQ(member(versions, "versions")->items.size(), 2U);
  EXPECT_EQ(integer(member(versions, "versions")->items[0], "version"), 2);
  EXPECT_TRUE(member(member(versions, "versions")->items[0], "isActive")->boolean);
  EXPECT_FALSE(member(member(versions, "versions")->items[1], "isActive")->boolean);
  EXPECT_TRUE(text(parsed(get("/v1/keys/fields/public-key")), "publicKey")
                  .starts_with("-----BEGIN PUBLIC KEY-----"));
  EXPECT_EQ(text(parsed(get("/v1/keys/fields/public", "format=der")), "format"), "der");
  EXPECT_TRUE(text(parsed(get("/v1/keys/fields/public", "format=jwk&include=all")), "publicKey")
                  .contains("AKP"));
  expect_field(get("/v1/keys/fields/public-key", "format=xml"), "format");
}

TEST_P(KeyRoutes, APublicKeyComesWithWhatIsAskedForAndNothingElse) {
  const auto plain = parsed(get("/v1/keys/fields/public"));
  for (const char* absent : {"name", "keyType", "createdAt", "isDefault", "labels", "state"})
    EXPECT_EQ(member(plain, absent), nullptr) << absent;
  const auto some = parsed(get("/v1/keys/fields/public", "include=name,key_type&format=raw"));
  EXPECT_EQ(text(some, "name"), "fields");
  EXPECT_EQ(text(some, "keyType"), "encryption");
  EXPECT_EQ(text(some, "publicKey").size(), 1580U);  // base64 of 1,184 octets
  EXPECT_EQ(member(some, "state"), nullptr);
  for (const char* all : {"include=all", "include=metadata"}) {
    const auto whole = parsed(get("/v1/keys/fields/public", all));
    for (const char* shown : {"name", "createdAt", "isActive", "isPostQuantum", "state"})
      EXPECT_NE(member(whole, shown), nullptr) << shown;
  }
}

TEST_P(KeyRoutes, NamesAreCountedInCharactersAndHoldNoControl) {
  const std::string cyrillic = [] {
    std::string name;
    for (int i = 0; i < 100; ++i) name += "\xD0\x96";
    return name;
  }();
  const auto body = [](std::string_view name) {
    return R"({"keyType":"hmac",)" + quoted("name", name) + "}";
  };
  EXPECT_EQ(text(parsed(post("/v1/keys", body(cyrillic))), "name"), cyrillic);
  for (const std::string& bad : {cyrillic + "x", std::string("a\xC2\x85z"), std::string(".")})
    expect_field(post("/v1/keys", body(bad)), "name");
  expect_field(post("/v1/keys", R"({"name":"l","keyType":"hmac","labels":[""]})"), "labels");
  expect_field(post("/v1/keys/fields/rotate", R"({"name":".."})"), "name");
  EXPECT_EQ(text(parsed(post("/v1/keys/fields/rotate", R"({"name":"renamed"})")), "name"),
            "renamed");
}

TEST_P(KeyRoutes, AListOfAllVersionsHasARowForEach) {
  parsed(post("/v1/keys", R"({"name":"other","keyType":"hmac"})"));
  parsed(post("/v1/keys/fields/rotate", "{}"));
  parsed(post("/v1/keys/fields/rotate", "{}"));
  const auto rows = [&](std::string_view query) {
    const auto reply = parsed(get("/v1/keys", query));
    std::string found;
    for (const json::Value& key : member(reply, "keys")->items)
      found += text(key, "name") + " " + std::to_string(integer(key, "version")) + ",";
    return found + std::to_string(integer(reply, "total"));
  };
  EXPECT_EQ(rows("keyType=encryption"), "fields 3,1");
  EXPECT_EQ(rows("allVersions=true&keyType=encryption"), "fields 3,fields 2,fields 1,3");
  EXPECT_EQ(rows("allVersions=true&keyType=encryption&pageSize=2&page=2"), "fields 1,3");
  EXPECT_TRUE(rows("allVersions=true").ends_with(",4"));
  const auto keys = parsed(get("/v1/keys", "allVersions=true&keyType=encryption"));
  const auto& all = member(keys, "keys")->items;
  EXPECT_NE(text(all[0], "publicKey"), text(all[1], "publicKey"));
  mine_.bindings = {{.type = "key", .id = key_.id.uuid, .name = {}}};
  EXPECT_EQ(rows("allVersions=true"), "fields 3,fields 2,fields 1,3");
  EXPECT_EQ(rows(""), "fields 3,1");
}

TEST_P(KeyRoutes, OnlyOwnersTakeAKeysProtectionAway) {
  parsed(patch("/v1/keys/fields", R"({"purgeProtected":true})"));
  mine_.role = Role::kAdmin;
  expect_code(patch("/v1/keys/fields", R"({"purgeProtected":false})").reply,
              Code::kPermissionDenied, "insufficient_scope");
  expect_code(remove("/v1/keys/fields").reply, Code::kConflict, "purge_protected");
  parsed(patch("/v1/keys/fields", R"({"purgeProtected":true,"description":"kept"})"));
  mine_.role = Role::kOwner;
  parsed(patch("/v1/keys/fields", R"({"purgeProtected":false})"));
  EXPECT_TRUE(remove("/v1/keys/fields").reply);
}

TEST_P(KeyRoutes, TheDefaultIsSetForAKeysOwnTypeOnly) {
  const KeyRecord second = create(mine_.tenant, "a/b %2F.", Purpose::kEncrypt, "ML-KEM-768", false);
  expect_field(post("/v1/keys/a%2Fb%20%252F./set-default", R"({"keyType":"signing"})"), "keyType");
  EXPECT_EQ(
      post("/v1/keys/a%2Fb%20%252F./set-default", R"({"keyType":"encryption"})").reply->status,
      204);
  EXPECT_EQ(text(parsed(post("/v1/encrypt", R"({"plaintext":"v"})")), "keyId"),
            second.id.to_string());
}

TEST_P(KeyRoutes, ABoundCredentialNeitherTakesAnotherNameNorChangesTheDefault) {
  const KeyRecord own = create(mine_.tenant, "own", Purpose::kEncrypt, "ML-KEM-768", false);
  Principal bound = mine_;
  bound.bindings = {{"key", own.id.uuid, ""}, {"key", {}, "new"}};
  const auto refused = [&](Method method, std::string_view path, std::string_view body) {
    expect_code(send(bound, method, path, body).reply, Code::kPermissionDenied,
                "insufficient_scope");
  };
  const std::string path = "/v1/keys/" + own.id.to_string();
  refused(Method::kPatch, path, R"({"name":"payroll"})");
  refused(Method::kPost, path + "/set-default", R"({"keyType":"encryption"})");
  refused(Method::kPost, path + "/rotate", R"({"setAsDefault":true})");
  refused(Method::kPost, "/v1/keys",
          R"({"name":"new","keyType":"encryption","algorithm":"ML-KEM-768","setAsDefault":true})");
  refused(Method::kPost, "/v1/keys/import",
          R"({"name":"new","keyType":"hmac","algorithm":"HMAC-SHA3-256","format":"raw",)"
          R"("keyMaterial":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=","setAsDefault":true})");
  EXPECT_EQ(text(parsed(get(path)), "name"), "own");
  EXPECT_EQ(text(parsed(post("/v1/encrypt", R"({"plaintext":"v"})")), "keyId"),
            key_.id.to_string());
  parsed(send(bound, Method::kPatch, path, R"({"name":"new"})"));
  parsed(send(bound, Method::kPost, path + "/rotate", "{}"));
}

TEST_P(KeyRoutes, AnotherTenantsKeyIsNotFoundByAnyOfThem) {
  Principal other;
  other.tenant = new_tenant();
  const std::string path = "/v1/keys/" + key_.id.to_string();
  expect_code(send(other, Method::kPatch, path, "{}").reply, Code::kNotFound);
  expect_code(send(other, Method::kDelete, path).reply, Code::kNotFound);
  expect_code(send(other, Method::kGet, path + "/versions").reply, Code::kNotFound);
  expect_code(send(other, Method::kGet, path + "/public-key").reply, Code::kNotFound);
  expect_code(send(other, Method::kPost, path + "/set-default").reply, Code::kNotFound);
  EXPECT_EQ(text(parsed(get("/v1/keys/fields")), "status"), "active");
}

}  // namespace
}  // namespace quantumapi::encryption
