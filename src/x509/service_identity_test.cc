#include "x509/service_identity.h"

#include <gtest/gtest.h>

#include "x509/testing/hierarchy.h"
#include "x509/verify.h"

namespace quantumapi::x509 {
namespace {

TEST(ServiceIdentity, JoinsAChainWithTheKeyOfItsLeafAlone) {
  const testing::Hierarchy made(KeyType::kMlDsa65);
  const std::string chain = certificate_pem(made.leaf) + certificate_pem(made.intermediate);
  const auto seed = SecretBytes::copy_of(Bytes(32, 3));  // of Hierarchy's leaf
  const auto identity = service_identity(chain, KeyType::kMlDsa65, seed);
  ASSERT_TRUE(identity) << identity.error().message;
  EXPECT_EQ(identity->chain_pem, chain);
  EXPECT_EQ(identity->key_pkcs8_der.size(), 54U) << "the seed form";
  const auto other = service_identity(chain, KeyType::kMlDsa65, SecretBytes::copy_of(Bytes(32, 4)));
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().code, Code::kInvalidArgument);
  EXPECT_FALSE(service_identity("no PEM", KeyType::kMlDsa65, seed));
}

TEST(ServiceIdentity, NamesAnAuthorityAsItsLeavesDo) {
  const testing::Hierarchy made(KeyType::kMlDsa65);
  const auto trust = TrustStore::create(certificate_pem(made.root));
  ASSERT_TRUE(trust);
  const ByteView chain[] = {made.leaf, made.intermediate};
  const auto peer = trust->verify(chain, Usage::kClient, testing::kNow);
  ASSERT_TRUE(peer);
  EXPECT_EQ(authority_key_id(made.intermediate).value(), peer->issuer_key_id);
  EXPECT_NE(authority_key_id(made.root).value(), peer->issuer_key_id);
  EXPECT_FALSE(authority_key_id(made.leaf)) << "it issues nothing";
}

}  // namespace
}  // namespace quantumapi::x509
