#include "crypto/aead.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "crypto/test_vectors.h"

namespace quantumapi::crypto {
namespace {

struct Case {
  testing::Vectors vectors{"aead.txt"};
  Bytes key = vectors.bytes("key");
  Bytes plaintext = vectors.bytes("plaintext");
  Bytes associated = vectors.bytes("associated_data");
  Bytes sealed = vectors.bytes("sealed");
  Nonce nonce = [this] {
    Nonce out{};
    std::ranges::copy(vectors.bytes("nonce"), out.begin());
    return out;
  }();

  // opens is the outcome of opening with one part exchanged.
  [[nodiscard]] Status opens(const Bytes& with_key, const Nonce& with_nonce, const Bytes& text,
                             const Bytes& data) const {
    Bytes out(text.size() < kAeadTagSize ? 0 : text.size() - kAeadTagSize, 0xee);
    const Status done = aead_open_to(with_key, with_nonce, text, data, out);
    if (done) {
      EXPECT_EQ(out, plaintext);
    } else {
      EXPECT_EQ(done.error().code, Code::kDataLoss);
      EXPECT_EQ(out, Bytes(out.size(), 0));
    }
    return done;
  }
};

TEST(Aead, SealsToTheOctetsOfAnIndependentImplementation) {
  const Case c;
  Bytes out(c.plaintext.size() + kAeadTagSize);
  ASSERT_TRUE(aead_seal_to(c.key, c.nonce, c.plaintext, c.associated, out));
  EXPECT_EQ(out, c.sealed);
  Bytes empty(kAeadTagSize);
  ASSERT_TRUE(aead_seal_to(c.key, c.nonce, {}, {}, empty));
  EXPECT_EQ(empty, c.vectors.bytes("sealed_empty"));
}

TEST(Aead, OpensTheOctetsOfAnIndependentImplementation) {
  const Case c;
  EXPECT_TRUE(c.opens(c.key, c.nonce, c.sealed, c.associated));
}

TEST(Aead, RefusesEachChangeOfOneOctetAnywhere) {
  const Case c;
  for (std::size_t i = 0; i < c.sealed.size(); ++i) {
    for (int flip : {1, 0x80, 0xff}) {
      Bytes changed = c.sealed;
      changed[i] = static_cast<std::uint8_t>(changed[i] ^ flip);
      EXPECT_FALSE(c.opens(c.key, c.nonce, changed, c.associated)) << i;
    }
  }
  for (std::size_t i = 0; i < c.associated.size(); ++i) {
    Bytes changed = c.associated;
    changed[i] ^= 1;
    EXPECT_FALSE(c.opens(c.key, c.nonce, c.sealed, changed)) << i;
  }
  for (std::size_t i = 0; i < c.nonce.size(); ++i) {
    Nonce changed = c.nonce;
    changed[i] ^= 1;
    EXPECT_FALSE(c.opens(c.key, changed, c.sealed, c.associated)) << i;
  }
  for (std::size_t i = 0; i < c.key.size(); ++i) {
    Bytes changed = c.key;
    changed[i] ^= 1;
    EXPECT_FALSE(c.opens(changed, c.nonce, c.sealed, c.associated)) << i;
  }
}

TEST(Aead, RefusesEveryTruncationAndAnExtension) {
  const Case c;
  for (std::size_t size = 0; size < c.sealed.size(); ++size)
    EXPECT_FALSE(
        c.opens(c.key, c.nonce,
                Bytes(c.sealed.begin(), c.sealed.begin() + static_cast<std::ptrdiff_t>(size)),
                c.associated))
        << size;
  Bytes longer = c.sealed;
  longer.push_back(0);
  EXPECT_FALSE(c.opens(c.key, c.nonce, longer, c.associated));
  EXPECT_FALSE(c.opens(c.key, c.nonce, c.sealed, {}));
}

TEST(Aead, RefusesKeysAndRoomOfTheWrongSize) {
  const Case c;
  Bytes out(c.sealed.size());
  EXPECT_EQ(aead_seal_to(Bytes(16), c.nonce, c.plaintext, {}, out).error().code, Code::kInternal);
  EXPECT_EQ(aead_seal_to(Bytes(33), c.nonce, c.plaintext, {}, out).error().code, Code::kInternal);
  EXPECT_FALSE(aead_seal_to(c.key, c.nonce, c.plaintext, {}, MutableBytes(out).first(1)));
  EXPECT_FALSE(aead_open_to(c.key, c.nonce, c.sealed, c.associated, out));
}

TEST(Aead, SealsUnderAFreshNonceEachTimeAndOpensAgain) {
  const SecretBytes key = SecretBytes::copy_of(Bytes(32, 9));
  const Bytes one = aead_seal(key, as_bytes("value"), as_bytes("row")).value();
  const Bytes two = aead_seal(key, as_bytes("value"), as_bytes("row")).value();
  EXPECT_EQ(one.size(), kAeadNonceSize + 5 + kAeadTagSize);
  EXPECT_FALSE(std::equal(one.begin(), one.begin() + kAeadNonceSize, two.begin()));
  EXPECT_EQ(aead_open(key, one, as_bytes("row")).value().reveal_text(SecretAccess{}), "value");

  EXPECT_EQ(aead_open(key, one, as_bytes("rov")).error().code, Code::kDataLoss);
  EXPECT_EQ(aead_open(key, ByteView(one).first(27), as_bytes("row")).error().code, Code::kDataLoss);
  EXPECT_EQ(aead_open(key, {}, as_bytes("row")).error().code, Code::kDataLoss);
}

}  // namespace
}  // namespace quantumapi::crypto
