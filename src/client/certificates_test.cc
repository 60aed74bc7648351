#include "quantumapi/certificates.h"

#include "client/test_platform.h"

namespace quantumapi::sdk {
namespace {

constexpr const char* kCertificate =
    R"({"id":"0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b","serialNumber":"0190","identity":"users-api",)"
    R"("identityId":"i","status":"active","keyType":"ML-DSA-65","spiffeId":"spiffe://t/ns/u/sa/u",)"
    R"("caId":"c","notBefore":"2026-11-25T00:00:00Z","notAfter":"2026-11-26T00:00:00Z",)"
    R"("createdAt":"2026-11-25T00:11:00Z",)"
    R"("chainPem":"chain","caPem":"roots","crlPath":"/api/v1/cas/c/crl"})";

TEST(Certificates, OrdersWithTheRequestOfAKeyThatStaysHere) {
  TestPlatform platform([](const Received&) { return TestPlatform::json(kCertificate, 201); });
  const auto made = expect(platform.client()->certificates().issue(
      {.identity = "users-api", .request_pem = "csr", .lifetime = std::chrono::hours(1)}));
  EXPECT_EQ(made.serial_number, "0190");
  EXPECT_EQ(made.chain_pem, "chain");
  EXPECT_EQ(made.roots_pem, "roots");
  EXPECT_EQ(platform.lines(), std::vector<std::string>{"POST /api/v1/certificates"});
  EXPECT_EQ(platform.received()[0].body, R"({"identity":"users-api","csr":"csr","ttl":"3600s"})");
}

TEST(Certificates, LeavesTheLifetimeToTheIdentityWhereNoneIsAsked) {
  TestPlatform platform([](const Received&) { return TestPlatform::json(kCertificate, 201); });
  expect(platform.client()->certificates().issue({.identity = "u", .request_pem = "csr"}));
  EXPECT_EQ(platform.received()[0].body, R"({"identity":"u","csr":"csr"})");
}

TEST(Certificates, AnOrderIsNotRepeated) {
  TestPlatform platform([](const Received&) { return TestPlatform::json("{}", 503); });
  EXPECT_EQ(
      platform.client()->certificates().issue({.identity = "u", .request_pem = "csr"}).error().kind,
      Kind::kUnavailable);
  EXPECT_EQ(platform.lines().size(), 1U);
}

TEST(Certificates, RenewsByTheIdOfTheOneBefore) {
  TestPlatform platform([](const Received&) { return TestPlatform::json(kCertificate, 201); });
  const auto made = expect(platform.client()->certificates().renew(
      "a/b", {.request_pem = "csr", .lifetime = std::chrono::hours(1)}));
  EXPECT_EQ(made.created_at, "2026-11-25T00:11:00Z");
  EXPECT_EQ(platform.lines(), std::vector<std::string>{"POST /api/v1/certificates/a%2Fb/renew"});
  EXPECT_EQ(platform.received()[0].body, R"({"csr":"csr","ttl":"3600s"})");
}

TEST(Certificates, RevokesWithAReason) {
  TestPlatform platform([](const Received&) { return TestPlatform::json(kCertificate); });
  expect(platform.client()->certificates().revoke("a/b", "keyCompromise"));
  expect(platform.client()->certificates().revoke("a"));
  EXPECT_EQ(platform.lines(), (std::vector<std::string>{"POST /api/v1/certificates/a%2Fb/revoke",
                                                        "POST /api/v1/certificates/a/revoke"}));
  EXPECT_EQ(platform.received()[0].body, R"({"reason":"keyCompromise"})");
  EXPECT_EQ(platform.received()[1].body, "{}");
}

}  // namespace
}  // namespace quantumapi::sdk
