#include "audit/checkpoint.h"

#include <gtest/gtest.h>

#include "base/encoding.h"
#include "keyring/testing/test_keyring.h"

namespace quantumapi::audit {
namespace {

using keyring::testing::expect;
using keyring::testing::expect_code;

crypto::MlDsaPrivateKey key_of(std::uint8_t fill) {
  return expect(
      crypto::MlDsaPrivateKey::create(crypto::MlDsa::k65, SecretBytes::copy_of(Bytes(32, fill))));
}
crypto::MlDsaPublicKey public_of(const crypto::MlDsaPrivateKey& key) {
  return {crypto::MlDsa::k65, key.public_key()};
}

Checkpoint sample() {
  Checkpoint checkpoint;
  checkpoint.log.octets.fill(0x11);
  checkpoint.size = 1234;
  checkpoint.root.fill(0x22);
  checkpoint.time = {1'800'000'000'000'000};
  checkpoint.key.uuid.octets.fill(0x33);
  checkpoint.key_version = 2;
  return checkpoint;
}

TEST(Checkpoint, IsSixLinesAndASignature) {
  EXPECT_EQ(body_text(sample()),
            "quantumapi/audit/11111111-1111-1111-1111-111111111111\n1234\n"
            "IiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiI=\n2027-01-15T08:00:00.000000Z\n"
            "33333333-3333-3333-3333-333333333333 2\n\n");
}

TEST(Checkpoint, SignedVerifiesAndSaysWhatWasSigned) {
  const auto key = key_of(1);
  const auto read = expect(verify(expect(sign(sample(), key)), public_of(key)));
  EXPECT_EQ(body_text(read), body_text(sample()));
}

TEST(Checkpoint, WithAnyOctetChangedDoesNotPass) {
  const auto key = key_of(1);
  const auto open = public_of(key);
  const std::string text = expect(sign(sample(), key));
  for (std::size_t i = 0; i < text.size(); i += i < 220 ? 1 : 97) {
    std::string changed = text;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    EXPECT_FALSE(verify(changed, open)) << i;
  }
}

TEST(Checkpoint, OfAnotherKeyOrContextHasABadSignature) {
  const auto key = key_of(1);
  expect_code(verify(expect(sign(sample(), key_of(2))), public_of(key)), Code::kDataLoss,
              "bad_signature");
  const std::string body = body_text(sample());
  const auto foreign = expect(key.sign(as_bytes(body), ""));
  expect_code(
      verify(body + base::base64_encode(foreign, base::Base64::kStandard) + "\n", public_of(key)),
      Code::kDataLoss, "bad_signature");
}

TEST(Checkpoint, HasOneFormOnly) {
  const auto key = key_of(1);
  const std::string text = expect(sign(sample(), key));
  const auto with = [&](std::string_view from, std::string_view to) {
    std::string changed = text;
    changed.replace(changed.find(from), from.size(), to);
    return changed;
  };
  for (const std::string& odd :
       {with("\n1234\n", "\n01234\n"), with("\n1234\n", "\n+1234\n"), with("\n1234\n", "\n\n"),
        with("00.000000Z", "00Z"), with("Z\n", "z\n"), with(" 2\n", " 02\n"), with(" 2\n", "\n"),
        with("\n\n", "\n"), with("quantumapi/", "Quantumapi/"), text + "\n",
        text.substr(0, text.size() - 1), std::string(), std::string(10'000, 'x')})
    expect_code(verify(odd, public_of(key)), Code::kInvalidArgument);
}

TEST(Checkpoint, NeedsAnMlDsa65Key) {
  const auto key = expect(
      crypto::MlDsaPrivateKey::create(crypto::MlDsa::k87, SecretBytes::copy_of(Bytes(32, 1))));
  const std::string text = expect(sign(sample(), key));
  expect_code(verify(text, {crypto::MlDsa::k87, key.public_key()}), Code::kDataLoss,
              "bad_signature");
}

}  // namespace
}  // namespace quantumapi::audit
