#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "base/encoding.h"
#include "x509/aws_lc.h"
#include "x509/server_identity.h"

namespace quantumapi::x509 {
namespace {

using ::testing::HasSubstr;

// file is the text of the named files of testdata/, one after the other.
std::string file(std::initializer_list<const char*> names) {
  std::string out;
  for (const char* name : names) {
    std::ifstream in(std::string(QUANTUMAPI_SOURCE_DIR "/src/x509/testdata/") + name + ".pem");
    EXPECT_TRUE(in) << name;
    std::ostringstream text;
    text << in.rdbuf();
    out += text.str();
  }
  return out;
}

Result<Identity> load(const std::string& chain, const std::string& key) {
  return load_identity(chain, SecretBytes::copy_of(key));
}

void expect_refused(const std::string& chain, const std::string& key, const std::string& why) {
  const auto loaded = load(chain, key);
  ASSERT_FALSE(loaded) << why;
  EXPECT_EQ(loaded.error().code, Code::kInvalidArgument);
  EXPECT_THAT(loaded.error().message, HasSubstr(why));
  EXPECT_EQ(ERR_peek_error(), 0U) << "an error stayed in AWS-LC's queue";
}

std::string pem(const char* label, ByteView der) {
  return std::string("-----BEGIN ") + label + "-----\n" +
         base::base64_encode(der, base::Base64::kStandard) + "\n-----END " + label + "-----\n";
}

Bytes der_of(const std::string& pem_text) {
  std::string body = pem_text.substr(pem_text.find('\n'));
  body.resize(body.find("-----"));
  std::erase(body, '\n');
  return base::base64_decode(body, base::Base64::kStandard).value();
}

TEST(LoadIdentity, TakesChainsOfEitherFamily) {
  const auto ec = load(file({"ec_leaf", "ec_issuer"}), file({"ec_key"})).value();
  EXPECT_EQ(ec.type, KeyType::kEcdsaP256);
  EXPECT_EQ(ec.chain_pem, file({"ec_leaf", "ec_issuer"}));
  const auto pq = load(file({"pq_leaf", "pq_issuer"}), file({"pq_key"})).value();
  EXPECT_EQ(pq.type, KeyType::kMlDsa65);
  EXPECT_EQ(pq.chain_pem, file({"pq_leaf", "pq_issuer"}));
  EXPECT_EQ(pq.key_pkcs8_der.size(), 54U);
  EXPECT_TRUE(load(file({"ec_self_signed"}), file({"ec_key"})));
}

TEST(LoadIdentity, TakesBackWhatWasMade) {
  for (KeyType type : {KeyType::kMlDsa65, KeyType::kEcdsaP256}) {
    const auto made =
        make_server_identity(type, {"a.example"}, SecretBytes::copy_of(Bytes(32, 1)),
                             SecretBytes::copy_of(Bytes(32, 2)), WallTime{}, std::chrono::hours(1))
            .value();
    const std::string key = pem("PRIVATE KEY", made.leaf.key_pkcs8_der.reveal(SecretAccess{}));
    const auto loaded = load(made.leaf.chain_pem, key).value();
    EXPECT_EQ(loaded.type, type);
    EXPECT_EQ(loaded.chain_pem, made.leaf.chain_pem);
    EXPECT_TRUE(equal_constant_time(loaded.key_pkcs8_der, made.leaf.key_pkcs8_der));
  }
}

TEST(LoadIdentity, LeavesTheRootOut) {
  EXPECT_EQ(load(file({"ec_leaf", "ec_issuer", "ec_root"}), file({"ec_key"})).value().chain_pem,
            file({"ec_leaf", "ec_issuer"}));
  EXPECT_EQ(load(file({"pq_leaf", "pq_issuer", "pq_root"}), file({"pq_key"})).value().chain_pem,
            file({"pq_leaf", "pq_issuer"}));
}

TEST(LoadIdentity, TakesSec1KeysWithTheirParametersBlockAndTextAround) {
  const auto expected = load(file({"ec_leaf"}), file({"ec_key"})).value();
  const std::string parameters =
      "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n";
  const auto loaded =
      load("# leaf\n" + file({"ec_leaf"}), "a comment\n" + parameters + file({"ec_key_sec1"}))
          .value();
  EXPECT_TRUE(equal_constant_time(loaded.key_pkcs8_der, expected.key_pkcs8_der));
  EXPECT_EQ(loaded.chain_pem, file({"ec_leaf"}));
}

TEST(LoadIdentity, RefusesAKeyThatIsNotTheLeafs) {
  expect_refused(file({"ec_leaf", "ec_issuer"}), file({"other_key"}), "does not belong");
  expect_refused(file({"ec_leaf", "ec_issuer"}), file({"pq_key"}), "does not belong");
  expect_refused(file({"pq_leaf", "pq_issuer"}), file({"ec_key"}), "does not belong");
  expect_refused(file({"ec_issuer", "ec_leaf"}), file({"ec_key"}), "does not belong");
}

TEST(LoadIdentity, RefusesAnElementThatDidNotSignTheOneBefore) {
  expect_refused(file({"ec_leaf", "ec_root"}), file({"ec_key"}), "Certificate 2");
  expect_refused(file({"ec_leaf", "ec_issuer_same_name_other_key"}), file({"ec_key"}),
                 "did not sign");
  expect_refused(file({"ec_leaf", "ec_issuer", "ec_issuer"}), file({"ec_key"}), "Certificate 3");
  expect_refused(file({"ec_leaf", "ec_leaf"}), file({"ec_key"}), "no CA");
  expect_refused(file({"ec_leaf", "ec_issuer_no_ca"}), file({"ec_key"}), "no CA");
}

TEST(LoadIdentity, RefusesChainsOfTwoFamilies) {
  expect_refused(file({"pq_leaf_of_ec_issuer", "ec_issuer"}), file({"pq_key"}),
                 "Certificate 1 has a classical key or signature");
  // The issuer is not at hand, but the leaf's own signature shows its family.
  expect_refused(file({"pq_leaf_of_ec_issuer"}), file({"pq_key"}), "Certificate 1");
  expect_refused(file({"pq_leaf", "pq_issuer_of_ec_root"}), file({"pq_key"}), "Certificate 2");
  expect_refused(file({"ec_leaf_of_pq_issuer", "pq_issuer"}), file({"ec_key"}),
                 "ML-DSA key or signature in a classical chain");
}

TEST(LoadIdentity, RefusesALeafThatIsNotForServers) {
  expect_refused(file({"ec_client_leaf", "ec_issuer"}), file({"ec_key"}), "not for a TLS server");
}

TEST(LoadIdentity, RefusesAChangedOctetAnywhereInTheLeaf) {
  const Bytes leaf = der_of(file({"ec_leaf"}));
  for (std::size_t i = 0; i < leaf.size(); ++i) {
    Bytes changed = leaf;
    changed[i] ^= 1;
    EXPECT_FALSE(load(pem("CERTIFICATE", changed) + file({"ec_issuer"}), file({"ec_key"}))) << i;
  }
}

TEST(LoadIdentity, RefusesChainsThatAreNoPemCertificates) {
  const std::string key = file({"ec_key"});
  expect_refused("", key, "no CERTIFICATE");
  expect_refused("garbage", key, "no CERTIFICATE");
  expect_refused(file({"ec_leaf"}) + key, key, "no CERTIFICATE");
  expect_refused(pem("CERTIFICATE", Bytes(40, 1)), key, "no X.509");
  std::string cut = file({"ec_leaf"});
  cut.resize(cut.size() - 20);
  expect_refused(cut, key, "damaged");
  Bytes longer = der_of(file({"ec_leaf"}));
  longer.push_back(0);
  expect_refused(pem("CERTIFICATE", longer), key, "no X.509");
  expect_refused(std::string(300'000, '\n') + file({"ec_leaf"}), key, "too long");
  std::string many = file({"ec_leaf"});
  for (int i = 0; i < 10; ++i) many += file({"ec_issuer"});
  expect_refused(many, key, "over 10 blocks");
}

TEST(LoadIdentity, RefusesKeysThatAreEncryptedOrOfAnotherKind) {
  const std::string chain = file({"ec_leaf", "ec_issuer"});
  expect_refused(chain, file({"ec_key_encrypted"}), "encrypted");
  expect_refused(chain, file({"ec_key_sec1_encrypted"}), "encrypted");
  expect_refused(chain, file({"p384_key"}), "neither ML-DSA-65 nor ECDSA P-256");
  expect_refused(chain, file({"pq44_key"}), "neither ML-DSA-65 nor ECDSA P-256");
  expect_refused(chain, file({"ec_leaf"}), "not PKCS#8");
  expect_refused(chain, "", "no private key");
  expect_refused(chain, "-----BEGIN ", "damaged");
  expect_refused(chain, "-----BEGIN PRIVATE KEY-----\nAA==\n", "damaged");
  expect_refused(chain, "-----BEGIN PRIVATE KEY-----\n%%\n-----END PRIVATE KEY-----\n", "damaged");
  expect_refused(chain, pem("PRIVATE KEY", {}), "not PKCS#8");
  expect_refused(chain, pem("PRIVATE KEY", Bytes(40, 0x30)), "not PKCS#8");
  expect_refused(chain, std::string(40'000, ' ') + file({"ec_key"}), "too long");
}

// wrapped is PKCS#8 of ML-DSA-65 around the octets of a private key.
std::string wrapped(ByteView inner) {
  bssl::ScopedCBB writer;
  CBB info, algorithm, oid, key;
  std::uint8_t* data = nullptr;
  std::size_t size = 0;
  EXPECT_TRUE(CBB_init(writer.get(), 8192) == 1 &&
              CBB_add_asn1(writer.get(), &info, CBS_ASN1_SEQUENCE) == 1 &&
              CBB_add_asn1_uint64(&info, 0) == 1 &&
              CBB_add_asn1(&info, &algorithm, CBS_ASN1_SEQUENCE) == 1 &&
              CBB_add_asn1(&algorithm, &oid, CBS_ASN1_OBJECT) == 1 &&
              CBB_add_asn1_oid_from_text(&oid, "2.16.840.1.101.3.4.3.18", 23) == 1 &&
              CBB_add_asn1(&info, &key, CBS_ASN1_OCTETSTRING) == 1 &&
              CBB_add_bytes(&key, inner.data(), inner.size()) == 1 &&
              CBB_finish(writer.get(), &data, &size) == 1);
  const bssl::UniquePtr<std::uint8_t> owner(data);
  return pem("PRIVATE KEY", {data, size});
}

Bytes element(unsigned tag, ByteView content) {
  bssl::ScopedCBB writer;
  CBB inner;
  std::uint8_t* data = nullptr;
  std::size_t size = 0;
  EXPECT_TRUE(CBB_init(writer.get(), 8192) == 1 && CBB_add_asn1(writer.get(), &inner, tag) == 1 &&
              CBB_add_bytes(&inner, content.data(), content.size()) == 1 &&
              CBB_finish(writer.get(), &data, &size) == 1);
  const bssl::UniquePtr<std::uint8_t> owner(data);
  return Bytes(data, data + size);
}

TEST(LoadIdentity, KeepsTheSeedOfAnMlDsaKeyWrittenInBothForms) {
  const std::string chain = file({"pq_leaf", "pq_issuer"});
  const Bytes der = der_of(file({"pq_key"}));
  const Bytes seed(der.end() - 32, der.end());
  const Key key(EVP_PKEY_pqdsa_new_raw_private_key(NID_MLDSA65, seed.data(), seed.size()));
  Bytes expanded(4032);
  std::size_t size = expanded.size();
  ASSERT_EQ(EVP_PKEY_get_raw_private_key(key.get(), expanded.data(), &size), 1);

  const Bytes seed_form = element(CBS_ASN1_CONTEXT_SPECIFIC | 0, seed);
  const Bytes expanded_form = element(CBS_ASN1_OCTETSTRING, expanded);
  Bytes both = element(CBS_ASN1_OCTETSTRING, seed);
  base::append(both, expanded_form);
  both = element(CBS_ASN1_SEQUENCE, both);
  EXPECT_EQ(der_of(wrapped(seed_form)), der);
  const auto loaded = load(chain, wrapped(both)).value();
  EXPECT_EQ(as_text(loaded.key_pkcs8_der.reveal(SecretAccess{})), as_text(der));

  expect_refused(chain, wrapped(expanded_form), "lacks its seed");
  Bytes trailing = seed_form;
  trailing.push_back(0);
  expect_refused(chain, wrapped(trailing), "not PKCS#8");
  both[40] ^= 1;  // the two forms no longer belong together
  expect_refused(chain, wrapped(both), "not PKCS#8");
}

}  // namespace
}  // namespace quantumapi::x509
