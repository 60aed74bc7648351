// The object identifiers that are written and read here, as DER has their content.
#pragma once

#include <string_view>

namespace quantumapi::x509::oid {

using namespace std::string_view_literals;

inline constexpr auto kCommonName = "\x55\x04\x03"sv;
inline constexpr auto kExtensionRequest = "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x0e"sv;  // RFC 2985

inline constexpr auto kSubjectKeyIdentifier = "\x55\x1d\x0e"sv;
inline constexpr auto kKeyUsage = "\x55\x1d\x0f"sv;
inline constexpr auto kSubjectAltName = "\x55\x1d\x11"sv;
inline constexpr auto kBasicConstraints = "\x55\x1d\x13"sv;
inline constexpr auto kCrlNumber = "\x55\x1d\x14"sv;
inline constexpr auto kReasonCode = "\x55\x1d\x15"sv;
inline constexpr auto kInvalidityDate = "\x55\x1d\x18"sv;
inline constexpr auto kCrlDistributionPoints = "\x55\x1d\x1f"sv;
inline constexpr auto kAuthorityKeyIdentifier = "\x55\x1d\x23"sv;
inline constexpr auto kExtendedKeyUsage = "\x55\x1d\x25"sv;

inline constexpr auto kServerAuth = "\x2b\x06\x01\x05\x05\x07\x03\x01"sv;
inline constexpr auto kClientAuth = "\x2b\x06\x01\x05\x05\x07\x03\x02"sv;

}  // namespace quantumapi::x509::oid
