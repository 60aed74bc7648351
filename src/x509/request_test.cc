#include "x509/request.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "x509/algorithms.h"
#include "x509/aws_lc.h"
#include "x509/der.h"
#include "x509/extensions.h"
#include "x509/oid.h"
#include "x509/pem.h"
#include "x509/subject_names.h"
#include "x509/testing/der_tree.h"
#include "x509/testing/hierarchy.h"

namespace quantumapi::x509 {
namespace {

using testing::DerTree;
using ::testing::HasSubstr;
using testing::make_key;
using testing::signed_anew;
using testing::workload_names;
using namespace std::string_view_literals;

constexpr std::array kTypes{KeyType::kMlDsa65, KeyType::kMlDsa87, KeyType::kEcdsaP256};

Bytes octets(std::string_view text) { return Bytes(text.begin(), text.end()); }

Bytes request_der(const crypto::SigningKey& key, const SubjectNames& names = workload_names()) {
  return read_pem(make_request(names, key).value(), "CERTIFICATE REQUEST").value().front();
}

Result<CertificateRequest> parse(ByteView der) { return parse_request(as_text(der)); }

void expect_refused(ByteView der, const std::string& why) {
  const auto parsed = parse(der);
  ASSERT_FALSE(parsed) << why;
  EXPECT_EQ(parsed.error().code, Code::kInvalidArgument);
  EXPECT_THAT(parsed.error().message, HasSubstr(why));
  EXPECT_EQ(ERR_peek_error(), 0U) << "an error stayed in AWS-LC's queue";
}

// changed is a request in which one thing was changed before it was signed.
Bytes changed(const std::function<void(DerTree&)>& change,
              const crypto::SigningKey& key = make_key(KeyType::kMlDsa65, 1),
              const SubjectNames& names = workload_names()) {
  DerTree tree = DerTree::parse(request_der(key, names));
  change(tree);
  return signed_anew(std::move(tree), key);
}

// asking is a request for these extensions.
Bytes asking(std::initializer_list<Bytes> extensions) {
  return changed([&](DerTree& request) {
    std::vector<DerTree> list;
    for (const Bytes& extension : extensions) list.push_back(DerTree::parse(extension));
    request[0][3][0][1] = DerTree::constructed(0x31, {DerTree::constructed(0x30, list)});
  });
}

Bytes name_extension(std::initializer_list<ByteView> names) {
  return extension_der(oid::kSubjectAltName, false, der::sequence(names));
}

TEST(Requests, GiveBackTheNamesAndKeyThatTheyWereMadeOf) {
  for (const KeyType type : kTypes) {
    const auto key = make_key(type, 7);
    const auto request = parse_request(make_request(workload_names(), key).value()).value();
    EXPECT_EQ(request.key_type, type);
    EXPECT_EQ(request.public_key_info, public_key_info(key).value());
    EXPECT_EQ(request.names.common_name, "users-api");
    EXPECT_EQ(request.names.dns_names, std::vector<std::string>{"users-api.internal"});
    EXPECT_EQ(request.names.uris, std::vector<std::string>{testing::kSpiffeId});
    EXPECT_EQ(request.names.addresses, std::vector<std::string>{"192.0.2.7"});
  }
}

TEST(Requests, AreReadFromDerAndFromEitherLabelOfPem) {
  const auto key = make_key(KeyType::kMlDsa65, 1);
  const Bytes der = request_der(key);
  EXPECT_TRUE(parse(der));
  EXPECT_TRUE(parse_request(write_pem("NEW CERTIFICATE REQUEST", der)));
  EXPECT_TRUE(parse_request("a comment\n" + write_pem("CERTIFICATE REQUEST", der) + "\n"));
}

TEST(Requests, ThatAreDerAreGivenAsPem) {
  const Bytes der = request_der(make_key(KeyType::kMlDsa65, 1));
  const std::string pem = request_pem(as_text(der));
  EXPECT_EQ(pem, write_pem("CERTIFICATE REQUEST", der));
  EXPECT_EQ(request_pem(pem), pem);
}

TEST(Requests, MayHaveNoAlternativeNamesOrNoCommonName) {
  const auto key = make_key(KeyType::kEcdsaP256, 1);
  SubjectNames common;
  common.common_name = "m\xc3\xbcnchen";
  EXPECT_EQ(parse(request_der(key, common)).value().names.common_name, common.common_name);
  SubjectNames alternative;
  alternative.uris = {testing::kSpiffeId};
  const auto parsed = parse(request_der(key, alternative)).value();
  EXPECT_EQ(parsed.names.common_name, "");
  EXPECT_EQ(parsed.names.uris, alternative.uris);
}

TEST(Requests, GiveNamesInTheirNormalForm) {
  SubjectNames names;
  names.dns_names = {"API.Example.org", "api.example.org", "*.example.org"};
  names.addresses = {"2001:DB8:0::7", "2001:db8::7"};
  const auto parsed = parse(request_der(make_key(KeyType::kMlDsa65, 1), names)).value();
  EXPECT_EQ(parsed.names.dns_names, (std::vector<std::string>{"api.example.org", "*.example.org"}));
  EXPECT_EQ(parsed.names.addresses, std::vector<std::string>{"2001:db8::7"});
  // Upper case may also stand in the request itself.
  const Bytes upper = asking({name_extension({der::element(der::context(2), {as_bytes("A.B")})})});
  EXPECT_EQ(parse(upper).value().names.dns_names, std::vector<std::string>{"a.b"});
}

TEST(Requests, MayAskForWhatTheirCertificateHasAnyway) {
  const Bytes usage = extension_der(oid::kKeyUsage, true, key_usage_der(kDigitalSignature));
  const Bytes extended =
      extension_der(oid::kExtendedKeyUsage, false, extended_key_usage_der({true, true}));
  const Bytes client =
      extension_der(oid::kExtendedKeyUsage, false, extended_key_usage_der({.client = true}));
  const Bytes constraints = extension_der(oid::kBasicConstraints, true, der::sequence({}));
  EXPECT_TRUE(parse(asking({usage, extended, constraints})));
  EXPECT_TRUE(parse(asking({client})));
}

// As Java's keytool and many a template of OpenSSL ask.
TEST(Requests, MayAskForAKeyIdentifierAndUsagesThatAreNotGiven) {
  const Bytes id = extension_der(oid::kSubjectKeyIdentifier, false,
                                 der::element(der::kOctetString, {octets("0123456789")}));
  EXPECT_TRUE(parse(asking({id})));
  for (const unsigned beside : {kKeyEncipherment, kKeyAgreement, kKeyEncipherment | kKeyAgreement})
    EXPECT_TRUE(parse(
        asking({extension_der(oid::kKeyUsage, true, key_usage_der(kDigitalSignature | beside))})));
}

TEST(Requests, AreRefusedWhenCutAnywhere) {
  for (const KeyType type : kTypes) {
    const Bytes der = request_der(make_key(type, 1));
    for (std::size_t size = 0; size < der.size(); ++size)
      EXPECT_FALSE(parse(ByteView(der).first(size))) << size;
    const std::string pem = write_pem("CERTIFICATE REQUEST", der);
    for (std::size_t size = 0; size + 1 < pem.size(); ++size)
      EXPECT_FALSE(parse_request(pem.substr(0, size))) << size;
  }
}

TEST(Requests, AreRefusedWhenAnyOctetIsChanged) {
  for (const KeyType type : {KeyType::kMlDsa65, KeyType::kEcdsaP256}) {
    const Bytes der = request_der(make_key(type, 1));
    for (std::size_t i = 0; i < der.size(); ++i) {
      Bytes other = der;
      other[i] ^= 1;
      EXPECT_FALSE(parse(other)) << i;
    }
  }
}

TEST(Requests, AreRefusedWithoutProofOfPossession) {
  for (const KeyType type : kTypes) {
    const auto own = make_key(type, 1);
    const auto other = make_key(type, 2);
    const DerTree tree = DerTree::parse(request_der(own));
    expect_refused(signed_anew(tree, other), "not signed by the key");
    DerTree foreign = tree;
    foreign[0][2] = DerTree::parse(public_key_info(other).value());
    expect_refused(signed_anew(foreign, own), "not signed by the key");
    DerTree unsigned_one = tree;
    unsigned_one[2].content = {0};
    expect_refused(unsigned_one.encode(), "not signed by the key");
  }
}

TEST(Requests, AreRefusedWithParametersBesideMlDsaOrEcdsa) {
  const DerTree null = DerTree::primitive(0x05, {});
  expect_refused(changed([&](DerTree& r) { r[0][2][0].children.push_back(null); }), "public key");
  expect_refused(changed([&](DerTree& r) { r[1].children.push_back(null); }), "has parameters");
  const auto ec = make_key(KeyType::kEcdsaP256, 1);
  expect_refused(changed([&](DerTree& r) { r[1].children.push_back(null); }, ec), "has parameters");
}

TEST(Requests, AreRefusedUnderAnotherObjectIdentifier) {
  // ML-DSA-44, ML-DSA-87, HashML-DSA-65 with SHA-512, and SLH-DSA.
  for (const int last : {17, 19, 33, 20}) {
    expect_refused(changed([&](DerTree& r) {
                     r[0][2][0][0].content.back() = static_cast<std::uint8_t>(last);
                   }),
                   "public key");
    expect_refused(
        changed([&](DerTree& r) { r[1][0].content.back() = static_cast<std::uint8_t>(last); }),
        "algorithm");
  }
  const auto ec = make_key(KeyType::kEcdsaP256, 1);
  // ecdsa-with-SHA384, and P-384 as the curve.
  expect_refused(changed([](DerTree& r) { r[1][0].content.back() = 3; }, ec), "algorithm");
  expect_refused(
      changed([](DerTree& r) { r[0][2][0][1].content = octets("\x2b\x81\x04\x00\x22"sv); }, ec),
      "public key");
}

TEST(Requests, AreRefusedForKeysOfOtherKindsAndEncodings) {
  const auto ec = make_key(KeyType::kEcdsaP256, 1);
  const auto with_point = [&](const std::function<void(Bytes&)>& change) {
    return changed([&](DerTree& r) { change(r[0][2][1].content); }, ec);
  };
  expect_refused(with_point([](Bytes& bits) {  // compressed
                   bits.resize(34);
                   bits[1] = 2;
                 }),
                 "public key");
  expect_refused(with_point([](Bytes& bits) { bits[40] ^= 1; }), "no point of P-256");
  expect_refused(with_point([](Bytes& bits) { bits[0] = 1; }), "public key");
  const auto ed = make_key(crypto::kEd25519, 1);
  const auto small = make_key("ML-DSA-44", 1);
  for (const auto* key : {&ed, &small}) {
    DerTree tree = DerTree::parse(request_der(ec));
    tree[0][2] = DerTree::parse(public_key_info(*key).value());
    tree[1] = tree[0][2][0];
    expect_refused(signed_anew(std::move(tree), *key), "public key");
  }
}

TEST(Requests, AreRefusedWithOtherAttributesOrOnesTwice) {
  const auto attributes = [](const std::function<void(DerTree&)>& change) {
    return changed([&](DerTree& r) { change(r[0][3]); });
  };
  const DerTree password = DerTree::constructed(
      0x30, {DerTree::primitive(0x06, octets("\x2a\x86\x48\x86\xf7\x0d\x01\x09\x07"sv)),
             DerTree::constructed(0x31, {DerTree::primitive(0x0c, octets("s3cret"))})});
  expect_refused(attributes([&](DerTree& a) { a.children.push_back(password); }), "one attribute");
  expect_refused(attributes([&](DerTree& a) { a.children = {password}; }), "one attribute");
  expect_refused(attributes([&](DerTree& a) { a.children.push_back(a[0]); }), "one attribute");
  // Two values of one attribute, and none.
  expect_refused(attributes([&](DerTree& a) { a[0][1].children.push_back(a[0][1][0]); }), "read");
  expect_refused(attributes([&](DerTree& a) { a[0][1].children.clear(); }), "attribute");
  // Attributes are not optional (RFC 2986 section 4.1).
  expect_refused(changed([](DerTree& r) { r[0].children.pop_back(); }), "PKCS#10");
}

TEST(Requests, AreRefusedWithAnExtensionTwice) {
  const Bytes usage = extension_der(oid::kKeyUsage, true, key_usage_der(kDigitalSignature));
  const Bytes name = name_extension({der::element(der::context(2), {as_bytes("a.example")})});
  expect_refused(asking({usage, name, usage}), "twice");
  expect_refused(asking({name, name}), "twice");
}

TEST(Requests, AreRefusedForExtensionsThatAreNotGiven) {
  const std::pair<std::string_view, std::string> types[] = {
      {oid::kAuthorityKeyIdentifier, "2.5.29.35"},
      {oid::kCrlDistributionPoints, "2.5.29.31"},
      {"\x55\x1d\x1e"sv, "2.5.29.30"},
      {"\x2a\x03\x04"sv, "1.2.3.4"}};
  for (const auto& [type, text] : types)
    expect_refused(asking({extension_der(type, false, der::sequence({}))}),
                   "the extension " + text + ", which is not given");
  for (const unsigned bits :
       {1U << 1, kKeyEncipherment, kKeyCertSign, kCrlSign, kDigitalSignature | kKeyCertSign,
        kDigitalSignature | 1U << 1, kDigitalSignature | kKeyEncipherment | kCrlSign})
    expect_refused(asking({extension_der(oid::kKeyUsage, true, key_usage_der(bits))}), "keyUsage");
  const Bytes long_form = der::element(der::kBitString, {octets("\x00\x80"sv)});
  expect_refused(asking({extension_der(oid::kKeyUsage, true, long_form)}), "keyUsage");
}

TEST(Requests, AreRefusedForACa) {
  const Bytes yes = der::element(der::kBoolean, {octets("\xff"sv)});
  const Bytes no = der::element(der::kBoolean, {octets("\x00"sv)});
  const auto constraints = [](std::initializer_list<ByteView> fields) {
    return asking({extension_der(oid::kBasicConstraints, true, der::sequence(fields))});
  };
  expect_refused(constraints({yes}), "CA");
  expect_refused(constraints({yes, der::integer(0)}), "CA");
  expect_refused(constraints({der::integer(0)}), "CA");
  expect_refused(constraints({no}), "CA");  // a default written out is no DER
}

TEST(Requests, AreRefusedForOtherExtendedKeyUsages) {
  const auto usages = [](std::initializer_list<std::string_view> list) {
    Bytes purposes;
    for (const std::string_view purpose : list) base::append(purposes, der::oid(purpose));
    return asking({extension_der(oid::kExtendedKeyUsage, false, der::sequence({purposes}))});
  };
  expect_refused(usages({"\x2b\x06\x01\x05\x05\x07\x03\x03"sv}), "extendedKeyUsage");  // code
  expect_refused(usages({"\x55\x1d\x25\x00"sv}), "extendedKeyUsage");                  // any
  expect_refused(usages({oid::kClientAuth, "\x2b\x06\x01\x05\x05\x07\x03\x09"sv}),
                 "extendedKeyUsage");
  expect_refused(usages({oid::kClientAuth, oid::kClientAuth}), "extendedKeyUsage");
  expect_refused(usages({}), "extendedKeyUsage");
  const auto client = parse(usages({oid::kClientAuth}));
  ASSERT_TRUE(client && client->usage);
  EXPECT_TRUE(client->usage->client && !client->usage->server);
}

TEST(Requests, AreRefusedForNamesThatAreNoneOrOfAnotherKind) {
  const auto name = [](unsigned tag, std::string_view value) {
    return asking({name_extension({der::element(der::context(tag), {as_bytes(value)})})});
  };
  expect_refused(name(1, "ada@example.org"), "no DNS name, URI or IP");
  expect_refused(name(8, "\x2a\x03"), "no DNS name, URI or IP");
  expect_refused(name(2, "not a name"), "The DNS name \"not a name\" is none.");
  expect_refused(name(2, "m\xc3\xbcnchen.example"), "The DNS name 1 is none; what is not ASCII");
  expect_refused(name(2, "a\x1b[2J"), "The DNS name 1 is none.");
  expect_refused(name(2, "a.example\0.b"sv), "DNS name");
  expect_refused(name(2, "192.0.2.1"), "DNS name");
  expect_refused(name(2, ""), "DNS name");
  expect_refused(name(6, "https://example.org/"), "SPIFFE");
  expect_refused(name(6, "spiffe://example.org"), "SPIFFE");
  expect_refused(name(7, "12345"), "IP address");
  expect_refused(name(7, "12345678"), "IP address");  // an address with its mask
  expect_refused(asking({name_extension({})}), "empty");
}

TEST(Requests, AreRefusedForTwoSpiffeIds) {
  const Bytes one = der::element(der::context(6), {as_bytes("spiffe://example.org/a")});
  const Bytes two = der::element(der::context(6), {as_bytes("spiffe://example.org/b")});
  EXPECT_TRUE(parse(asking({name_extension({one, one})})));
  expect_refused(asking({name_extension({one, two})}), "more than one SPIFFE ID");
}

TEST(Requests, AreRefusedForOverAHundredNames) {
  Bytes names;
  for (int i = 0; i < 101; ++i)
    base::append(names, der::element(der::context(2), {as_bytes(std::to_string(i) + ".example")}));
  expect_refused(asking({name_extension({names})}), "over 100");
  // A hundred are none too many for the SPIFFE id that their certificate has beside them.
  SubjectNames hundred;
  for (int i = 0; i < 100; ++i) hundred.dns_names.push_back(std::to_string(i) + ".example");
  hundred.uris = {testing::kSpiffeId};
  EXPECT_TRUE(parse(request_der(make_key(KeyType::kMlDsa65, 1), hundred)));
}

TEST(Requests, PassOverWhatElseStandsInTheSubject) {
  const DerTree organisation = DerTree::constructed(
      0x31, {DerTree::constructed(0x30, {DerTree::primitive(0x06, octets("\x55\x04\x0a"sv)),
                                         DerTree::primitive(0x13, octets("Example"))})});
  const Bytes der =
      changed([&](DerTree& r) { r[0][1].children.insert(r[0][1].children.begin(), organisation); });
  EXPECT_EQ(parse(der).value().names.common_name, "users-api");
}

TEST(Requests, AreRefusedForSubjectsThatAreNoNames) {
  const auto with = [](std::initializer_list<DerTree> parts) {
    const DerTree name = DerTree::constructed(0x31, {DerTree::constructed(0x30, parts)});
    return changed([&](DerTree& r) { r[0][1].children.push_back(name); });
  };
  const DerTree type = DerTree::primitive(0x06, octets("\x55\x04\x0a"sv));
  const DerTree value = DerTree::primitive(0x13, octets("Example"));
  EXPECT_TRUE(parse(with({type, value})));
  expect_refused(with({type}), "subject");
  expect_refused(with({type, value, value}), "subject");
  expect_refused(with({DerTree::primitive(0x06, {}), value}), "subject");
  expect_refused(with({DerTree::primitive(0x06, {0x80, 1}), value}), "subject");
  expect_refused(with({DerTree::primitive(0x06, {0x55, 0x84}), value}), "subject");
}

TEST(Requests, AreRefusedForCommonNamesThatAreDoubtful) {
  const auto with_value = [](std::uint8_t tag, std::string_view value) {
    return changed([&](DerTree& r) { r[0][1][0][0][1] = DerTree::primitive(tag, octets(value)); });
  };
  EXPECT_TRUE(parse(with_value(0x13, "users-api")));
  EXPECT_TRUE(parse(with_value(0x0c, std::string(64, 'a'))));
  expect_refused(with_value(0x0c, std::string(65, 'a')), "common name");
  expect_refused(with_value(0x0c, ""), "common name");
  expect_refused(with_value(0x0c, "a\0b"sv), "common name");
  expect_refused(with_value(0x0c, "a\x1b[2J"), "common name");
  expect_refused(with_value(0x0c, "a\xc2\x9b"), "common name");
  expect_refused(with_value(0x0c, "\xff"), "common name");
  expect_refused(with_value(0x13, "a*b"), "common name");  // PrintableString has no such
  expect_refused(with_value(0x14, "t61"), "common name");
  expect_refused(with_value(0x1e, "bmp"), "common name");
  expect_refused(changed([](DerTree& r) { r[0][1].children.push_back(r[0][1][0]); }), "two common");
  expect_refused(changed([](DerTree& r) { r[0][1][0].children.push_back(r[0][1][0][0]); }),
                 "subject");
}

TEST(Requests, AreRefusedWithoutAnyName) {
  expect_refused(changed([](DerTree& r) {
                   r[0][1].children.clear();
                   r[0][3].children.clear();
                 }),
                 "neither a common name nor");
}

TEST(Requests, AreRefusedWhenTheyAreNotDer) {
  const auto key = make_key(KeyType::kMlDsa65, 1);
  Bytes longer = request_der(key);
  longer.push_back(0);
  expect_refused(longer, "PKCS#10");
  expect_refused(changed([](DerTree& r) { r.children.push_back(r[1]); }), "PKCS#10");
  expect_refused(changed([](DerTree& r) { r[0].children.push_back(r[1]); }), "PKCS#10");
  expect_refused(changed([](DerTree& r) { r[0][0].content = {1}; }), "version");
  expect_refused(changed([](DerTree& r) { r[0][0].content = {0, 0}; }), "PKCS#10");
  // A critical flag of false that is written out.
  const Bytes no = der::element(der::kBoolean, {octets("\x00"sv)});
  const Bytes value = der::element(der::kOctetString, {der::sequence({})});
  expect_refused(asking({der::sequence({der::oid(oid::kBasicConstraints), no, value})}),
                 "extensions can't be read");
  // The outer length in one octet more than it needs.
  Bytes padded = request_der(key);
  padded[1] = 0x83;
  padded.insert(padded.begin() + 2, 0);
  EXPECT_FALSE(parse(padded));
  // Indefinite length.
  Bytes indefinite = request_der(key);
  indefinite[1] = 0x80;
  indefinite.erase(indefinite.begin() + 2, indefinite.begin() + 4);
  indefinite.insert(indefinite.end(), {0, 0});
  EXPECT_FALSE(parse(indefinite));
}

TEST(Requests, AreRefusedWhenTheTextIsNotOneRequest) {
  const std::string pem = make_request(workload_names(), make_key(KeyType::kMlDsa65, 1)).value();
  expect_refused(as_bytes(""), "no CERTIFICATE REQUEST");
  expect_refused(as_bytes("garbage"), "no CERTIFICATE REQUEST");
  expect_refused(as_bytes(pem + pem), "more than one");
  expect_refused(as_bytes(write_pem("CERTIFICATE", Bytes(40, 1))), "no CERTIFICATE REQUEST");
  expect_refused(as_bytes(std::string(40'000, ' ') + pem), "32 KiB");
}

TEST(Requests, AreNotMadeForNamesThatAreNoneOrKeysThatHaveNoCertificates) {
  const auto key = make_key(KeyType::kMlDsa65, 1);
  EXPECT_FALSE(make_request({}, key));
  SubjectNames names = workload_names();
  names.dns_names = {"not a name"};
  EXPECT_FALSE(make_request(names, key));
  names = workload_names();
  names.uris = {"spiffe://example.org/a", "spiffe://example.org/b"};
  EXPECT_FALSE(make_request(names, key));
  names = workload_names();
  names.common_name = std::string(65, 'a');
  EXPECT_FALSE(make_request(names, key));
  EXPECT_FALSE(make_request(workload_names(), make_key(crypto::kEd25519, 1)));
  EXPECT_FALSE(make_request(workload_names(), make_key("ML-DSA-44", 1)));
}

}  // namespace
}  // namespace quantumapi::x509
