#include "x509/crl.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "x509/aws_lc.h"
#include "x509/der.h"
#include "x509/extensions.h"
#include "x509/oid.h"
#include "x509/testing/der_tree.h"
#include "x509/testing/hierarchy.h"

namespace quantumapi::x509 {
namespace {

using testing::DerTree;
using ::testing::HasSubstr;
using testing::Hierarchy;
using testing::kDay;
using testing::kNow;
using testing::signed_anew;
using namespace std::string_view_literals;

// Positions in a TBSCertList.
constexpr std::size_t kVersion = 0;
constexpr std::size_t kSignature = 1;
constexpr std::size_t kIssuer = 2;
constexpr std::size_t kThisUpdate = 3;
constexpr std::size_t kEntries = 5;
constexpr std::size_t kExtensions = 6;

Bytes octets(std::string_view text) { return Bytes(text.begin(), text.end()); }

RevocationList list_of_three() {
  return {0x1'0000'0001,
          kNow,
          kNow + kDay,
          {{Bytes(16, 0x41), kNow - kDay, RevocationReason::kKeyCompromise},
           {Bytes{0x80, 1}, kNow, RevocationReason::kUnspecified},
           {Bytes(20, 0x7f), kNow, RevocationReason::kCessationOfOperation}}};
}

class RevocationLists : public ::testing::TestWithParam<KeyType> {
 protected:
  [[nodiscard]] Bytes made(const RevocationList& list = list_of_three()) const {
    return make_crl(list, of_.intermediate, of_.intermediate_key).value();
  }
  // changed is the list in which one thing of its signed part was changed before it was signed.
  [[nodiscard]] Bytes changed(const std::function<void(DerTree&)>& change) const {
    DerTree tree = DerTree::parse(made());
    change(tree[0]);
    return signed_anew(std::move(tree), of_.intermediate_key);
  }
  void expect_refused(ByteView der, const std::string& why) const {
    const auto list = parse_crl(der, of_.intermediate);
    ASSERT_FALSE(list) << why;
    EXPECT_EQ(list.error().code, Code::kInvalidArgument);
    EXPECT_THAT(list.error().message, HasSubstr(why));
    EXPECT_EQ(ERR_peek_error(), 0U) << "an error stayed in AWS-LC's queue";
  }

