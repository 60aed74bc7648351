#include "keyring/object.h"

#include "crypto/aead.h"
#include "crypto/hash.h"
#include "crypto/random.h"
#include "keyring/octets.h"

namespace quantumapi::keyring {
namespace {

constexpr std::uint8_t kFormat = 1;
constexpr std::size_t kHeadSize = 1 + 16 + 4;

std::size_t overhead(const EncryptionVersion& version) {
  return kHeadSize + crypto::ciphertext_size(version.kem.parameter_set()) + crypto::kAeadNonceSize +
         crypto::kAeadTagSize;
}

// Length-prefixed kind, tenant, object and version.
Bytes encode(const ObjectContext& context) {
  Bytes out;
  put_field(out, context.kind);
  put_field(out, context.tenant.bytes());
  put_field(out, context.object.bytes());
  put_number(out, std::uint32_t{4});
  put_number(out, context.version);
  return out;
}

SecretBytes object_key(const EncryptionVersion& version, const ObjectContext& context,
                       ByteView encapsulated, ByteView shared_secret) {
  const SecretBytes prk = derive_prk(version, shared_secret);
  return crypto::hkdf_expand(prk.reveal(SecretAccess{}),
                             {encode(context), crypto::sha256(encapsulated)}, crypto::kAeadKeySize);
}

}  // namespace

SecretBytes derive_prk(const EncryptionVersion& version, ByteView shared_secret) {
  return crypto::hkdf_extract(version.secret.reveal(SecretAccess{}), shared_secret);
}

Result<Bytes> seal_object(const EncryptionVersion& version, const ObjectContext& context,
                          ByteView plaintext) {
  const std::size_t kem_size = crypto::ciphertext_size(version.kem.parameter_set());
  Bytes out(overhead(version) + plaintext.size());
  const MutableBytes whole(out);
  out[0] = kFormat;
  std::copy_n(version.key.bytes().begin(), 16, out.begin() + 1);
  store(version.version, out.data() + 17);
  const MutableBytes encapsulated = whole.subspan(kHeadSize, kem_size);
  SecretBytes shared(crypto::kSharedSecretSize);
  TRY(version.kem.encapsulate_to(encapsulated, shared.reveal_mutable(SecretAccess{})));
  crypto::Nonce nonce;
  crypto::fill_random(nonce);
  const std::size_t nonce_at = kHeadSize + kem_size;
  std::ranges::copy(nonce, whole.subspan(nonce_at).begin());
  const SecretBytes key = object_key(version, context, encapsulated, shared.reveal(SecretAccess{}));
  TRY(crypto::aead_seal_to(key.reveal(SecretAccess{}), nonce, plaintext, whole.first(kHeadSize),
                           whole.subspan(nonce_at + nonce.size())));
  return out;
}

Result<ObjectHeader> read_object_header(ByteView sealed) {
  if (sealed.size() < kHeadSize || sealed[0] != kFormat)
    return fail(Code::kDataLoss, "a sealed object is cut or of an unknown format");
  TRY_ASSIGN(const KeyId key, KeyId::from_bytes(sealed.subspan(1, 16)));
  return ObjectHeader{key, load<std::uint32_t>(sealed.data() + 17)};
}

Result<SecretBytes> open_object(const EncryptionVersion& version, const ObjectContext& context,
                                ByteView sealed) {
  TRY_ASSIGN(const ObjectHeader header, read_object_header(sealed));
  if (header.key != version.key || header.version != version.version)
    return fail(Code::kDataLoss, "a sealed object names another key version");
  if (sealed.size() < overhead(version)) return fail(Code::kDataLoss, "a sealed object is cut");
  const std::size_t kem_size = crypto::ciphertext_size(version.kem.parameter_set());
  const ByteView encapsulated = sealed.subspan(kHeadSize, kem_size);
  SecretBytes shared(crypto::kSharedSecretSize);
  TRY(version.kem.decapsulate_to(encapsulated, shared.reveal_mutable(SecretAccess{})));
  const SecretBytes key = object_key(version, context, encapsulated, shared.reveal(SecretAccess{}));
  const ByteView body = sealed.subspan(kHeadSize + kem_size);
  crypto::Nonce nonce;
  std::copy_n(body.begin(), nonce.size(), nonce.begin());
  SecretBytes plaintext(sealed.size() - overhead(version));
  if (!crypto::aead_open_to(key.reveal(SecretAccess{}), nonce, body.subspan(nonce.size()),
                            sealed.first(kHeadSize), plaintext.reveal_mutable(SecretAccess{})))
    return fail(Code::kDataLoss, "a sealed object does not verify for its place");
  return plaintext;
}

}  // namespace quantumapi::keyring
