// Certificate revocation lists. The first octet chooses: 'd' DER as it came, or 's' the part that
// is signed, which is signed here by the issuer of the seeds.
#include <cstdlib>

#include "x509/crl.h"
#include "x509/testing/der_tree.h"
#include "x509/testing/hierarchy.h"

namespace {

using namespace quantumapi;

void require(bool holds) {
  if (!holds) std::abort();
}

// What was read can be written again, and reads the same.
void check(ByteView der, const x509::testing::Hierarchy& of) {
  const auto list = x509::parse_crl(der, of.intermediate);
  if (!list || list->next_update == list->this_update) return;
  const auto again = x509::parse_crl(
      x509::make_crl(*list, of.intermediate, of.intermediate_key).value(), of.intermediate);
  require(again.has_value() && again->number == list->number &&
          again->this_update == list->this_update && again->next_update == list->next_update &&
          again->revoked.size() == list->revoked.size());
  for (std::size_t i = 0; i < list->revoked.size(); ++i)
    require(again->revoked[i].serial == list->revoked[i].serial &&
            again->revoked[i].revoked_at == list->revoked[i].revoked_at &&
            again->revoked[i].reason == list->revoked[i].reason);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const x509::testing::Hierarchy of(x509::KeyType::kEcdsaP256);
  if (size == 0) return 0;
  const ByteView octets(data + 1, size - 1);
  if (data[0] == 'd') check(octets, of);
  if (data[0] == 's') check(x509::testing::signed_octets(octets, of.intermediate_key), of);
  return 0;
}