  Hierarchy of_{GetParam()};
};

TEST_P(RevocationLists, GiveBackWhatTheyWereMadeOf) {
  const RevocationList list = parse_crl(made(), of_.intermediate).value();
  const RevocationList expected = list_of_three();
  EXPECT_EQ(list.number, expected.number);
  EXPECT_EQ(list.this_update, expected.this_update);
  EXPECT_EQ(list.next_update, expected.next_update);
  ASSERT_EQ(list.revoked.size(), 3U);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(list.revoked[i].serial, expected.revoked[i].serial);
    EXPECT_EQ(list.revoked[i].revoked_at, expected.revoked[i].revoked_at);
    EXPECT_EQ(list.revoked[i].reason, expected.revoked[i].reason);
  }
}

TEST_P(RevocationLists, MayBeEmpty) {
  const Bytes der = made({1, kNow, kNow + kDay, {}});
  EXPECT_TRUE(parse_crl(der, of_.intermediate).value().revoked.empty());
  // Then the list of entries is absent (RFC 5280 section 5.1.2.6).
  EXPECT_EQ(DerTree::parse(der)[0].children.size(), 6U);
}

TEST_P(RevocationLists, AreReadByTheLibraryToo) {
  const Bytes der = made();
  const std::uint8_t* at = der.data();
  const bssl::UniquePtr<X509_CRL> crl(d2i_X509_CRL(nullptr, &at, static_cast<long>(der.size())));
  ASSERT_TRUE(crl);
  const Certificate issuer = read_certificate(of_.intermediate).value();
  EXPECT_EQ(X509_CRL_verify(crl.get(), X509_get0_pubkey(issuer.get())), 1);
  EXPECT_EQ(X509_CRL_get_version(crl.get()), X509_CRL_VERSION_2);
  const bssl::UniquePtr<ASN1_INTEGER> serial(ASN1_INTEGER_new());
  ASN1_STRING_set(serial.get(), list_of_three().revoked[0].serial.data(), 16);
  X509_REVOKED* entry = nullptr;
  EXPECT_EQ(X509_CRL_get0_by_serial(crl.get(), &entry, serial.get()), 1);
  // unspecified is said by saying nothing (RFC 5280 section 5.3.1).
  ASN1_STRING_set(serial.get(), "\x80\x01", 2);
  ASSERT_EQ(X509_CRL_get0_by_serial(crl.get(), &entry, serial.get()), 1);
  EXPECT_EQ(X509_REVOKED_get_ext_count(entry), 0);
}

TEST_P(RevocationLists, AreRefusedWhenCutOrChangedAnywhere) {
  const Bytes der = made();
  for (std::size_t i = 0; i < der.size(); ++i) {
    EXPECT_FALSE(parse_crl(ByteView(der).first(i), of_.intermediate)) << i;
    Bytes other = der;
    other[i] ^= 1;
    EXPECT_FALSE(parse_crl(other, of_.intermediate)) << i;
  }
  Bytes longer = der;
  longer.push_back(0);
  expect_refused(longer, "CertificateList");
}

TEST_P(RevocationLists, AreRefusedFromAnotherIssuer) {
  const Hierarchy other(GetParam(), 11);
  const auto foreign =
      make_crl(list_of_three(), other.intermediate, other.intermediate_key).value();
  expect_refused(foreign, "did not sign");
  expect_refused(make_crl(list_of_three(), of_.root, of_.root_key).value(), "did not sign");
  // Signed by the right key under another name, or for another key.
  expect_refused(changed([](DerTree& tbs) { tbs[kIssuer][0][0][1].content.back() ^= 1; }),
                 "another issuer");
  expect_refused(changed([](DerTree& tbs) {
                   DerTree& authority = tbs[kExtensions][0][0].children.back();
                   authority.content.back() ^= 1;
                 }),
                 "another key");
  // What is no CA signs none, and a file that is no certificate vouches for none.
  EXPECT_FALSE(parse_crl(made(), of_.leaf));
  EXPECT_FALSE(parse_crl(made(), Bytes(40, 0x30)));
}

TEST_P(RevocationLists, AreRefusedWithReasonsThatEnd) {
  const auto reason = [&](int code) {
    return changed([&](DerTree& tbs) {
      DerTree& value = tbs[kEntries][0][2][0].children.back();
      value.content = {0x0a, 1, static_cast<std::uint8_t>(code)};
    });
  };
  expect_refused(reason(6), "what is revoked stays so");  // certificateHold
  expect_refused(reason(8), "what is revoked stays so");  // removeFromCRL
  expect_refused(reason(7), "what is revoked stays so");  // not used
  expect_refused(reason(11), "what is revoked stays so");
  for (const int compromise : {1, 2, 10})
    EXPECT_EQ(parse_crl(reason(compromise), of_.intermediate).value().revoked[0].reason,
              RevocationReason::kKeyCompromise);
  EXPECT_EQ(parse_crl(reason(9), of_.intermediate).value().revoked[0].reason,
            RevocationReason::kPrivilegeWithdrawn);
}

TEST_P(RevocationLists, AreRefusedWithCriticalExtensionsThatAreNotKnown) {
  const auto with = [&](bool critical) {
    return changed([&](DerTree& tbs) {
      // issuingDistributionPoint: the list would not be of all that the issuer revoked.
      tbs[kExtensions][0].children.push_back(
          DerTree::parse(extension_der("\x55\x1d\x1c"sv, critical, der::sequence({}))));
    });
  };
  EXPECT_TRUE(parse_crl(with(false), of_.intermediate));
  expect_refused(with(true), "critical extension");
  const auto in_entry = [&](bool critical) {
    return changed([&](DerTree& tbs) {
      tbs[kEntries][0][2].children.push_back(
          DerTree::parse(extension_der(oid::kInvalidityDate, critical, der::sequence({}))));
    });
  };
  EXPECT_TRUE(parse_crl(in_entry(false), of_.intermediate));
  expect_refused(in_entry(true), "critical extension");
}

TEST_P(RevocationLists, AreRefusedWhenTheyAreNotAsTheStandardHasThem) {
  expect_refused(changed([](DerTree& tbs) { tbs[kVersion].content = {0}; }), "version");
  expect_refused(changed([](DerTree& tbs) { tbs.children.erase(tbs.children.begin()); }),
                 "version");
  expect_refused(changed([](DerTree& tbs) {
                   tbs[kSignature].children.push_back(DerTree::primitive(0x05, {}));
                 }),
                 "two signature algorithms");
  expect_refused(changed([](DerTree& tbs) { tbs[kEntries].children.clear(); }), "entries");
  expect_refused(changed([](DerTree& tbs) {
                   tbs[kEntries][0].children.pop_back();
                   tbs[kEntries][0].children.pop_back();
                 }),
                 "entry");
  expect_refused(changed([](DerTree& tbs) { tbs[kEntries][0][0].content = Bytes(21, 1); }),
                 "entry");
  expect_refused(changed([](DerTree& tbs) { tbs[kEntries][0][0].content = {0x81}; }), "entry");
  expect_refused(changed([](DerTree& tbs) { tbs[kEntries][0][0].content = {0}; }), "entry");
  expect_refused(changed([](DerTree& tbs) { tbs[kEntries][0][1].content = octets("2701150800Z"); }),
                 "entry");
  expect_refused(changed([](DerTree& tbs) { tbs[kThisUpdate].content = octets("280115080000Z"); }),
                 "read");
  expect_refused(changed([](DerTree& tbs) { tbs[kExtensions][0].children.pop_back(); }), "number");
  expect_refused(changed([](DerTree& tbs) { tbs.children.pop_back(); }), "extensions");
  expect_refused(
      changed([](DerTree& tbs) { tbs[kExtensions][0].children.push_back(tbs[kExtensions][0][0]); }),
      "twice");
  expect_refused(changed([](DerTree& tbs) {
                   tbs[kExtensions][0][1].children.back().content = der::integer(Bytes(9, 1));
                 }),
                 "number");
  DerTree null = DerTree::parse(made());
  null[1].children.push_back(DerTree::primitive(0x05, {}));
  expect_refused(null.encode(), "did not sign");
}

TEST_P(RevocationLists, AreNotMadeWithAnothersKeyOrOfWhatCanNotBeRevoked) {
  EXPECT_FALSE(make_crl(list_of_three(), of_.intermediate, of_.root_key));
  EXPECT_FALSE(make_crl(list_of_three(), of_.leaf, of_.leaf_key));
  RevocationList list = list_of_three();
  list.next_update = list.this_update;
  EXPECT_FALSE(make_crl(list, of_.intermediate, of_.intermediate_key));
  for (const Bytes& serial : {Bytes{}, Bytes{0}, Bytes{0, 0}, Bytes(21, 1)}) {
    list = list_of_three();
    list.revoked[1].serial = serial;
    EXPECT_FALSE(make_crl(list, of_.intermediate, of_.intermediate_key));
  }
}

TEST_P(RevocationLists, HoldManyEntriesButNotMoreThanTheirLimit) {
  RevocationList list{2, kNow, kNow + kDay, {}};
  for (std::uint32_t i = 1; i <= 20'000; ++i)
    list.revoked.push_back({Bytes{0x40, static_cast<std::uint8_t>(i >> 16),
                                  static_cast<std::uint8_t>(i >> 8), static_cast<std::uint8_t>(i)},
                            kNow, RevocationReason::kSuperseded});
  EXPECT_EQ(parse_crl(made(list), of_.intermediate).value().revoked.size(), 20'000U);
  expect_refused(Bytes(16 * 1024 * 1024 + 1, 0x30), "16 MiB");
}

TEST_P(RevocationLists, CountForCertificatesOfTheAuthorityThatSignedThem) {
  const Hierarchy other(GetParam(), 11);
  EXPECT_TRUE(is_issued_by(of_.leaf, of_.intermediate));
  EXPECT_TRUE(is_issued_by(of_.intermediate, of_.root));
  EXPECT_FALSE(is_issued_by(of_.leaf, of_.root));
  EXPECT_FALSE(is_issued_by(of_.leaf, of_.leaf)) << "a leaf is no authority";
  EXPECT_FALSE(is_issued_by(other.leaf, of_.intermediate)) << "one of the same name";
  EXPECT_FALSE(is_issued_by(ByteView(of_.leaf).first(of_.leaf.size() - 1), of_.intermediate));
  EXPECT_FALSE(is_issued_by({}, of_.intermediate));
}

INSTANTIATE_TEST_SUITE_P(Types, RevocationLists,
                         ::testing::Values(KeyType::kMlDsa65, KeyType::kEcdsaP256));

TEST(RevocationReasons, AreReadAsTheyAreWritten) {
  for (const auto reason :
       {RevocationReason::kUnspecified, RevocationReason::kKeyCompromise,
        RevocationReason::kAffiliationChanged, RevocationReason::kSuperseded,
        RevocationReason::kCessationOfOperation, RevocationReason::kPrivilegeWithdrawn})
    EXPECT_EQ(parse_revocation_reason(to_string(reason)), reason);
  EXPECT_EQ(to_string(RevocationReason::kKeyCompromise), "keyCompromise");
  for (const char* text : {"", "certificateHold", "removeFromCRL", "KeyCompromise", "1"}) {
    const auto reason = parse_revocation_reason(text);
    ASSERT_FALSE(reason) << text;
    EXPECT_THAT(reason.error().message, HasSubstr("keyCompromise"));
  }
}

}  // namespace
}  // namespace quantumapi::x509
