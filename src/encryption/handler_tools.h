// What the handlers of this room share.
#pragma once

#include "base/encoding.h"
#include "encryption/payload.h"
#include "encryption/service.h"
#include "http/route.h"

namespace quantumapi::encryption {

// check_thread passes a request on to the pool (kWouldBlock) whose body has more
// than `limit` octets: it takes longer than an I/O thread may be held, so there it
// is not even parsed.
inline constexpr std::size_t kPureBody = 64 * 1024;
Status check_thread(const http::Call& call, std::size_t limit = kPureBody);

// encoding_of reads the member encoding: utf8 (also where absent) or base64.
Result<Encoding> encoding_of(std::optional<std::string_view> name);

// kept copies a text that ends with the handler into the arena, for the events that outlive it.
std::string_view kept(const http::Call& call, std::string_view text);

// concern_key lets a refusal say which key was asked for.
void concern_key(http::Call& call, std::optional<KeyId> key);
void concern_key(http::Call& call, const std::optional<EncryptionService::Claim>& claim);

// in_arena gives text that lives as long as the request: base64 of octets behind
// `prefix`, or a secret text as it is.
json::PlainText in_arena(http::Call& call, ByteView octets, base::Base64 form,
                         std::string_view prefix = {});
std::string_view in_arena(http::Call& call, const SecretBytes& text);

// event_of is the audit event of a use of a key version.
AuditEvent event_of(const http::Call& call, KeyId key, std::uint32_t version,
                    std::string_view algorithm);

}  // namespace quantumapi::encryption
