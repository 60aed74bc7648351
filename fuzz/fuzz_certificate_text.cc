// What callers write of certificates: lifetimes, SPIFFE ids, names. What is read has one meaning,
// and its own text reads back as the same.
#include <cstdlib>
#include <string>

#include "base/bytes.h"
#include "ca/lifetime.h"
#include "x509/names.h"
#include "x509/spiffe.h"

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace quantumapi;
  const std::string text(as_text({data, size}));
  if (const auto lifetime = ca::parse_lifetime("ttl", text)) {
    require(lifetime->count() > 0);
    require(ca::parse_lifetime("ttl", ca::lifetime_text(*lifetime)) == *lifetime);
  }
  if (const auto id = x509::SpiffeId::parse(text)) {
    require(id->uri() == text);
    require(text.find_first_of("?#%@") == std::string::npos);
    require(!id->trust_domain.empty() && id->path.starts_with('/'));
  }
  if (const auto name = x509::parse_name(text)) {
    const auto again = x509::parse_name(name->text);
    require(again && again->text == name->text && again->is_ip == name->is_ip);
    require(again->octets == name->octets);
    require(!name->is_ip || x509::ip_text(name->octets) == name->text);
  }
  return 0;
}
