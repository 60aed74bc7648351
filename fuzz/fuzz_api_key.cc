// API keys as presented: what parses has one row id and no close neighbour that parses.
#include <cstdlib>
#include <string>

#include "access/api_key.h"

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace quantumapi;
  const std::string text(as_text({data, size}));
  const auto parsed = access::parse_api_key(text);
  if (!parsed) return 0;
  require(text.size() == access::kApiKeySize && parsed->all == text);
  require(parsed->id == std::string_view(text).substr(5, access::kApiKeyIdSize));
  const ApiKeyId id = access::api_key_id(parsed->id);
  require(id.uuid.octets[6] >> 4 == 8 && id.uuid.octets[8] >> 6 == 2);
  // CRC-32 finds every change of one character.
  for (std::size_t i = 0; i < text.size(); ++i) {
    std::string changed = text;
    changed[i] = changed[i] == 'a' ? 'b' : 'a';
    require(!access::parse_api_key(changed));
  }
  return 0;
}
