// Errors as RFC 9457 problem details: the one place where Code becomes a status.
#pragma once

#include <string_view>

#include "base/result.h"
#include "http/message.h"

namespace quantumapi::http {

// status_of maps a Code to its HTTP status.
int status_of(Code code);

// reason_of is the wire code of an error: its own, else the default of its Code
// ("validation_error", "unauthenticated", "insufficient_scope", "not_found",
// "method_not_allowed", "conflict", "gone", "payload_too_large",
// "rate_limit_exceeded", "internal_error", "service_unavailable").
std::string_view reason_of(const Error& error);

// problem makes the reply: application/problem+json with type (a URN fixed per
// code), title, status, detail, instance (urn:uuid of the request), and the
// members that published clients read: error (the code), message (= detail),
// details.errors (field -> [messages]), of a quota details.resetsAt. Retry-After where stated, in
// whole seconds. kInternal and kDataLoss say only that something failed and the request id; their
// message belongs in the log.
Reply problem(const Request& request, const Error& error);

// protocol_problem is problem for what no Code names: errors of HTTP itself
// (408, 413, 414, 417, 431, 501, 505), found before any handler.
Reply protocol_problem(const Request& request, int status, std::string_view reason,
                       std::string_view detail);

}  // namespace quantumapi::http
