// Transit's text forms: what is read writes back as it was.
#include <cstdlib>

#include "encryption/transit_text.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace quantumapi;
  const std::string_view text = as_text({data, size});
  const auto read = encryption::read_transit_text(text);
  if (read && encryption::transit_text(read->version, read->octets) != text) std::abort();
  return 0;
}
