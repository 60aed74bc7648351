// Certificate requests. The first octet chooses: 'p' as it came, or 's' the part that is signed,
// which is signed here by the key of the seeds, so that mutations reach what stands behind the
// proof of possession.
#include <algorithm>
#include <cstdlib>

#include "x509/testing/der_tree.h"
#include "x509/testing/hierarchy.h"

namespace {

using namespace quantumapi;

void require(bool holds) {
  if (!holds) std::abort();
}

// What was accepted gets a certificate that passes lint, or its names are refused for good reason.
void check(std::string_view text) {
  static const x509::testing::Hierarchy of(x509::KeyType::kMlDsa65);
  const auto request = x509::parse_request(text);
  if (!request) return;
  const x509::SubjectNames& names = request->names;
  require(!names.common_name.empty() || !names.dns_names.empty() || !names.uris.empty() ||
          !names.addresses.empty());
  require(names.uris.size() <= 1);
  for (const char c : names.common_name) require(static_cast<unsigned char>(c) >= ' ');
  for (const std::string& name : names.dns_names)
    require(std::ranges::none_of(name, [](char c) { return c >= 'A' && c <= 'Z'; }));
  if (names.common_name == "Test issuer") return;  // the issuer's own name is refused
  const auto tbs = x509::prepare_leaf(*request, {}, of.intermediate, of.leaf_life);
  require(tbs.has_value() && x509::lint(tbs->der, x509::Profile::kLeaf).has_value());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const ByteView octets(data + 1, size - 1);
  if (data[0] == 'p') check(as_text(octets));
  if (data[0] == 's') {
    static const auto key = x509::testing::make_key(x509::KeyType::kEcdsaP256, 3);
    check(as_text(x509::testing::signed_octets(octets, key)));
  }
  return 0;
}
