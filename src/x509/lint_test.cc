#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "x509/extensions.h"
#include "x509/issue.h"
#include "x509/oid.h"
#include "x509/testing/der_tree.h"
#include "x509/testing/hierarchy.h"

namespace quantumapi::x509 {
namespace {

using testing::add_extension;
using testing::DerTree;
using ::testing::HasSubstr;
using testing::Hierarchy;
using testing::remove_extension;
using namespace std::string_view_literals;

// Positions in a TBSCertificate.
constexpr std::size_t kVersion = 0;
constexpr std::size_t kSerial = 1;
constexpr std::size_t kSignature = 2;
constexpr std::size_t kIssuer = 3;
constexpr std::size_t kValidity = 4;
constexpr std::size_t kSubject = 5;
constexpr std::size_t kKey = 6;
constexpr std::size_t kExtensions = 7;

Bytes octets(std::string_view text) { return Bytes(text.begin(), text.end()); }

DerTree& extension(DerTree& tbs, std::string_view oid) {
  return testing::find_extension_tree(tbs, oid);
}
DerTree& value(DerTree& tbs, std::string_view oid) { return extension(tbs, oid).children.back(); }

void make_critical(DerTree& tbs, std::string_view oid) {
  auto& parts = extension(tbs, oid).children;
  parts.insert(parts.begin() + 1, DerTree::primitive(0x01, {0xff}));
}
void make_uncritical(DerTree& tbs, std::string_view oid) {
  auto& parts = extension(tbs, oid).children;
  parts.erase(parts.begin() + 1);
}

class Lint : public ::testing::Test {
 protected:
  void expect_broken(Profile profile, const std::string& clause,
                     const std::function<void(DerTree&)>& change) {
    const Bytes& certificate = profile == Profile::kRoot           ? of_.root
                               : profile == Profile::kIntermediate ? of_.intermediate
                                                                   : of_.leaf;
    DerTree tbs = DerTree::parse(certificate)[0];
    ASSERT_TRUE(lint(tbs.encode(), profile));
    change(tbs);
    const Status status = lint(tbs.encode(), profile);
    ASSERT_FALSE(status) << clause;
    EXPECT_EQ(status.error().code, Code::kInternal);
    EXPECT_THAT(status.error().message, HasSubstr(clause));
  }
  void expect_all_broken(const std::string& clause, const std::function<void(DerTree&)>& change) {
    for (const Profile profile : {Profile::kRoot, Profile::kIntermediate, Profile::kLeaf})
      expect_broken(profile, clause, change);
  }

