#include "keyring/root_key.h"

#include "keyring/testing/test_keyring.h"

namespace quantumapi::keyring {
namespace {

using testing::expect;
using testing::expect_code;
using testing::root_key;

Uuid uuid(std::uint8_t fill) {
  Uuid id;
  id.octets.fill(fill);
  return id;
}

const WrapContext kPlace{Purpose::kEncrypt, TenantId{uuid(1)}, uuid(2), 3};

bool same(const SecretBytes& a, std::string_view text) {
  return equal_constant_time(a, SecretBytes::copy_of(text));
}

TEST(RootKey, UnwrapGivesWhatWasWrapped) {
  const RootKey root = root_key();
  const Bytes wrapped = expect(root.wrap(kPlace, SecretBytes::copy_of("key material")));
  EXPECT_EQ(wrapped.size(), 1U + 16 + 32 + 12 + 12 + 16);
  EXPECT_TRUE(same(expect(root.unwrap(kPlace, wrapped)), "key material"));
}

TEST(RootKey, WrapsOfOneKeyHaveNothingInCommonButTheRootKeysName) {
  const RootKey root = root_key();
  const Bytes a = expect(root.wrap(kPlace, SecretBytes::copy_of("key material")));
  const Bytes b = expect(root.wrap(kPlace, SecretBytes::copy_of("key material")));
  EXPECT_TRUE(std::equal(a.begin(), a.begin() + 17, b.begin()));
  EXPECT_FALSE(std::equal(a.begin() + 17, a.end(), b.begin() + 17));
}

TEST(RootKey, RefusesEveryOtherPlace) {
  const RootKey root = root_key();
  const Bytes wrapped = expect(root.wrap(kPlace, SecretBytes::copy_of("key material")));
  WrapContext other = kPlace;
  other.purpose = Purpose::kVault;
  expect_code(root.unwrap(other, wrapped), Code::kDataLoss);
  other = kPlace;
  other.tenant = TenantId{uuid(9)};
  expect_code(root.unwrap(other, wrapped), Code::kDataLoss);
  other = kPlace;
  other.object = uuid(9);
  expect_code(root.unwrap(other, wrapped), Code::kDataLoss);
  other = kPlace;
  other.version = 4;
  expect_code(root.unwrap(other, wrapped), Code::kDataLoss);
}

TEST(RootKey, RefusesEveryChangedOctetAndEveryCut) {
  const RootKey root = root_key();
  const Bytes wrapped = expect(root.wrap(kPlace, SecretBytes::copy_of("key material")));
  for (std::size_t i = 0; i < wrapped.size(); ++i) {
    Bytes changed = wrapped;
    changed[i] ^= 1;
    expect_code(root.unwrap(kPlace, changed), Code::kDataLoss);
    expect_code(root.unwrap(kPlace, ByteView(wrapped).first(i)), Code::kDataLoss);
  }
  Bytes longer = wrapped;
  longer.push_back(0);
  expect_code(root.unwrap(kPlace, longer), Code::kDataLoss);
}

TEST(RootKey, ADifferentRootKeyIsNamedBesideTheOneThatIsWanted) {
  const RootKey right = root_key(7);
  const RootKey wrong = root_key(8);
  const Bytes wrapped = expect(right.wrap(kPlace, SecretBytes::copy_of("key material")));
  const auto opened = wrong.unwrap(kPlace, wrapped);
  expect_code(opened, Code::kDataLoss);
  EXPECT_NE(opened.error().message.find(right.id().to_string()), std::string::npos);
  EXPECT_NE(opened.error().message.find(wrong.id().to_string()), std::string::npos);
}

TEST(RootKey, ARootKeyOfTheSameNameButOtherOctetsOpensNothing) {
  const Bytes wrapped = expect(root_key(7).wrap(kPlace, SecretBytes::copy_of("key material")));
  const RootKey impostor =
      expect(RootKey::create(root_key(7).id(), SecretBytes::copy_of(Bytes(32, 8))));
  expect_code(impostor.unwrap(kPlace, wrapped), Code::kDataLoss);
}

TEST(RootKey, DerivedKeysDifferByLabelAndByRootKey) {
  EXPECT_TRUE(equal_constant_time(root_key(7).derive("a"), root_key(7).derive("a")));
  EXPECT_FALSE(equal_constant_time(root_key(7).derive("a"), root_key(7).derive("b")));
  EXPECT_FALSE(equal_constant_time(root_key(7).derive("a"), root_key(8).derive("a")));
}

TEST(RootKey, HasThirtyTwoOctetsOrIsRefused) {
  expect_code(RootKey::create({}, SecretBytes(31)), Code::kInvalidArgument);
  expect_code(RootKey::create({}, SecretBytes(33)), Code::kInvalidArgument);
}

TEST(Purpose, NamesReadBackAndUnknownOnesAreRefused) {
  for (std::uint8_t i = 1; i <= 11; ++i) {
    const auto purpose = static_cast<Purpose>(i);
    EXPECT_EQ(expect(parse_purpose(to_string(purpose))), purpose);
  }
  expect_code(parse_purpose("Encrypt"), Code::kInvalidArgument);
  expect_code(parse_purpose(""), Code::kInvalidArgument);
}

TEST(Purpose, OnlyEncryptSignHmacAndImageAreVisible) {
  int visible = 0;
  for (std::uint8_t i = 1; i <= 11; ++i) visible += is_visible(static_cast<Purpose>(i)) ? 1 : 0;
  EXPECT_EQ(visible, 4);
  EXPECT_FALSE(is_visible(Purpose::kVault));
  EXPECT_FALSE(is_visible(Purpose::kToken));
}

}  // namespace
}  // namespace quantumapi::keyring
