// quantumapi::sdk::Result and Error: how every call of the SDK answers.
#pragma once

#include <chrono>
#include <expected>
#include <string>
#include <vector>

namespace quantumapi::sdk {

// Kind is what a program decides by; `Error::code` is the platform's own word, or, where status is
// 0 and no field of a batch failed alone, one of the SDK's:
//   invalid_request, invalid_options     what was given can't be sent, or used; `fields` names it
//                                        where it is one of several
//   invalid_url, invalid_environment, invalid_suffix, no_peers, no_handler, external_url,
//   ca_file_unreadable                   so can't these
//   not_found                            no list of the platform has that name
//   timeout, cancelled                   the call's time is over; its stop token was used
//   connect_failed, connection_closed    nobody answers there; the connection ended too soon
//   tls_failed, tls_peer_*, tls_alert_*  the handshake failed, why the peer, why we were refused
//   no_certificate, listen_failed        the service has none yet; it can't listen there
//   no_thread                            the process may have no more
//   unexpected_answer, unusable_certificate, unusable_revocation_list, old_revocation_list
//                                        what came is refused
// A field of a batch that the platform refused alone has the platform's code (decryption_failed,
// validation_error, not_found), status 0 for the whole was answered with 200, and no `fields`: its
// place says which it is.
enum class Kind {
  kInvalid,       // 400, 422: the request is wrong
  kUnauthorized,  // 401: no or wrong credentials
  kForbidden,     // 403: not allowed
  kNotFound,      // 404
  kConflict,      // 409
  kRateLimited,   // 429
  kUnavailable,   // no answer, 408 or 503: may pass by itself
  kServer,        // any other 5xx
  kProtocol,      // an answer that can't be understood
  kCancelled,     // the caller's stop token ended the call
};

// Error says why there is no value.
struct Error {
  Kind kind = Kind::kProtocol;
  int status = 0;                       // HTTP status, 0 when no answer came, or of a batch's field
  std::string code;                     // "secret_name_conflict"
  std::string message;                  // one sentence
  std::string request_id;               // to find it in the platform's log
  std::vector<std::string> fields;      // "name: is required"
  std::chrono::seconds retry_after{0};  // the platform's wish, 0 when it has none
};

// Result is a value or an Error.
template <typename T>
using Result = std::expected<T, Error>;

}  // namespace quantumapi::sdk
