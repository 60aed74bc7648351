// Names a server certificate is for.
#pragma once

#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace quantumapi::x509 {

// Name is a DNS name in lower case ("*.example.org" too) or an IP address.
struct Name {
  std::string text;
  bool is_ip = false;
  Bytes octets;  // as in subjectAltName: ASCII, or 4 or 16 octets of an address
};

// parse_name accepts one DNS name (RFC 1123 labels) or IP address.
Result<Name> parse_name(const std::string& text);

// parse_names accepts 1 to 100 DNS names (RFC 1123 labels) and IP addresses;
// duplicates are dropped.
Result<std::vector<Name>> parse_names(
    const std::vector<std::string>& names,
    std::string_view fault = "is neither a DNS name nor an IP address");

// ip_text is the text of 4 or 16 octets; empty for any other number.
std::string ip_text(ByteView octets);

// name_fault says which of a list of names is none: by itself, or by its place where it holds what
// can't be shown; "DNS name 2".
std::string name_fault(std::string_view kind, std::string_view text, std::size_t index,
                       std::string_view fault);

}  // namespace quantumapi::x509
