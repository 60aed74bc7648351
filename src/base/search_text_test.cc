#include "base/search_text.h"

#include <gtest/gtest.h>

#include <string>

#include "base/encoding.h"

namespace quantumapi::base {
namespace {

std::string searched(std::string_view text) {
  const auto result = search_text(text);
  return result ? std::string(result->reveal_text(SecretAccess{})) : "refused";
}

TEST(SearchText, TrimsAndLowersAnAddress) {
  EXPECT_EQ(searched(" \tAda.Lovelace@Example.ORG\r\n"), "ada.lovelace@example.org");
  EXPECT_EQ(searched("ada lovelace"), "ada lovelace");
  EXPECT_EQ(searched(""), "");
  EXPECT_EQ(searched(" \n "), "");
}

TEST(SearchText, TrimsEveryWhiteSpaceOfUnicodeAtBothEndsOnly) {
  for (const char* space :
       {"\t",     "\n",     "\v",     "\f",     "\r",     " ",      "\u0085", "\u00A0", "\u1680",
        "\u2000", "\u2001", "\u2002", "\u2003", "\u2004", "\u2005", "\u2006", "\u2007", "\u2008",
        "\u2009", "\u200A", "\u2028", "\u2029", "\u202F", "\u205F", "\u3000"}) {
    const std::string inside = std::string("a") + space + "b";
    EXPECT_EQ(searched(space + inside + space + space), inside) << to_hex(as_bytes(space));
  }
}

TEST(SearchText, KeepsWhatOnlyLooksLikeWhiteSpace) {
  // Zero-width space, joiners and no-break space, Mongolian vowel separator, and
  // the information separators, which .NET does not count as white space.
  for (const std::string text : {"\u200Ba\u200B", "\u200Ca\u200D", "\uFEFFa\uFEFF", "\u180Ea\u180E",
                                 "\x1F-\x1C", "\u2060a\u2060", "\u2800a\u2800"})
    EXPECT_EQ(searched(text), text) << to_hex(as_bytes(text));
}

// The answers of .NET 8 to "…".ToLowerInvariant().
TEST(SearchText, LowersAsDotNetDoes) {
  const std::pair<const char*, const char*> words[] = {
      {"\u0130STANBUL", "\u0130stanbul"},      // İ stays; full lower case would be i and U+0307
      {"D\u0131YARBAKIR", "d\u0131yarbakir"},  // ı stays, I is i and never ı
      {"STRA\u1E9EE", "stra\u00DFe"},          // ẞ
      {"stra\u00DFe", "stra\u00DFe"},          // ß does not become ss
      {"\u039F\u0394\u039F\u03A3", "\u03BF\u03B4\u03BF\u03C3"},  // a final Σ is σ, not ς
      {"\u03BF\u03B4\u03BF\u03C2", "\u03BF\u03B4\u03BF\u03C2"},  // ς stays
      {"\u01C5", "\u01C6"},                                      // title case
      {"\u212A\u2126\u212B", "k\u03C9\u00E5"},                   // Kelvin, Ohm, Ångström
      {"\u00C5", "\u00E5"},
      {"A\u030A", "a\u030A"},        // not composed
      {"\uFF21", "\uFF41"},          // full width stays so
      {"\u2160", "\u2170"},          // Roman numeral one
      {"\u24B6", "\u24D0"},          // circled A
      {"\U00010400", "\U00010428"},  // beyond the first plane
      {"\U0001E900", "\U0001E922"},
      {"\u10A0", "\u2D00"},  // Georgian
      {"\u13A0", "\uAB70"},  // Cherokee
      {"\u1C90", "\u10D0"},
      {"\u017F", "\u017F"},  // long s is lower case already
      {"\u65E5\u672C", "\u65E5\u672C"},
  };
  for (const auto& [word, lowered] : words) EXPECT_EQ(searched(word), lowered) << word;
}

TEST(SearchText, HoldsTextsThatGrow) {
  std::string word;
  std::string lowered;
  for (int i = 0; i < 1000; ++i) {
    word += "\u023A";  // two octets, whose lower case takes three
    lowered += "\u2C65";
  }
  EXPECT_EQ(searched(word), lowered);
}

TEST(SearchText, RefusesWhatIsNotUtf8) {
  for (const std::string text : {"\xFF", "a\x80", "\xC3", "\xED\xA0\x80", "\xC0\xA0", "a\xE2\x80"})
    EXPECT_EQ(searched(text), "refused") << to_hex(as_bytes(text));
}

TEST(SearchText, MapsAsTheOneTextWhatDiffersInCaseAndMargins) {
  EXPECT_EQ(searched("\u3000ADA@EXAMPLE.ORG\u00A0"), searched("ada@example.org"));
  EXPECT_NE(searched("ada@example.org"), searched("\u0430da@example.org"));  // Cyrillic а
  EXPECT_NE(searched("\u00E9"), searched("e\u0301"));
}

}  // namespace
}  // namespace quantumapi::base
