#include "base/json_request.h"

#include <algorithm>

namespace quantumapi::base::json {
namespace {

// Shorter names are words of their own one letter apart: "name" and "same".
constexpr std::size_t kShortest = 5;

struct Synonym {
  std::string_view said;
  std::string_view meant;
};
// Words for what a ciphertext is bound to: a route knows one of them, and none of the others.
constexpr std::string_view kBound[] = {
    "aad",     "additionalauthenticateddata", "additionaldata",    "associateddata",
    "context", "authenticateddata",           "encryptioncontext",
};
constexpr Synonym kSynonyms[] = {
    {"bits", "keybytes"},
    {"keybits", "keybytes"},
    {"keylength", "keybytes"},
    {"keysize", "keybytes"},
    {"numberofbytes", "keybytes"},
    {"key", "keyid"},
    {"keyname", "keyid"},
    {"address", "addresses"},
    {"cidr", "addresses"},
    {"cidrs", "addresses"},
    {"allowedaddresses", "addresses"},
    {"ipallowlist", "addresses"},
    {"resources", "bindings"},
    {"resourcebindings", "bindings"},
    {"secrets", "bindings"},
    {"keys", "bindings"},
    {"identities", "bindings"},
    {"groups", "bindings"},
    {"lifetime", "ttl"},
    {"validity", "ttl"},
    {"notafter", "ttl"},
    {"expiresat", "ttl"},
    {"expires", "ttl"},
    {"dnsnames", "csr"},
    {"expires", "expiresat"},
    {"expiry", "expiresat"},
    {"expiration", "expiresat"},
    {"ttl", "expiresat"},
    {"ratelimitperminute", "ratelimit"},
};

// one_apart: one letter put in, left out, changed, or exchanged with its neighbour.
bool one_apart(std::string_view a, std::string_view b) {
  if (a.size() > b.size()) std::swap(a, b);
  if (b.size() - a.size() > 1 || b.size() < kShortest) return false;
  std::size_t same = 0;
  while (same < a.size() && a[same] == b[same]) ++same;
  const std::string_view rest = a.substr(same);
  if (a.size() < b.size()) return rest == b.substr(same + 1);
  if (rest.empty()) return false;
  if (rest.substr(1) == b.substr(same + 1)) return true;
  return rest.size() > 1 && rest[0] == b[same + 1] && rest[1] == b[same] &&
         rest.substr(2) == b.substr(same + 2);
}

bool means(std::string_view said, std::string_view known) {
  if (one_apart(said, known)) return true;
  const auto bound = [](std::string_view name) {
    return std::ranges::find(kBound, name) != std::end(kBound);
  };
  if (bound(said) && bound(known)) return true;
  return std::ranges::any_of(
      kSynonyms, [&](const Synonym& each) { return each.said == said && each.meant == known; });
}

// Answers name their key by both, and clients send back what they were answered.
bool stands_beside(const Value& object, const Member& member, std::string_view known) {
  return member.folded == "keyname" && known == "keyid" && object.find("keyid") != nullptr;
}

}  // namespace

Status check_names(const Value& object, const std::string& path, std::span<const std::string> known,
                   std::span<const std::string> names) {
  for (const Member& member : object.members) {
    if (std::ranges::find(known, member.folded) != known.end()) continue;
    for (std::size_t i = 0; i < known.size(); ++i)
      if (means(member.folded, known[i]) && !stands_beside(object, member, known[i]))
        return fail_field(detail::join(path, detail::excerpt(member.name)),
                          "is not known here; use " + names[i]);
  }
  return {};
}

}  // namespace quantumapi::base::json
