#include "base/encoding.h"

#include <gtest/gtest.h>

#include <random>

namespace quantumapi::base {
namespace {

constexpr SecretAccess kAccess{};
constexpr Base64 kForms[] = {Base64::kStandard, Base64::kUrl};
constexpr char kStandard[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr char kUrl[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

const char* alphabet(Base64 form) { return form == Base64::kStandard ? kStandard : kUrl; }
std::string padded(std::string text, Base64 form) {
  while (form == Base64::kStandard && text.size() % 4 != 0) text += '=';
  return text;
}

// decodes tells whether both decoders take the text, and fails where they
// differ.
bool decodes(std::string_view text, Base64 form) {
  const auto fast = base64_decode(text, form);
  const auto secret = base64_decode_secret(text, form);
  EXPECT_EQ(fast.has_value(), secret.has_value()) << text;
  if (!fast || !secret) return false;
  EXPECT_EQ(as_text(*fast), secret->reveal_text(kAccess)) << text;
  return true;
}

Bytes random_bytes(std::size_t size, std::mt19937_64& random) {
  Bytes bytes(size);
  for (auto& octet : bytes) octet = static_cast<std::uint8_t>(random());
  return bytes;
}

TEST(Hex, WritesLowerCaseAndReadsBoth) {
  const Bytes bytes{0x00, 0x0f, 0xa5, 0xff};
  EXPECT_EQ(to_hex(bytes), "000fa5ff");
  EXPECT_EQ(*from_hex("000fA5Ff"), bytes);
  EXPECT_EQ(to_hex({}), "");
  EXPECT_TRUE(from_hex("")->empty());
}

TEST(Hex, RefusesOddLengthsAndOtherCharacters) {
  EXPECT_FALSE(from_hex("abc"));
  for (int c = 0; c < 256; ++c) {
    const bool digit = std::isxdigit(c) != 0;
    const char character = static_cast<char>(c);
    EXPECT_EQ(from_hex(std::string{character, '0'}).has_value(), digit) << c;
    EXPECT_EQ(from_hex(std::string{'0', character}).has_value(), digit) << c;
  }
}

TEST(Base64, FollowsTheVectorsOfRfc4648) {
  const std::pair<const char*, const char*> vectors[] = {
      {"", ""},
      {"f", "Zg=="},
      {"fo", "Zm8="},
      {"foo", "Zm9v"},
      {"foob", "Zm9vYg=="},
      {"fooba", "Zm9vYmE="},
      {"foobar", "Zm9vYmFy"},
  };
  for (const auto& [plain, text] : vectors) {
    EXPECT_EQ(base64_encode(as_bytes(plain), Base64::kStandard), text);
    EXPECT_EQ(base64_encode_secret(as_bytes(plain), Base64::kStandard).reveal_text(kAccess), text);
    EXPECT_EQ(as_text(*base64_decode(text, Base64::kStandard)), plain);
    EXPECT_EQ(base64_decode_secret(text, Base64::kStandard)->reveal_text(kAccess), plain);
  }
}

TEST(Base64, UsesEachAlphabetInOrder) {
  Bytes bytes;  // the values 0 to 63, six bits each
  for (unsigned i = 0; i < 64; i += 4) {
    const unsigned group = i << 18 | (i + 1) << 12 | (i + 2) << 6 | (i + 3);
    for (int shift = 16; shift >= 0; shift -= 8)
      bytes.push_back(static_cast<std::uint8_t>(group >> shift));
  }
  for (const Base64 form : kForms) {
    EXPECT_EQ(base64_encode(bytes, form), alphabet(form));
    EXPECT_EQ(base64_encode_secret(bytes, form).reveal_text(kAccess), alphabet(form));
    EXPECT_EQ(*base64_decode(alphabet(form), form), bytes);
  }
}

TEST(Base64, ConstantTimeFormsAgreeWithTheFastOnes) {
  std::mt19937_64 random(2);
  for (const Base64 form : kForms) {
    for (std::size_t size = 0; size < 400; ++size) {
      const Bytes bytes = random_bytes(size, random);
      const std::string text = base64_encode(bytes, form);
      ASSERT_EQ(text.size(), base64_size(size, form));
      ASSERT_EQ(base64_encode_secret(bytes, form).reveal_text(kAccess), text);
      ASSERT_EQ(*base64_decode(text, form), bytes);
      ASSERT_TRUE(decodes(text, form));
    }
  }
}

TEST(Base64, WritesExactlyItsSize) {
  for (const Base64 form : kForms) {
    for (std::size_t size = 0; size < 20; ++size) {
      std::string out(base64_size(size, form) + 1, '#');
      base64_encode_to(Bytes(size, 0xFF), form, out.data());
      EXPECT_EQ(out.back(), '#');
      EXPECT_EQ(out.find('#'), out.size() - 1);
    }
  }
}

TEST(Base64, RefusesEveryCharacterOutsideTheAlphabetAtEveryPlace) {
  for (const Base64 form : kForms) {
    for (const std::string good : {"QUJDREVG", "QUJDRA", "QUJDREU"}) {
      for (std::size_t at = 0; at + 1 < good.size(); ++at) {
        for (int c = 0; c < 256; ++c) {
          std::string text = good;
          text[at] = static_cast<char>(c);
          const bool known = c != 0 && std::string_view(alphabet(form)).contains(text[at]);
          EXPECT_EQ(decodes(padded(text, form), form), known) << at << ' ' << c;
        }
      }
    }
  }
}

TEST(Base64, RefusesUnusedBitsThatAreNotZero) {
  for (const Base64 form : kForms) {
    for (unsigned value = 0; value < 64; ++value) {
      const std::string last(1, alphabet(form)[value]);
      EXPECT_EQ(decodes(padded("QUJDQ" + last, form), form), value % 16 == 0) << value;
      EXPECT_EQ(decodes(padded("QUJDQU" + last, form), form), value % 4 == 0) << value;
      EXPECT_TRUE(decodes("QUJDQUJ" + last, form));
    }
  }
}

TEST(Base64, RefusesWrongPadding) {
  for (const char* text : {"Zg", "Zg=", "Zg===", "Zm8", "Zm8==", "Zm9v=", "Zm9v==", "Zm9v====", "=",
                           "==", "====", "Z===", "Z", "Zm9vZ", "Zm9vZ===", "=Zg=", "Z=g=", "Zg=A"})
    EXPECT_FALSE(decodes(text, Base64::kStandard)) << text;
  for (const char* text : {"Zg==", "Zg=", "Zm8=", "Zm9v=", "=", "Z", "Zm9vZ", "A==="})
    EXPECT_FALSE(decodes(text, Base64::kUrl)) << text;
}

TEST(Base64, RefusesWhiteSpaceAndTheOtherAlphabet) {
  for (const char* text : {"Zm9v\n", "Zm 9v===", " Zm9", "Zm9v\r\n\r\n", "-_-_", "Zm9\t"})
    EXPECT_FALSE(decodes(text, Base64::kStandard)) << text;
  for (const char* text : {"+/+/", "Zm9v\n", "Zm9v ZmE"})
    EXPECT_FALSE(decodes(text, Base64::kUrl)) << text;
  const auto refused = base64_decode("Zm9v\n", Base64::kUrl);
  EXPECT_EQ(refused.error().code, Code::kInvalidArgument);
}

TEST(Base64, DecodersAgreeOnRandomTexts) {
  std::mt19937_64 random(3);
  std::size_t accepted = 0;
  for (int i = 0; i < 20'000; ++i) {
    std::string text(random() % 12, 'A');
    for (char& c : text) c = "ABQgwx0189+/-_=="[random() % (random() % 4 == 0 ? 16 : 10)];
    for (const Base64 form : kForms) accepted += decodes(text, form) ? 1 : 0;
  }
  EXPECT_GT(accepted, 1000U);
}

TEST(Base62, WritesTheNumberModuloItsPlaces) {
  EXPECT_EQ(base62_encode({}, 3), "000");
  EXPECT_EQ(base62_encode(Bytes{61}, 2), "0z");
  EXPECT_EQ(base62_encode(Bytes{62}, 2), "10");
  EXPECT_EQ(base62_encode(Bytes{9, 10}, 3), "0bK");
  EXPECT_EQ(base62_encode(Bytes{0xFF, 0xFF}, 2), "31");
  EXPECT_EQ(base62_encode(Bytes{0xFF, 0xFF}, 3), "H31");
  EXPECT_EQ(base62_encode(Bytes(32, 0), 43), std::string(43, '0'));
}

TEST(Base62, KeepsEveryBitOfASecretInFortyThreeDigits) {
  std::mt19937_64 random(4);
  const auto value_of = [](char c) {
    if (c <= '9') return c - '0';
    return c <= 'Z' ? c - 'A' + 10 : c - 'a' + 36;
  };
  for (int i = 0; i < 200; ++i) {
    const Bytes bytes = random_bytes(32, random);
    Bytes back(32, 0);  // Horner's rule, octet by octet
    for (const char c : base62_encode(bytes, 43)) {
      unsigned carry = static_cast<unsigned>(value_of(c));
      for (std::size_t k = back.size(); k-- > 0;) {
        carry += back[k] * 62U;
        back[k] = static_cast<std::uint8_t>(carry);
        carry >>= 8;
      }
      ASSERT_EQ(carry, 0U);
    }
    ASSERT_EQ(back, bytes);
  }
}

// reference_utf8 encodes any number up to 21 bits, well-formed or not.
std::string reference_utf8(std::uint32_t c) {
  const auto tail = [&](int shift) { return static_cast<char>(0x80 | (c >> shift & 0x3F)); };
  if (c < 0x80) return {static_cast<char>(c)};
  if (c < 0x800) return {static_cast<char>(0xC0 | c >> 6), tail(0)};
  if (c < 0x10000) return {static_cast<char>(0xE0 | c >> 12), tail(6), tail(0)};
  return {static_cast<char>(0xF0 | c >> 18), tail(12), tail(6), tail(0)};
}

TEST(Utf8, TakesEveryCodePointButSurrogates) {
  for (std::uint32_t c = 0; c < 0x110400; ++c) {
    const bool valid = c < 0x110000 && (c < 0xD800 || c > 0xDFFF);
    ASSERT_EQ(is_utf8(reference_utf8(c)), valid) << c;
  }
}

TEST(Utf8, RefusesEveryTruncationAndStrayOctet) {
  for (const std::uint32_t c : {0xE9U, 0x20ACU, 0x1F511U, 0x10FFFFU}) {
    const std::string whole = reference_utf8(c);
    for (std::size_t size = 1; size < whole.size(); ++size) {
      EXPECT_FALSE(is_utf8(whole.substr(0, size)));
      EXPECT_FALSE(is_utf8(whole.substr(0, size) + "tail of ASCII"));
      EXPECT_FALSE(is_utf8(whole.substr(size)));
    }
    EXPECT_TRUE(is_utf8("12345678" + whole + "12345678901"));
  }
}

TEST(Utf8, FindsControlCharactersOfBothRanges) {
  for (std::uint32_t c = 0; c < 0x200; ++c) {
    const bool control = c < 0x20 || (c >= 0x7F && c < 0xA0);
    EXPECT_EQ(has_control("n\u00e4me" + reference_utf8(c) + "\u0122"), control) << c;
  }
}

TEST(Utf8, RefusesOverlongForms) {
  using namespace std::string_view_literals;
  for (const auto text :
       {"\xC0\x80"sv, "\xC1\xBF"sv, "\xE0\x80\x80"sv, "\xE0\x9F\xBF"sv, "\xF0\x80\x80\x80"sv,
        "\xF0\x8F\xBF\xBF"sv, "\xF8\x88\x80\x80\x80"sv, "\xFE"sv, "\xFF"sv})
    EXPECT_FALSE(is_utf8(text));
}

TEST(Crc32, MatchesTheCheckValueOfTheStandard) {
  EXPECT_EQ(crc32(as_bytes("123456789")), 0xCBF43926U);
  EXPECT_EQ(crc32({}), 0U);
  EXPECT_EQ(crc32(as_bytes("a")), 0xE8B7BE43U);
}

TEST(Crc32, ChangesWithEveryBit) {
  Bytes bytes(64, 0x33);
  const std::uint32_t good = crc32(bytes);
  for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    bytes[bit / 8] = static_cast<std::uint8_t>(bytes[bit / 8] ^ 1U << (bit % 8));
    EXPECT_NE(crc32(bytes), good);
    bytes[bit / 8] = static_cast<std::uint8_t>(bytes[bit / 8] ^ 1U << (bit % 8));
  }
}

TEST(Utf8, CountsCharactersAndFindsControls) {
  EXPECT_EQ(count_characters(""), 0U);
  EXPECT_EQ(count_characters("a\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80"), 4U);
  for (const char* control : {"a\x01", "\x1F", "\x7F", "\xC2\x80", "x\xC2\x9F"})
    EXPECT_TRUE(has_control(control));
  EXPECT_TRUE(has_control(std::string_view("a\0b", 3)));
  for (const char* plain : {"", "a b", "\xC2\xA0", "\xC3\x80"}) EXPECT_FALSE(has_control(plain));
}

}  // namespace
}  // namespace quantumapi::base
