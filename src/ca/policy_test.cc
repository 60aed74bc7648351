#include "ca/policy.h"

#include <gtest/gtest.h>

namespace quantumapi::ca {
namespace {

using std::chrono::seconds;
using x509::KeyType;

Identity identity() {
  Identity made;
  made.name = "users-api";
  made.spiffe_id = "spiffe://example.org/ns/default/sa/users-api";
  made.dns_names = {"users-api.internal", "*.users-api.internal"};
  made.addresses = {"192.0.2.1"};
  made.key_types = {KeyType::kMlDsa65};
  made.lifetime = kDefaultLifetime;
  made.max_lifetime = kDefaultLifetime;
  return made;
}

std::string field_of(const Status& status) {
  if (status) return "(none)";
  return status.error().fields.empty() ? "(no field)" : status.error().fields[0].field;
}

TEST(Policy, AWildcardEntryStandsForExactlyOneLabel) {
  EXPECT_TRUE(allows("*.example.org", "a.example.org"));
  EXPECT_FALSE(allows("*.example.org", "a.b.example.org"));
  EXPECT_FALSE(allows("*.example.org", "example.org"));
  EXPECT_FALSE(allows("*.example.org", ".example.org"));
  EXPECT_FALSE(allows("*.example.org", "a.example.org.evil"));
  EXPECT_FALSE(allows("*.example.org", "aexample.org"));
  EXPECT_TRUE(allows("*.example.org", "*.example.org"));
  EXPECT_FALSE(allows("*.a.example.org", "*.example.org"));
  EXPECT_FALSE(allows("example.org", "a.example.org"));
}

TEST(Policy, ARequestWithoutNamesGetsThePlainNamesOfItsIdentity) {
  const auto names = names_for(identity(), {});
  ASSERT_TRUE(names);
  EXPECT_EQ(names->common_name, "users-api");
  EXPECT_EQ(names->uris, std::vector<std::string>{"spiffe://example.org/ns/default/sa/users-api"});
  EXPECT_EQ(names->dns_names, std::vector<std::string>{"users-api.internal"});
  EXPECT_EQ(names->addresses, std::vector<std::string>{"192.0.2.1"});
}

TEST(Policy, ARequestWithNamesGetsThoseAndItsSpiffeId) {
  const auto names =
      names_for(identity(), {.common_name = "users-api", .dns_names = {"0.users-api.internal"}});
  ASSERT_TRUE(names);
  EXPECT_EQ(names->dns_names, std::vector<std::string>{"0.users-api.internal"});
  EXPECT_TRUE(names->addresses.empty());
  EXPECT_EQ(names->uris.size(), 1U);
}

TEST(Policy, AForeignNameOfAnyKindIsRefusedAndNamesTheRequest) {
  const std::vector<x509::SubjectNames> foreign = {
      {.common_name = "orders"},
      {.dns_names = {"orders.internal"}},
      {.dns_names = {"users-api.internal", "orders.internal"}},
      {.uris = {"spiffe://example.org/ns/default/sa/orders"}},
      {.uris = {"spiffe://example.com/ns/default/sa/users-api"}},
      {.uris = {"https://example.org"}},
      {.addresses = {"192.0.2.2"}},
  };
  for (const auto& names : foreign) {
    const auto refused = names_for(identity(), names);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Code::kPermissionDenied);
    EXPECT_EQ(refused.error().reason, "name_not_allowed");
    ASSERT_EQ(refused.error().fields.size(), 1U);
    EXPECT_EQ(refused.error().fields[0].field, "csr");
  }
  const auto refused = names_for(identity(), {.dns_names = {"a.users-api.internal", "b.example"}});
  EXPECT_EQ(refused.error().message, "csr: the DNS name b.example is not the identity's");
}

TEST(Policy, LifetimesStayWithinTheIdentitysBounds) {
  Identity made = identity();
  made.lifetime = seconds(3'600);
  EXPECT_EQ(lifetime_for(made, {}, kMinLifetime).value(), seconds(3'600));
  EXPECT_EQ(lifetime_for(made, seconds(300), kMinLifetime).value(), seconds(300));
  EXPECT_EQ(lifetime_for(made, seconds(86'400), kMinLifetime).value(), seconds(86'400));
  EXPECT_FALSE(lifetime_for(made, seconds(299), kMinLifetime));
  EXPECT_FALSE(lifetime_for(made, seconds(86'401), kMinLifetime));
  EXPECT_TRUE(lifetime_for(made, seconds(60), seconds(60)));
}

TEST(Policy, ACertificateIsForWhatIsAskedAndNoMoreThanItsIdentity) {
  Identity made = identity();
  made.server_auth = false;
  const auto both = x509::ExtendedKeyUsage{.client = true, .server = true};
  EXPECT_FALSE(usage_for(made, {})->server);
  EXPECT_TRUE(usage_for(made, {})->client);
  const auto more = usage_for(made, both);
  ASSERT_FALSE(more);
  EXPECT_EQ(more.error().reason, "usage_not_allowed");
  EXPECT_EQ(more.error().fields[0].field, "csr");
  made.server_auth = true;
  const auto less = usage_for(made, x509::ExtendedKeyUsage{.client = true});
  ASSERT_TRUE(less);
  EXPECT_TRUE(less->client && !less->server) << "it asked for no more";
}

TEST(Policy, OtherKeyTypesThanTheIdentitysAreRefused) {
  EXPECT_TRUE(check_key_type(identity(), KeyType::kMlDsa65, "csr"));
  const auto refused = check_key_type(identity(), KeyType::kEcdsaP256, "keyType");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().reason, "key_type_not_allowed");
  EXPECT_TRUE(refused.error().message.starts_with("keyType: ")) << refused.error().message;
  EXPECT_EQ(refused.error().fields[0].field, "keyType");
}

TEST(Policy, AnIdentityIsHeldAgainstEveryLimit) {
  const auto with = [](auto change) {
    Identity made = identity();
    change(made);
    const Status lists = check_identity(made);
    return field_of(lists ? check_lifetimes(made, kMinLifetime) : lists);
  };
  EXPECT_EQ(with([](Identity&) {}), "(none)");
  EXPECT_EQ(with([](Identity& i) { i.dns_names = {"not a name"}; }), "dnsNames");
  EXPECT_EQ(with([](Identity& i) { i.dns_names = {"192.0.2.1"}; }), "dnsNames");
  EXPECT_EQ(with([](Identity& i) { i.dns_names.assign(51, "a.internal"); }), "dnsNames");
  EXPECT_EQ(with([](Identity& i) { i.addresses = {"a.internal"}; }), "addresses");
  EXPECT_EQ(with([](Identity& i) { i.key_types.clear(); }), "keyTypes");
  EXPECT_EQ(with([](Identity& i) { i.key_types = {KeyType::kMlDsa87}; }), "keyTypes");
  EXPECT_EQ(with([](Identity& i) { i.client_auth = i.server_auth = false; }), "usages");
  EXPECT_EQ(with([](Identity& i) { i.lifetime = seconds(299); }), "ttl");
  EXPECT_EQ(with([](Identity& i) { i.max_lifetime = seconds(3'600); }), "ttl");
  EXPECT_EQ(with([](Identity& i) { i.max_lifetime = seconds(299); }), "maxTtl");
  EXPECT_EQ(with([](Identity& i) { i.max_lifetime = seconds(367 * 86'400); }), "maxTtl");
}

TEST(Policy, NamesOfIdentitiesAreOnesThatCertificatesAndSpiffeIdsCanHave) {
  for (const char* good : {"a", "users-api", "pg_0.db", "0"})
    EXPECT_TRUE(check_identity_name(good));
  for (const char* const bad : {"", ".", "..", "Users", "a b", "a/b", "\xc3\xa4", "a\n"})
    EXPECT_FALSE(check_identity_name(bad)) << bad;
  EXPECT_TRUE(check_identity_name(std::string(64, 'a')));
  EXPECT_FALSE(check_identity_name(std::string(65, 'a')));
}

TEST(Policy, TheTrustDomainOfATenantIsMadeOfItsName) {
  EXPECT_EQ(trust_domain_of("default"), "default.quantumapi.internal");
  EXPECT_EQ(trust_domain_of("Acme  Corp. "), "acme-corp.quantumapi.internal");
  EXPECT_EQ(trust_domain_of("\xc3\xa4"), "tenant.quantumapi.internal");
  for (const char* name : {"default", "Acme  Corp. ", "\xc3\xa4"})
    EXPECT_TRUE(is_trust_domain(trust_domain_of(name)));
  EXPECT_FALSE(is_trust_domain(""));
  EXPECT_FALSE(is_trust_domain("Example.org"));
  EXPECT_FALSE(is_trust_domain("example.org/ns"));
}

}  // namespace
}  // namespace quantumapi::ca
