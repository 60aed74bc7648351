// Configuration files: every option has a place, and a name or a fault; every fault a place.
#include <cstdlib>

#include "base/bytes.h"
#include "server/config_file.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace quantumapi;
  const auto options = server::parse_config_text(as_text({data, size}), "file");
  if (!options) {
    if (!options.error().message.starts_with("file")) std::abort();
    return 0;
  }
  for (const server::FileOption& option : *options)
    if ((option.name.empty() && option.fault.empty()) || !option.where.starts_with("file:"))
      std::abort();
  return 0;
}
