// InternalAddress: a URL of the cluster taken apart, or refused.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "http/client.h"
#include "quantumapi/result.h"
#include "x509/spiffe.h"

namespace quantumapi::sdk {

// kOctets is the type of content that says none (RFC 9110 section 8.3).
constexpr std::string_view kOctets = "application/octet-stream";

struct InternalAddress {
  http::Url origin;        // https, without a path
  std::string target;      // path and query as a request line has them
  std::string name;        // of the service: the host's first label
  std::string name_space;  // its second
};

// check_suffix: Kind::kInvalid unless it is a dot and a name of at least two labels, so that no
// suffix takes in a whole top-level domain.
Result<void> check_suffix(std::string_view suffix);

// internal_host is a host alone as addresses have it, in lower case. Kind::kInvalid unless it is
// NAME.NAMESPACE and one of the suffixes: no URL that is taken has it then.
Result<std::string> internal_host(std::string_view host, const std::vector<std::string>& suffixes);

// parse_internal reads an absolute URL. Kind::kInvalid with code "external_url" unless it is https
// and its host is NAME.NAMESPACE and one of the suffixes.
Result<InternalAddress> parse_internal(std::string_view url,
                                       const std::vector<std::string>& suffixes);

}  // namespace quantumapi::sdk
