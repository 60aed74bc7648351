#include "crypto/public_key.h"

#include <fmt/format.h>
#include <openssl/bytestring.h>

#include <algorithm>

#include "base/encoding.h"
#include "crypto/algorithm_identifier.h"
#include "crypto/require.h"

namespace quantumapi::crypto {
namespace {

using base::Base64;

std::unexpected<Error> no_public_key() {
  return fail(Code::kInvalidArgument, "The octets are no public key of the algorithm.");
}

std::string url(ByteView octets) { return base::base64_encode(octets, Base64::kUrl); }

}  // namespace

Result<Bytes> public_key_der(std::string_view algorithm, ByteView public_key) {
  const AlgorithmIdentifier* form = identifier_of(algorithm);
  if (form == nullptr || form->public_key_size != public_key.size()) return no_public_key();
  bssl::ScopedCBB writer;
  CBB sequence;
  CBB bits;
  const ByteView identifier = as_bytes(form->der);
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
  const AlgorithmIdentifier* form = identifier_of(algorithm);
  if (form == nullptr || der.size() < form->public_key_size) return no_public_key();
  const ByteView raw = der.last(form->public_key_size);
  // One key has one encoding.
  TRY_ASSIGN(const Bytes again, public_key_der(algorithm, raw));
  if (!std::ranges::equal(again, der)) return no_public_key();
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
  const AlgorithmIdentifier* form = identifier_of(algorithm);
  if (form == nullptr || form->public_key_size != public_key.size()) return no_public_key();
  if (form->algorithm == "Ed25519")
    return fmt::format(R"({{"kty":"OKP","crv":"Ed25519","alg":"Ed25519","kid":"{}","x":"{}"}})",
                       kid, url(public_key));
  if (form->algorithm == "ECDSA-P256")
    return fmt::format(R"({{"kty":"EC","crv":"P-256","alg":"ES256","kid":"{}","x":"{}","y":"{}"}})",
                       kid, url(public_key.subspan(1, 32)), url(public_key.subspan(33)));
  return fmt::format(R"({{"kty":"AKP","alg":"{}","kid":"{}","pub":"{}"}})", form->algorithm, kid,
                     url(public_key));
}

}  // namespace quantumapi::crypto
