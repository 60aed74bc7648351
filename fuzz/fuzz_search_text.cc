// Text that is hashed to be found by: UTF-8 again, trimmed, and no further changed by a second
// time.
#include <cstdlib>

#include "base/encoding.h"
#include "base/search_text.h"

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace quantumapi;
  const std::string_view text = as_text({data, size});
  const auto once = base::search_text(text);
  require(once.has_value() == base::is_utf8(text));
  if (!once) return 0;
  require(once->size() <= size + size / 2);
  const std::string_view lowered = once->reveal_text(SecretAccess{});
  require(base::is_utf8(lowered));
  const auto twice = base::search_text(lowered);
  require(twice && twice->reveal_text(SecretAccess{}) == lowered);
  return 0;
}
