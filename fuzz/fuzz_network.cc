// Address ranges of API keys: what parses writes itself, and holds itself.
#include <cstdlib>
#include <string>

#include "access/network.h"
#include "base/bytes.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace quantumapi;
  const std::string_view text = as_text({data, size});
  const auto network = access::Network::parse(text);
  if (const auto address = access::parse_address(text); address && network)
    if (!network->contains(*address)) std::abort();
  if (!network) return 0;
  const std::string written = network->to_string();
  const auto again = access::Network::parse(written);
  if (!again || again->to_string() != written) std::abort();
  if (!again->contains(*network) || !network->contains(*again)) std::abort();
  return 0;
}
