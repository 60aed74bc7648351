// The text that searchable hashes are of, so that "Ada@Example.org " finds what
// was stored as "ada@example.org".
#pragma once

#include <string_view>

#include "base/result.h"
#include "base/secret_bytes.h"

namespace quantumapi::base {

// search_text drops Unicode white space from both ends of `text` and maps each
// code point to its simple lower case, as .NET's Trim() and ToLowerInvariant()
// do: İ (U+0130) stays, a final sigma is like any other, nothing is normalised,
// and zero-width characters are no white space. The result is UTF-8, longer than
// `text` by at most half. kInvalidArgument where `text` is not well-formed UTF-8.
Result<SecretBytes> search_text(std::string_view text);

}  // namespace quantumapi::base
