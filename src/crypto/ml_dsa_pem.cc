// SubjectPublicKeyInfo of ML-DSA keys in PEM.
#include <openssl/bytestring.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/mem.h>
#include <openssl/pem.h>

#include <algorithm>
#include <optional>

#include "crypto/ml_dsa.h"
#include "crypto/ml_dsa_nid.h"

namespace quantumapi::crypto {
namespace {

constexpr std::size_t kMaxPemSize = 16 * 1024;  // ML-DSA-87 needs 3.6 KiB

std::unexpected<Error> refuse(std::string message) {
  ERR_clear_error();
  return fail(Code::kInvalidArgument, std::move(message));
}

std::optional<Bytes> marshal(const EVP_PKEY* key) {
  bssl::ScopedCBB writer;
  if (CBB_init(writer.get(), 4096) != 1 || EVP_marshal_public_key(writer.get(), key) != 1 ||
      CBB_flush(writer.get()) != 1)
    return std::nullopt;
  const std::uint8_t* data = CBB_data(writer.get());
  return Bytes(data, data + CBB_len(writer.get()));
}

// read_block gives the octets of the only PEM block in `pem`.
Result<Bytes> read_block(std::string_view pem) {
  if (pem.size() > kMaxPemSize) return refuse("The public key file is too long.");
  const bssl::UniquePtr<BIO> reader(
      BIO_new_mem_buf(pem.data(), static_cast<ossl_ssize_t>(pem.size())));
  char* name = nullptr;
  char* header = nullptr;
  std::uint8_t* data = nullptr;
  long size = 0;
  if (!reader || PEM_read_bio(reader.get(), &name, &header, &data, &size) != 1)
    return refuse("The public key is not PEM.");
  const bssl::UniquePtr<char> name_owner(name);
  const bssl::UniquePtr<char> header_owner(header);
  const bssl::UniquePtr<std::uint8_t> data_owner(data);
  if (std::string_view(name) != "PUBLIC KEY" || *header != '\0')
    return refuse("The PEM block is not a PUBLIC KEY.");
  const std::uint8_t* rest = nullptr;
  std::size_t rest_size = 0;
  if (BIO_mem_contents(reader.get(), &rest, &rest_size) != 1 ||
      as_text({rest, rest_size}).find_first_not_of(" \t\r\n") != std::string_view::npos)
    return refuse("The public key file holds something after its PEM block.");
  return Bytes(data, data + size);
}

}  // namespace

Result<std::string> ml_dsa_public_key_pem(MlDsa parameter_set, ByteView public_key) {
  if (public_key.size() != public_key_size(parameter_set))
    return refuse("The ML-DSA public key has the wrong length.");
  const bssl::UniquePtr<EVP_PKEY> key(EVP_PKEY_pqdsa_new_raw_public_key(
      nid_of(parameter_set), public_key.data(), public_key.size()));
  const bssl::UniquePtr<BIO> writer(BIO_new(BIO_s_mem()));
  const std::uint8_t* data = nullptr;
  std::size_t size = 0;
  if (!key || !writer || PEM_write_bio_PUBKEY(writer.get(), key.get()) != 1 ||
      BIO_mem_contents(writer.get(), &data, &size) != 1)
    return refuse("The ML-DSA public key could not be encoded.");
  return std::string(as_text({data, size}));
}

Result<MlDsaPublicKey> parse_ml_dsa_public_key_pem(std::string_view pem) {
  TRY_ASSIGN(const Bytes block, read_block(pem));
  CBS reader;
  CBS_init(&reader, block.data(), block.size());
  const bssl::UniquePtr<EVP_PKEY> key(EVP_parse_public_key(&reader));
  if (!key || EVP_PKEY_id(key.get()) != EVP_PKEY_PQDSA)
    return refuse("The public key is not an ML-DSA key.");
  // One key has one encoding: anything that reads alike but is written otherwise is refused.
  const std::optional<Bytes> again = marshal(key.get());
  if (!again || !std::ranges::equal(*again, block))
    return refuse("The public key is not encoded in DER as RFC 9881 asks.");
  for (MlDsa set : {MlDsa::k44, MlDsa::k65, MlDsa::k87}) {
    if (EVP_PKEY_pqdsa_get_type(key.get()) != nid_of(set)) continue;
    MlDsaPublicKey out{set, Bytes(public_key_size(set))};
    std::size_t size = out.encoded.size();
    if (EVP_PKEY_get_raw_public_key(key.get(), out.encoded.data(), &size) != 1 ||
        size != out.encoded.size())
      break;
    return out;
  }
  return refuse("The public key's parameter set is not known.");
}

}  // namespace quantumapi::crypto
