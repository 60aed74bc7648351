#include "encryption/routes.h"

#include <algorithm>
#include <list>
#include <tuple>

#include "base/encoding.h"
#include "encryption/test_routes.h"

namespace quantumapi::encryption {
namespace {

using http::Method;
using keyring::KeyRecord;
using keyring::Purpose;
using keyring::testing::expect;
using keyring::testing::expect_code;
using keyring::testing::KeyringTest;

INSTANTIATE_TEST_SUITE_P(Engines, EncryptionRoutes, store::testing::engines(),
                         store::testing::name_of);

TEST_P(EncryptionRoutes, EncryptAnswersInEverySpellingThatClientsRead) {
  const auto reply = parsed(post("/api/v1/encrypt", R"({"plaintext":"v","encoding":"utf8"})"));
  const std::string payload = text(reply, "encryptedPayload");
  EXPECT_TRUE(payload.starts_with("qa1."));
  EXPECT_EQ(text(reply, "encrypted_payload"), payload);
  EXPECT_EQ(text(reply, "EncryptedPayload"), payload);
  EXPECT_EQ(text(reply, "encapsulated_key"), text(reply, "encapsulatedKey"));
  EXPECT_EQ(text(reply, "key_id"), key_.id.to_string());
  EXPECT_EQ(text(reply, "keyId"), key_.id.to_string());
  EXPECT_EQ(integer(reply, "key_version"), 1);
  EXPECT_EQ(text(reply, "algorithm"), "ML-KEM-768");
  const Bytes octets = expect(from_text(payload));
  const Parts parts = expect(parse(octets));
  const auto encode = [](ByteView part) {
    return base::base64_encode(part, base::Base64::kStandard);
  };
  EXPECT_EQ(text(reply, "ciphertext"), encode(parts.ciphertext));
  EXPECT_EQ(text(reply, "encapsulatedKey"), encode(parts.encapsulated));
  EXPECT_EQ(text(reply, "nonce"), encode(parts.nonce));
  EXPECT_EQ(text(reply, "tag"), encode(parts.tag));
}

TEST_P(EncryptionRoutes, WhatEncryptAnswersDecryptTakesWholeAndInParts) {
  const auto sealed = parsed(
      post("/v1/encryption/encrypt", R"({"Plaintext":"v\u00e9\"","additional_data":"row"})"));
  const auto whole =
      post("/v1/decrypt", "{" + quoted("encrypted_payload", text(sealed, "encryptedPayload")) +
                              R"(,"additional_data":"row"})");
  EXPECT_EQ(text(parsed(whole), "plaintext"), "v\xC3\xA9\"");
  std::string parts = R"({"key_version":1,"additionalData":"row")";
  for (const auto name : {"ciphertext", "encapsulated_key", "nonce", "tag"})
    parts += "," + quoted(name, text(sealed, name));
  EXPECT_EQ(text(parsed(post("/api/v1/encryption/decrypt", parts + "}")), "plaintext"),
            "v\xC3\xA9\"");
}

// The companion services send these names and read this member.
TEST_P(EncryptionRoutes, TheCompanionsFormWorks) {
  const auto sealed =
      parsed(post("/v1/encryption/encrypt", R"({"Plaintext":"+49 30","Encoding":"utf8"})"));
  const std::string body = "{" + quoted("EncryptedPayload", text(sealed, "EncryptedPayload")) + "}";
  EXPECT_EQ(text(parsed(post("/v1/encryption/decrypt", body)), "plaintext"), "+49 30");
}

TEST_P(EncryptionRoutes, EveryUseIsAuditedWithItsKeyAndNoRefusalIs) {
  const Sent sealed = post("/v1/encrypt", R"({"plaintext":"v"})");
  ASSERT_EQ(sealed.events.size(), 1U);
  const AuditEvent& event = sealed.events[0];
  EXPECT_EQ(event.action, "payload.encrypt");
  EXPECT_EQ(event.resource_type, "key");
  EXPECT_EQ(event.resource, key_.id.uuid);
  EXPECT_EQ(event.key_version, 1U);
  EXPECT_EQ(event.algorithm, "ML-KEM-768");
  EXPECT_EQ(event.channel, "eaas");
  const Sent refused = post("/v1/decrypt", R"({"encryptedPayload":"qa1."})");
  expect_field(refused, "encryptedPayload");
  EXPECT_TRUE(refused.events.empty());
}

TEST_P(EncryptionRoutes, ScopesTellEncryptionFromDecryption) {
  EXPECT_EQ(post("/v1/encrypt", "{}").route->scope, "encryption:encrypt");
  EXPECT_EQ(post("/v1/decrypt", "{}").route->scope, "encryption:decrypt");
  EXPECT_TRUE(post("/v1/encrypt", "{}").route->pure);
  EXPECT_TRUE(post("/v1/encryption/decrypt", "{}").route->pure);
  EXPECT_EQ(get("/v1/keys").route->scope, "keys:read");
  EXPECT_EQ(random("{}").route->scope, "qrng:read");
}

TEST_P(EncryptionRoutes, RefusalsNameTheField) {
  expect_field(post("/v1/encrypt", "{}"), "plaintext");
  expect_field(post("/v1/encrypt", R"({"plaintext":"v","encoding":"hex"})"), "encoding");
  expect_field(post("/v1/encrypt", R"({"plaintext":"v","algorithm":"RSA"})"), "algorithm");
  expect_code(post("/v1/encrypt", R"({"plaintext":"v","keyId":"x"})").reply, Code::kNotFound);
  expect_field(post("/v1/encrypt", R"({"plaintext":"?","encoding":"base64"})"), "plaintext");
  expect_field(post("/v1/decrypt", "{}"), "ciphertext");
  expect_field(post("/v1/decrypt", R"({"ciphertext":"","encapsulatedKey":"","nonce":""})"), "tag");
}

TEST_P(EncryptionRoutes, AnIoThreadPassesOnWhatItMayNotDo) {
  const std::string small = R"({"plaintext":"v"})";
  expect_code(post("/v1/encrypt", small, false).reply, Code::kWouldBlock);
  EXPECT_TRUE(post("/v1/encrypt", small).reply);
  EXPECT_TRUE(post("/v1/encrypt", small, false).reply);
  const std::string large = "{" + quoted("plaintext", std::string(100'000, 'x')) + "}";
  expect_code(post("/v1/encrypt", large, false).reply, Code::kWouldBlock);
  EXPECT_TRUE(post("/v1/encrypt", large).reply);
}

TEST_P(EncryptionRoutes, AKeyIsShownByIdAndByName) {
  for (const std::string& name : {key_.id.to_string(), std::string("fields")}) {
    const Sent sent = get("/api/v1/keys/" + name);
    const auto reply = parsed(sent);
    EXPECT_EQ(text(reply, "id"), key_.id.to_string());
    EXPECT_EQ(text(reply, "keyType"), "encryption");
    EXPECT_EQ(text(reply, "key_type"), "encryption");
    EXPECT_EQ(text(reply, "purpose"), "encryption");
    EXPECT_EQ(text(reply, "status"), "active");
    EXPECT_EQ(text(reply, "state"), "active");
    EXPECT_EQ(integer(reply, "version"), 1);
    EXPECT_EQ(integer(reply, "versionCount"), 1);
    EXPECT_EQ(integer(reply, "minDecryptionVersion"), 1);
    EXPECT_TRUE(member(reply, "isDefault")->boolean);
    EXPECT_TRUE(member(reply, "is_post_quantum")->boolean);
    EXPECT_TRUE(member(reply, "isActive")->boolean);
    EXPECT_EQ(text(reply, "createdAt"), clock().wall().to_string());
    EXPECT_EQ(text(reply, "publicKey"),
              base::base64_encode(key_.public_key, base::Base64::kStandard));
    EXPECT_EQ(member(reply, "lastRotatedAt"), nullptr);
    EXPECT_EQ(member(reply, "newVersion"), nullptr);
    ASSERT_EQ(sent.events.size(), 1U);
    EXPECT_EQ(sent.events[0].resource, key_.id.uuid);
  }
  expect_code(get("/v1/keys/absent").reply, Code::kNotFound);
  expect_code(get("/v1/keys/" + Uuid::v7(clock().wall()).to_string()).reply, Code::kNotFound);
  Principal other;
  other.tenant = new_tenant();
  expect_code(send(other, Method::kGet, "/v1/keys/" + key_.id.to_string()).reply, Code::kNotFound);
}

TEST_P(EncryptionRoutes, KeysOfThePlatformAreNeitherShownNorRotated) {
  for (const auto& [purpose, name, algorithm] :
       {std::tuple(Purpose::kVault, "vault", "ML-KEM-768"),
        std::tuple(Purpose::kToken, "token", "ML-DSA-65"),
        std::tuple(Purpose::kCa, "ca", "ML-DSA-65"),
        std::tuple(Purpose::kAudit, "audit", "ML-DSA-65")}) {
    const KeyRecord hidden = create(mine_.tenant, name, purpose, algorithm);
    for (const std::string& each : {hidden.id.to_string(), hidden.name}) {
      expect_code(get("/v1/keys/" + each).reply, Code::kNotFound);
      expect_code(post("/v1/keys/" + each + "/rotate", "").reply, Code::kNotFound);
    }
  }
  EXPECT_EQ(integer(parsed(get("/v1/keys")), "total"), 1);
}

TEST_P(EncryptionRoutes, RotationAnswersTheKeyAndWhatTransitClientsRead) {
  clock().advance(std::chrono::seconds(1));
  const Sent sent = post("/api/v1/keys/" + key_.id.to_string() + "/rotate", "");
  const auto reply = parsed(sent);
  EXPECT_EQ(text(reply, "id"), key_.id.to_string());
  EXPECT_EQ(text(reply, "keyId"), key_.id.to_string());
  EXPECT_EQ(text(reply, "key_id"), key_.id.to_string());
  EXPECT_EQ(integer(reply, "version"), 2);
  EXPECT_EQ(integer(reply, "newVersion"), 2);
  EXPECT_EQ(integer(reply, "previous_version"), 1);
  EXPECT_EQ(integer(reply, "versionCount"), 2);
  EXPECT_EQ(text(reply, "rotatedAt"), clock().wall().to_string());
  EXPECT_EQ(text(reply, "lastRotatedAt"), text(reply, "rotated_at"));
  EXPECT_NE(text(reply, "publicKey"),
            base::base64_encode(key_.public_key, base::Base64::kStandard));
  EXPECT_TRUE(sent.recorded);
  EXPECT_TRUE(sent.events.empty());
  EXPECT_EQ(records("key.rotate").size(), 1U);
  EXPECT_EQ(integer(parsed(post("/v1/encrypt", R"({"plaintext":"v"})")), "keyVersion"), 2);
}

TEST_P(EncryptionRoutes, RotationCanMakeTheKeyTheDefault) {
  const KeyRecord second = create(mine_.tenant, "second", Purpose::kEncrypt, "ML-KEM-768", false);
  parsed(post("/v1/keys/second/rotate", R"({"set_as_default":false})"));
  EXPECT_EQ(text(parsed(post("/v1/encrypt", R"({"plaintext":"v"})")), "keyId"),
            key_.id.to_string());
  const auto reply = parsed(post("/v1/keys/second/rotate", R"({"setAsDefault":true})"));
  EXPECT_TRUE(member(reply, "isDefault")->boolean);
  EXPECT_EQ(text(parsed(post("/v1/encrypt", R"({"plaintext":"v"})")), "keyId"),
            second.id.to_string());
}

TEST_P(EncryptionRoutes, ListsFilterAndPage) {
  clock().advance(std::chrono::milliseconds(1));
  create(mine_.tenant, "image", Purpose::kImage, "ML-DSA-65");
  clock().advance(std::chrono::milliseconds(1));
  const KeyRecord sign = create(mine_.tenant, "sign", Purpose::kSign, "ML-DSA-65");
  set_state(sign.id, "disabled");
  const auto all = parsed(get("/api/v1/keys", "page=1&pageSize=2"));
  EXPECT_EQ(integer(all, "total"), 3);
  EXPECT_EQ(integer(all, "page"), 1);
  EXPECT_EQ(integer(all, "pageSize"), 2);
  EXPECT_TRUE(member(all, "hasMore")->boolean);
  ASSERT_EQ(member(all, "keys")->items.size(), 2U);
  const json::Value& newest = member(all, "keys")->items[0];
  EXPECT_EQ(text(newest, "status"), "inactive");
  EXPECT_FALSE(member(newest, "isActive")->boolean);
  const json::Value& image = member(all, "keys")->items[1];
  EXPECT_EQ(text(image, "keyType"), "signing");
  EXPECT_EQ(text(image, "usage"), "image");
  EXPECT_FALSE(member(parsed(get("/v1/keys", "page=2&pageSize=2")), "hasMore")->boolean);
  EXPECT_EQ(integer(parsed(get("/v1/keys", "keyType=signing")), "total"), 2);
  EXPECT_EQ(integer(parsed(get("/v1/keys", "key_type=encryption")), "total"), 1);
  EXPECT_EQ(integer(parsed(get("/v1/keys", "keyType=hmac")), "total"), 0);
  EXPECT_EQ(integer(parsed(get("/v1/keys", "status=inactive&keyType=signing")), "total"), 1);
}

TEST_P(EncryptionRoutes, AFilterOutsideItsRangeIsNamed) {
  expect_field(get("/v1/keys", "page=0"), "page");
  expect_field(get("/v1/keys", "pageSize=0"), "pageSize");
  expect_field(get("/v1/keys", "pageSize=201"), "pageSize");
  expect_field(get("/v1/keys", "keyType=vault"), "keyType");
  expect_field(get("/v1/keys", "status=disabled"), "status");
}

TEST_P(EncryptionRoutes, ABoundCredentialSeesItsKeysAloneAndAbsentOnesAnswerAlike) {
  const KeyRecord second = create(mine_.tenant, "second", Purpose::kEncrypt, "ML-KEM-768", false);
  Principal bound = mine_;
  bound.bindings.push_back({"key", second.id.uuid, "second"});
  bound.bindings.push_back({"key", {}, "not yet"});
  const auto list = parsed(send(bound, Method::kGet, "/v1/keys"));
  EXPECT_EQ(integer(list, "total"), 1);
  EXPECT_EQ(text(member(list, "keys")->items[0], "name"), "second");
  EXPECT_EQ(integer(parsed(send(bound, Method::kGet, "/v1/keys", {}, "keyType=hmac")), "total"), 0);
  EXPECT_TRUE(send(bound, Method::kGet, "/v1/keys/second").reply);
  EXPECT_TRUE(send(bound, Method::kGet, "/v1/keys/" + second.id.to_string()).reply);
  for (const std::string& other : {std::string("fields"), key_.id.to_string(),
                                   std::string("absent"), Uuid::v7({1}).to_string()}) {
    expect_code(send(bound, Method::kGet, "/v1/keys/" + other).reply, Code::kPermissionDenied,
                "insufficient_scope");
    expect_code(send(bound, Method::kPost, "/v1/keys/" + other + "/rotate").reply,
                Code::kPermissionDenied, "insufficient_scope");
  }
}

TEST_P(EncryptionRoutes, EntropyWithoutAQrngIsRefusedUnlessTheCallerAllowsIt) {
  expect_code(post("/v1/qrng/entropy", R"({"bytes":32})").reply, Code::kUnavailable,
              "qrng_unavailable");
  const Sent sent = random(R"({"bytes":32,"format":"raw"})");
  const auto reply = parsed(sent);
  EXPECT_EQ(expect(base::base64_decode(text(reply, "entropy"), base::Base64::kStandard)).size(),
            32U);
  EXPECT_EQ(text(reply, "source"), "csprng");
  EXPECT_EQ(text(*member(reply, "sourceDetails"), "provider"), "os");
  EXPECT_FALSE(member(*member(reply, "sourceDetails"), "isQuantum")->boolean);
  EXPECT_EQ(text(*member(reply, "sourceDetails"), "servedAt"), clock().wall().to_string());
  EXPECT_EQ(integer(reply, "consumedBytes"), 32);
  EXPECT_NE(member(reply, "quotaLimitMb"), nullptr);
  EXPECT_NE(member(reply, "quotaRemainingMb"), nullptr);
  EXPECT_EQ(text(reply, "requestId").size(), 36U);
  EXPECT_EQ(sent.events.size(), 1U);
}

TEST_P(EncryptionRoutes, EntropyComesInEachFormat) {
  const auto hex = parsed(random(R"({"bytes":5,"format":"hex"})"));
  EXPECT_EQ(expect(base::from_hex(text(hex, "entropy"))).size(), 5U);
  EXPECT_EQ(base::to_hex(expect(base::from_hex(text(hex, "entropy")))), text(hex, "entropy"));
  const auto uuids = parsed(random(R"({"bytes":48,"format":"uuid"})"));
  ASSERT_EQ(member(uuids, "entropy")->items.size(), 3U);
  for (const json::Value& each : member(uuids, "entropy")->items) {
    const Uuid uuid = expect(Uuid::parse(each.text));
    EXPECT_EQ(uuid.octets[6] >> 4, 4);
    EXPECT_EQ(uuid.octets[8] >> 6, 2);
  }
  for (const auto& [format, count] : {std::pair("int32", 16'384U), std::pair("int64", 8'192U)}) {
    const auto numbers = parsed(random(R"({"bytes":65536,)" + quoted("format", format) + "}"));
    const auto items = member(numbers, "entropy")->items;
    ASSERT_EQ(items.size(), count);
    const auto negative =
        std::ranges::count_if(items, [](const json::Value& each) { return each.integer < 0; });
    EXPECT_GT(negative, count / 4);
    EXPECT_LT(negative, count / 4 * 3);
    for (const json::Value& each : items) {
      EXPECT_EQ(each.kind, json::Value::Kind::kInt);
      EXPECT_TRUE(count != 16'384U || each.integer == static_cast<std::int32_t>(each.integer));
    }
  }
  EXPECT_EQ(integer(parsed(random("{}")), "consumedBytes"), 32);
}

TEST_P(EncryptionRoutes, EntropyRequestsOutsideTheirRangeAreNamed) {
  expect_field(random(R"({"bytes":0})"), "bytes", "invalid_request");
  expect_field(random(R"({"bytes":65537})"), "bytes", "invalid_request");
  expect_field(random(R"({"bytes":17,"format":"uuid"})"), "bytes", "invalid_request");
  expect_field(random(R"({"bytes":6,"format":"int32"})"), "bytes", "invalid_request");
  expect_field(random(R"({"bytes":12,"format":"int64"})"), "bytes", "invalid_request");
  expect_field(random(R"({"bytes":8,"format":"octal"})"), "format", "invalid_format");
  expect_field(random(R"({"bytes":"8"})"), "bytes");
}

// The dispatcher makes the refusal's event of the call's: who reads the log sees what was tried.
TEST_P(EncryptionRoutes, ARefusalNamesTheKeyThatWasAskedFor) {
  const std::string id = quoted("keyId", key_.id.to_string());
  const std::string payload =
      text(parsed(post("/v1/encrypt", R"({"plaintext":"v"})")), "encryptedPayload");
  Principal bound = mine_;
  bound.bindings.push_back({"key", {}, "other"});
  const auto refused = [&](std::string_view path, const std::string& body) {
    const Sent sent = send(bound, Method::kPost, path, body);
    expect_code(sent.reply, Code::kPermissionDenied, "insufficient_scope");
    EXPECT_EQ(sent.concerns.resource_type, "key") << path;
    return sent.concerns;
  };
  for (const auto& [path, body] :
       {std::pair("/v1/encrypt", R"({"plaintext":"v",)" + id + "}"),
        std::pair("/v1/encrypt/batch", R"({"items":[{"plaintext":"v"}],)" + id + "}"),
        std::pair("/v1/decrypt", "{" + quoted("encryptedPayload", payload) + "}"),
        std::pair("/v1/rewrap", "{" + quoted("encryptedPayload", payload) + "}"),
        std::pair("/v1/sign", R"({"data":"v",)" + id + "}"),
        std::pair("/v1/hmac", R"({"data":"v",)" + id + "}"),
        std::pair("/v1/verify", R"({"data":"v","signature":"vault:v1:AAAA",)" + id + "}"),
        std::pair("/v1/sign/batch", R"({"items":[{"data":"v"}],)" + id + "}")})
    EXPECT_EQ(refused(path, body).resource, key_.id.uuid) << path;
  EXPECT_EQ(refused("/v1/sign", R"({"data":"v","keyId":"fields"})").resource_name, "fields");
  EXPECT_EQ(refused("/v1/keys", R"({"name":"mine","keyType":"hmac"})").resource_name, "mine");
}

// Who tries payloads on a key is found by the key.
TEST_P(EncryptionRoutes, WhatDoesNotOpenNamesItsKeyAndVersion) {
  const std::string id = key_.id.to_string();
  const std::string payload =
      text(parsed(post("/v1/encrypt", R"({"plaintext":"v",)" + quoted("keyId", id) + "}")),
           "encryptedPayload");
  const std::string ciphertext = text(
      parsed(post("/v1/transit/encrypt/" + key_.name, R"({"plaintext":"dg=="})")), "ciphertext");
  const std::string wrapped =
      text(parsed(post("/v1/keys/" + id + "/generate-data-key", R"({"context":"b25l"})")),
           "encryptedKey");
  const auto refused = [&](const std::string& path, const std::string& body) {
    const Sent sent = post(path, body);
    EXPECT_FALSE(sent.reply) << path;
    EXPECT_EQ(sent.concerns.resource, key_.id.uuid) << path;
    EXPECT_EQ(sent.concerns.key_version, 1U) << path;
  };
  refused("/v1/decrypt",
          "{" + quoted("encryptedPayload", payload) + R"(,"additionalData":"other"})");
  refused("/v1/rewrap",
          "{" + quoted("encryptedPayload", payload) + R"(,"additionalData":"other"})");
  refused("/v1/transit/decrypt/" + key_.name,
          "{" + quoted("ciphertext", ciphertext) + R"(,"associatedData":"b3RoZXI="})");
  refused("/v1/transit/rewrap/" + key_.name,
          "{" + quoted("ciphertext", ciphertext) + R"(,"associatedData":"b3RoZXI="})");
  refused("/v1/keys/" + id + "/unwrap",
          "{" + quoted("encryptedKey", wrapped) + R"(,"context":"b3RoZXI="})");
  const std::string item = "{" + quoted("encryptedPayload", payload) + R"(,"additionalData":"x"})";
  const Sent batch = post("/v1/decrypt/batch", R"({"items":[)" + item + "," + item + "]}");
  ASSERT_EQ(batch.events.size(), 1U);
  EXPECT_EQ(batch.events[0].resource, key_.id.uuid);
  EXPECT_EQ(batch.events[0].failed_items, 2U);
  EXPECT_EQ(batch.events[0].outcome, Outcome::kFailure);
  const Sent nothing = post("/v1/decrypt", R"({"encryptedPayload":"qa1.AAAA"})");
  EXPECT_TRUE(nothing.concerns.resource.is_nil()) << "no payload names none";
}

TEST_P(EncryptionRoutes, AnAdminTakesNoProtectionAwayThatAnOwnerGivesMeanwhile) {
  Principal admin = mine_;
  admin.role = Role::kAdmin;
  mine_.role = Role::kOwner;
  const std::string path = "/v1/keys/" + key_.id.to_string();
  const auto protect = [&](const Principal& by, std::string_view wanted) {
    return send(by, Method::kPatch, path, wanted);
  };
  // PostgreSQL gives up on a change that others outrun again and again: a 503, asked anew.
  const auto insist = [&](std::string_view wanted) {
    while (true) {
      const Sent sent = protect(mine_, wanted);
      if (sent.reply || sent.reply.error().code != Code::kUnavailable)
        return sent.reply.has_value();
    }
  };
  std::atomic<bool> done = false;
  std::thread racing([&] {
    while (!done) (void)protect(admin, R"({"purgeProtected":false})");
  });
  for (int i = 0; i < 50; ++i) {
    EXPECT_TRUE(insist(R"({"purgeProtected":true})"));
    for (int look = 0; look < 3; ++look)
      EXPECT_TRUE(expect(keys().find(mine_.tenant, key_.id)).purge_protected);
    EXPECT_TRUE(insist(R"({"purgeProtected":false})"));
  }
  done = true;
  racing.join();
}

}  // namespace
}  // namespace quantumapi::encryption