  Hierarchy of_{KeyType::kMlDsa65};
};

TEST_F(Lint, HoldsTheVersionToThree) {
  expect_all_broken("4.1.2.1", [](DerTree& tbs) { tbs[kVersion][0].content = {1}; });
  expect_all_broken("4.1.2.1",
                    [](DerTree& tbs) { tbs[kVersion].children.push_back(tbs[kVersion][0]); });
  expect_all_broken("4.1", [](DerTree& tbs) { tbs.children.erase(tbs.children.begin()); });
}

TEST_F(Lint, HoldsTheSerialToSixtyFourBitsAndTwentyOctets) {
  const auto serial = [&](Bytes content) {
    expect_all_broken("RFC 5280", [&](DerTree& tbs) { tbs[kSerial].content = content; });
  };
  serial({0});
  serial({1});
  serial(Bytes(7, 0x11));
  serial(Bytes(21, 0x11));
  serial(Bytes(16, 0x81));  // negative
  Bytes padded(17, 0x11);   // a zero that is not needed
  padded[0] = 0;
  serial(padded);
  Bytes of_21_octets(21, 0x81);
  of_21_octets[0] = 0;
  serial(of_21_octets);
  serial({});
}

TEST_F(Lint, HoldsAlgorithmsToTheirIdentifiersWithoutParameters) {
  const DerTree null = DerTree::primitive(0x05, {});
  expect_all_broken("RFC 9881 section 2",
                    [&](DerTree& tbs) { tbs[kSignature].children.push_back(null); });
  expect_all_broken("RFC 9881 section 2",
                    [](DerTree& tbs) { tbs[kSignature][0].content.back() = 17; });
  expect_all_broken("RFC 9881 section 4",
                    [&](DerTree& tbs) { tbs[kKey][0].children.push_back(null); });
  expect_all_broken("RFC 9881 section 4",
                    [](DerTree& tbs) { tbs[kKey][0][0].content.back() = 19; });
  expect_all_broken("RFC 9881 section 4", [](DerTree& tbs) { tbs[kKey][1].content.pop_back(); });
}

TEST_F(Lint, LetsNoMlDsaKeyHangOnAClassicalSignature) {
  expect_broken(Profile::kLeaf, "classical signature", [](DerTree& tbs) {
    tbs[kSignature][0].content = octets("\x2a\x86\x48\xce\x3d\x04\x03\x02"sv);
  });
}

TEST_F(Lint, HoldsTimesToTheirFormAndOrder) {
  const auto time = [&](std::size_t which, std::uint8_t tag, std::string_view text) {
    expect_all_broken("4.1.2.5", [&](DerTree& tbs) {
      tbs[kValidity][which] = DerTree::primitive(tag, octets(text));
    });
  };
  time(1, 0x17, "260101000000Z");      // before it begins
  time(1, 0x18, "20480101000000Z");    // GeneralizedTime before 2050
  time(1, 0x17, "4801010000Z");        // no seconds
  time(1, 0x17, "480101000000+0100");  // an offset
  time(1, 0x18, "20600101000000.5Z");  // a fraction
  time(1, 0x17, "481301000000Z");      // month 13
  time(1, 0x17, "480230000000Z");      // 30 February
  time(1, 0x17, "48010100000Z");
  time(0, 0x17, "");
  expect_all_broken("4.1.2.5", [](DerTree& tbs) { tbs[kValidity].children.pop_back(); });
}

TEST_F(Lint, HoldsNames) {
  expect_broken(Profile::kLeaf, "4.1.2.4", [](DerTree& tbs) { tbs[kIssuer].children.clear(); });
  for (const Profile ca : {Profile::kRoot, Profile::kIntermediate})
    expect_broken(ca, "4.1.2.6", [](DerTree& tbs) { tbs[kSubject].children.clear(); });
  expect_all_broken("4.1.2.4", [](DerTree& tbs) {
    tbs[kSubject][0][0][1] = DerTree::primitive(0x14, octets("t61"));
  });
  expect_all_broken("4.1.2.4",
                    [](DerTree& tbs) { tbs[kSubject].children.push_back(tbs[kSubject][0]); });
}

TEST_F(Lint, HoldsObjectIdentifiers) {
  expect_all_broken("4.1.2.4", [](DerTree& tbs) { tbs[kSubject][0][0][0].content = {}; });
  expect_all_broken("4.1.2.4", [](DerTree& tbs) { tbs[kIssuer][0][0][0].content = {0x80, 1}; });
  expect_all_broken("extensions", [](DerTree& tbs) {
    tbs[kExtensions][0].children.push_back(
        DerTree::parse(extension_der("\x55\x84"sv, false, Bytes{5, 0})));
  });
}

TEST_F(Lint, HoldsThatARootAndNothingElseIsSelfIssued) {
  expect_broken(Profile::kRoot, "section 3.2",
                [](DerTree& tbs) { tbs[kIssuer][0][0][1].content.back() ^= 1; });
  for (const Profile profile : {Profile::kIntermediate, Profile::kLeaf})
    expect_broken(profile, "section 3.2", [](DerTree& tbs) { tbs[kSubject] = tbs[kIssuer]; });
}

TEST_F(Lint, HoldsAlternativeNames) {
  const auto broken = [&](const std::function<void(DerTree&)>& change) {
    expect_broken(Profile::kLeaf, "4.2.1.6", change);
  };
  broken([](DerTree& tbs) { tbs[kSubject].children.clear(); });
  broken([](DerTree& tbs) {
    tbs[kSubject].children.clear();
    remove_extension(tbs, oid::kSubjectAltName);
  });
  broken([](DerTree& tbs) { make_critical(tbs, oid::kSubjectAltName); });
  broken([](DerTree& tbs) { value(tbs, oid::kSubjectAltName).content = {0x30, 0}; });
  broken([](DerTree& tbs) {
    value(tbs, oid::kSubjectAltName).content = octets("\x30\x03\x82\x01 "sv);
  });
  broken([](DerTree& tbs) {
    value(tbs, oid::kSubjectAltName).content = octets(
        "\x30\x03\x81\x01"
        "a"sv);
  });
  broken([](DerTree& tbs) {  // upper case
    value(tbs, oid::kSubjectAltName).content = octets(
        "\x30\x03\x82\x01"
        "A"sv);
  });
  broken([](DerTree& tbs) {  // the same name twice
    value(tbs, oid::kSubjectAltName).content = octets(
        "\x30\x06\x82\x01"
        "a"
        "\x82\x01"
        "a"sv);
  });
  for (const Profile ca : {Profile::kRoot, Profile::kIntermediate})
    expect_broken(ca, "4.2.1.6", [](DerTree& tbs) {
      add_extension(tbs, oid::kSubjectAltName, false,
                    octets("\x30\x03\x82\x01"
                           "a"sv));
    });
}

TEST_F(Lint, HoldsEachExtensionOnceAndAsItsProfileWantsIt) {
  expect_all_broken("twice", [](DerTree& tbs) {
    tbs[kExtensions][0].children.push_back(extension(tbs, oid::kKeyUsage));
  });
  expect_all_broken("no profile",
                    [](DerTree& tbs) { add_extension(tbs, "\x2a\x03\x04"sv, false, Bytes{5, 0}); });
  expect_all_broken("RFC 5280", [](DerTree& tbs) { tbs[kExtensions][0].children.clear(); });
  expect_all_broken("RFC 5280", [](DerTree& tbs) { tbs.children.pop_back(); });
  for (const auto& [oid, clause] :
       {std::pair(oid::kSubjectKeyIdentifier, "4.2.1.2"), std::pair(oid::kKeyUsage, "4.2.1.3"),
        std::pair(oid::kBasicConstraints, "4.2.1.9")})
    expect_all_broken(clause, [&](DerTree& tbs) { remove_extension(tbs, oid); });
  for (const Profile profile : {Profile::kIntermediate, Profile::kLeaf}) {
    expect_broken(profile, "4.2.1.1",
                  [](DerTree& tbs) { remove_extension(tbs, oid::kAuthorityKeyIdentifier); });
    expect_broken(profile, "4.2.1.1",
                  [](DerTree& tbs) { make_critical(tbs, oid::kAuthorityKeyIdentifier); });
  }
  expect_broken(Profile::kLeaf, "4.2.1.12",
                [](DerTree& tbs) { remove_extension(tbs, oid::kExtendedKeyUsage); });
  expect_all_broken("4.2.1.2",
                    [](DerTree& tbs) { make_critical(tbs, oid::kSubjectKeyIdentifier); });
  expect_all_broken("4.2.1.3", [](DerTree& tbs) { make_uncritical(tbs, oid::kKeyUsage); });
  expect_all_broken("4.2.1.9", [](DerTree& tbs) { make_uncritical(tbs, oid::kBasicConstraints); });
  for (const Profile ca : {Profile::kRoot, Profile::kIntermediate}) {
    expect_broken(ca, "4.2.1.12", [](DerTree& tbs) {
      add_extension(tbs, oid::kExtendedKeyUsage, false, extended_key_usage_der({true, true}));
    });
    expect_broken(ca, "4.2.1.13", [](DerTree& tbs) {
      add_extension(tbs, oid::kCrlDistributionPoints, false, Bytes{0x30, 0});
    });
  }
}

TEST_F(Lint, HoldsKeyIdentifiers) {
  expect_all_broken(
      "4.2.1.2", [](DerTree& tbs) { value(tbs, oid::kSubjectKeyIdentifier).content.back() ^= 1; });
  expect_all_broken("4.2.1.2",
                    [](DerTree& tbs) { value(tbs, oid::kSubjectKeyIdentifier).content = {4, 0}; });
  for (const Profile profile : {Profile::kIntermediate, Profile::kLeaf}) {
    expect_broken(profile, "4.2.1.1", [](DerTree& tbs) {
      value(tbs, oid::kAuthorityKeyIdentifier).content = {0x30, 0};
    });
    expect_broken(profile, "4.2.1.1", [](DerTree& tbs) {  // its own
      DerTree own = DerTree::parse(value(tbs, oid::kSubjectKeyIdentifier).content);
      own.tag = 0x80;
      value(tbs, oid::kAuthorityKeyIdentifier).wrap(DerTree::constructed(0x30, {own}));
    });
  }
  expect_broken(Profile::kRoot, "4.2.1.1", [](DerTree& tbs) {  // another's
    add_extension(tbs, oid::kAuthorityKeyIdentifier, false,
                  octets("\x30\x03\x80\x01"
                         "a"sv));
  });
}

TEST_F(Lint, HoldsBasicConstraints) {
  const auto set = [&](Profile profile, std::string_view der) {
    expect_broken(profile, "4.2.1.9",
                  [&](DerTree& tbs) { value(tbs, oid::kBasicConstraints).content = octets(der); });
  };
  set(Profile::kLeaf, "\x30\x03\x01\x01\xff"sv);
  set(Profile::kLeaf, "\x30\x03\x02\x01\x00"sv);
  set(Profile::kLeaf, "\x30\x03\x01\x01\x00"sv);
  for (const Profile ca : {Profile::kRoot, Profile::kIntermediate}) {
    set(ca, "\x30\x00"sv);
    set(ca, "\x30\x03\x01\x01\xff"sv);              // no path length
    set(ca, "\x30\x06\x01\x01\xff\x02\x01\x02"sv);  // too long a path
    set(ca, "\x30\x06\x01\x01\x01\x02\x01\x00"sv);  // a true that is not DER's
    set(ca, "\x30\x06\x01\x01\xff\x02\x01\xff"sv);  // negative
    set(ca, "\x30\x07\x01\x01\xff\x02\x02\x01\x00"sv);
  }
  set(Profile::kIntermediate, "\x30\x06\x01\x01\xff\x02\x01\x01"sv);
}

TEST_F(Lint, HoldsKeyUsage) {
  for (unsigned bits = 1; bits < 256; ++bits) {
    const auto set = [&](DerTree& tbs) {
      value(tbs, oid::kKeyUsage).content = key_usage_der(bits);
    };
    if (bits != kDigitalSignature) expect_broken(Profile::kLeaf, "4.2.1.3", set);
    if (bits == (kKeyCertSign | kCrlSign)) continue;
    expect_broken(Profile::kRoot, "4.2.1.3", set);
    expect_broken(Profile::kIntermediate, "4.2.1.3", set);
  }
  expect_broken(Profile::kLeaf, "4.2.1.3", [](DerTree& tbs) {  // unused bits that are not counted
    value(tbs, oid::kKeyUsage).content = octets("\x03\x02\x00\x80"sv);
  });
}

TEST_F(Lint, HoldsExtendedKeyUsageAndDistributionPoints) {
  expect_broken(Profile::kLeaf, "4.2.1.12", [](DerTree& tbs) {
    value(tbs, oid::kExtendedKeyUsage).content = octets("\x30\x06\x06\x04\x55\x1d\x25\x00"sv);
  });
  expect_broken(Profile::kLeaf, "4.2.1.12",
                [](DerTree& tbs) { value(tbs, oid::kExtendedKeyUsage).content = {0x30, 0}; });
  expect_broken(Profile::kLeaf, "4.2.1.13", [](DerTree& tbs) {
    add_extension(tbs, oid::kCrlDistributionPoints, false, Bytes{0x30, 0});
  });
}

TEST_F(Lint, RefusesWhatIsCutOrLongerAndTheWrongProfile) {
  const Bytes tbs = DerTree::parse(of_.leaf)[0].encode();
  for (std::size_t size = 0; size < tbs.size(); ++size)
    EXPECT_FALSE(lint(ByteView(tbs).first(size), Profile::kLeaf)) << size;
  Bytes longer = tbs;
  longer.push_back(0);
  EXPECT_FALSE(lint(longer, Profile::kLeaf));
  EXPECT_FALSE(lint(tbs, Profile::kRoot));
  EXPECT_FALSE(lint(tbs, Profile::kIntermediate));
  EXPECT_FALSE(lint(DerTree::parse(of_.root)[0].encode(), Profile::kIntermediate));
}

}  // namespace
}  // namespace quantumapi::x509
