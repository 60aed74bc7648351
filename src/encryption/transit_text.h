// The text forms of transit: "vault:v{n}:" + base64.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace quantumapi::encryption {

std::string transit_text(std::uint32_t version, ByteView octets);

struct TransitText {
  std::uint32_t version;
  Bytes octets;
};
// read_transit_text gives nothing for what is not exactly that form.
std::optional<TransitText> read_transit_text(std::string_view text);

}  // namespace quantumapi::encryption
