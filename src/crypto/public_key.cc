#include "crypto/public_key.h"

#include <fmt/format.h>
#include <openssl/bytestring.h>

#include <algorithm>
#include <array>

#include "base/encoding.h"
#include "crypto/require.h"

namespace quantumapi::crypto {
namespace {

using base::Base64;

// Form is how keys of an algorithm are written. `identifier` is the DER of the
// AlgorithmIdentifier; what follows is a BIT STRING of the raw key.
struct Form {
  std::string_view algorithm;
  std::size_t size;
  std::string_view identifier;
};

using namespace std::string_view_literals;

// 2.16.840.1.101.3.4.4.{1,2,3} ML-KEM, 2.16.840.1.101.3.4.3.{17,18,19} ML-DSA.
constexpr auto kForms = std::to_array<Form>({
    {"ML-KEM-512", 800, "\x30\x0b\x06\x09\x60\x86\x48\x01\x65\x03\x04\x04\x01"sv},
    {"ML-KEM-768", 1184, "\x30\x0b\x06\x09\x60\x86\x48\x01\x65\x03\x04\x04\x02"sv},
    {"ML-KEM-1024", 1568, "\x30\x0b\x06\x09\x60\x86\x48\x01\x65\x03\x04\x04\x03"sv},
    {"ML-DSA-44", 1312, "\x30\x0b\x06\x09\x60\x86\x48\x01\x65\x03\x04\x03\x11"sv},
    {"ML-DSA-65", 1952, "\x30\x0b\x06\x09\x60\x86\x48\x01\x65\x03\x04\x03\x12"sv},
    {"ML-DSA-87", 2592, "\x30\x0b\x06\x09\x60\x86\x48\x01\x65\x03\x04\x03\x13"sv},
    {"ECDSA-P256", 65,
     "\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07"sv},
    {"Ed25519", 32, "\x30\x05\x06\x03\x2b\x65\x70"sv},
});

Result<Form> form_of(std::string_view algorithm, std::size_t size) {
  const auto found = std::ranges::find(kForms, algorithm, &Form::algorithm);
  if (found == kForms.end() || found->size != size)
    return fail(Code::kInvalidArgument, "The octets are no public key of the algorithm.");
  return *found;
}

std::string url(ByteView octets) { return base::base64_encode(octets, Base64::kUrl); }

}  // namespace

Result<Bytes> public_key_der(std::string_view algorithm, ByteView public_key) {
  TRY_ASSIGN(const Form form, form_of(algorithm, public_key.size()));
  bssl::ScopedCBB writer;
  CBB sequence;
  CBB bits;
  const ByteView identifier = as_bytes(form.identifier);
  require(CBB_init(writer.get(), public_key.size() + 64) == 1 &&
              CBB_add_asn1(writer.get(), &sequence, CBS_ASN1_SEQUENCE) == 1 &&
              CBB_add_bytes(&sequence, identifier.data(), identifier.size()) == 1 &&
              CBB_add_asn1(&sequence, &bits, CBS_ASN1_BITSTRING) == 1 &&
              CBB_add_u8(&bits, 0) == 1 &&
              CBB_add_bytes(&bits, public_key.data(), public_key.size()) == 1 &&
              CBB_flush(writer.get()) == 1,
          "a public key could not be encoded");
  const std::uint8_t* data = CBB_data(writer.get());
  return Bytes(data, data + CBB_len(writer.get()));
}

Result<Bytes> public_key_of_der(std::string_view algorithm, ByteView der) {
  const auto form = std::ranges::find(kForms, algorithm, &Form::algorithm);
  if (form == kForms.end() || der.size() < form->size)
    return fail(Code::kInvalidArgument, "The octets are no public key of the algorithm.");
  const ByteView raw = der.last(form->size);
  // One key has one encoding.
  TRY_ASSIGN(const Bytes again, public_key_der(algorithm, raw));
  if (!std::ranges::equal(again, der))
    return fail(Code::kInvalidArgument, "The octets are no public key of the algorithm.");
  return Bytes(raw.begin(), raw.end());
}

std::string public_key_pem(ByteView der) {
  constexpr std::size_t kLine = 64;  // RFC 7468 section 2
  const std::string text = base::base64_encode(der, Base64::kStandard);
  std::string pem = "-----BEGIN PUBLIC KEY-----\n";
  for (std::size_t at = 0; at < text.size(); at += kLine) pem += text.substr(at, kLine) + '\n';
  return pem + "-----END PUBLIC KEY-----\n";
}

Result<std::string> public_key_jwk(std::string_view algorithm, ByteView public_key,
                                   std::string_view kid) {
  TRY_ASSIGN(const Form form, form_of(algorithm, public_key.size()));
  if (form.algorithm == "Ed25519")
    return fmt::format(R"({{"kty":"OKP","crv":"Ed25519","alg":"Ed25519","kid":"{}","x":"{}"}})",
                       kid, url(public_key));
  if (form.algorithm == "ECDSA-P256")
    return fmt::format(R"({{"kty":"EC","crv":"P-256","alg":"ES256","kid":"{}","x":"{}","y":"{}"}})",
                       kid, url(public_key.subspan(1, 32)), url(public_key.subspan(33)));
  return fmt::format(R"({{"kty":"AKP","alg":"{}","kid":"{}","pub":"{}"}})", form.algorithm, kid,
                     url(public_key));
}

}  // namespace quantumapi::crypto
