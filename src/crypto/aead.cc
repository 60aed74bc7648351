#include "crypto/aead.h"

#include <openssl/aead.h>
#include <openssl/err.h>

#include <algorithm>

#include "crypto/random.h"

namespace quantumapi::crypto {
namespace {

// start binds the context to `key`. The key schedule lies in the context
// itself, so that sealing and opening allocate nothing.
Status start(EVP_AEAD_CTX* context, ByteView key) {
  if (key.size() != kAeadKeySize)
    return fail(Code::kInternal, "An AES-256-GCM key must be 32 octets.");
  if (EVP_AEAD_CTX_init(context, EVP_aead_aes_256_gcm(), key.data(), key.size(), kAeadTagSize,
                        nullptr) != 1) {
    ERR_clear_error();
    return fail(Code::kInternal, "AES-256-GCM could not be set up.");
  }
  return {};
}

}  // namespace

Status aead_seal_to(ByteView key, const Nonce& nonce, ByteView plaintext, ByteView associated_data,
                    MutableBytes out) {
  if (out.size() != plaintext.size() + kAeadTagSize)
    return fail(Code::kInternal, "The room for a sealed text is not its size.");
  bssl::ScopedEVP_AEAD_CTX context;
  TRY(start(context.get(), key));
  std::size_t written = 0;
  if (EVP_AEAD_CTX_seal(context.get(), out.data(), &written, out.size(), nonce.data(), nonce.size(),
                        plaintext.data(), plaintext.size(), associated_data.data(),
                        associated_data.size()) != 1 ||
      written != out.size()) {
    ERR_clear_error();
    return fail(Code::kInternal, "AES-256-GCM could not seal.");
  }
  return {};
}

Status aead_open_to(ByteView key, const Nonce& nonce, ByteView sealed, ByteView associated_data,
                    MutableBytes out) {
  if (sealed.size() < kAeadTagSize) {
    base::wipe(out.data(), out.size());
    return fail(Code::kDataLoss, "A sealed text is shorter than its tag.");
  }
  if (out.size() != sealed.size() - kAeadTagSize)
    return fail(Code::kInternal, "The room for an opened text is not its size.");
  bssl::ScopedEVP_AEAD_CTX context;
  TRY(start(context.get(), key));
  // The tag is passed apart: EVP_AEAD_CTX_open would need 16 octets more of room than it fills.
  const ByteView ciphertext = sealed.first(out.size());
  const ByteView tag = sealed.last(kAeadTagSize);
  if (EVP_AEAD_CTX_open_gather(context.get(), out.data(), nonce.data(), nonce.size(),
                               ciphertext.data(), ciphertext.size(), tag.data(), tag.size(),
                               associated_data.data(), associated_data.size()) != 1) {
    ERR_clear_error();
    base::wipe(out.data(), out.size());
    return fail(Code::kDataLoss, "A sealed text does not verify.");
  }
  return {};
}

Result<Bytes> aead_seal(const SecretBytes& key, ByteView plaintext, ByteView associated_data) {
  Nonce nonce;
  fill_random(nonce);
  Bytes out(kAeadNonceSize + plaintext.size() + kAeadTagSize);
  std::copy(nonce.begin(), nonce.end(), out.begin());
  TRY(aead_seal_to(key.reveal(SecretAccess{}), nonce, plaintext, associated_data,
                   MutableBytes(out).subspan(kAeadNonceSize)));
  return out;
}

Result<SecretBytes> aead_open(const SecretBytes& key, ByteView sealed, ByteView associated_data) {
  if (sealed.size() < kAeadNonceSize + kAeadTagSize)
    return fail(Code::kDataLoss, "A sealed text is shorter than its nonce and tag.");
  Nonce nonce;
  std::copy_n(sealed.begin(), nonce.size(), nonce.begin());
  SecretBytes plaintext(sealed.size() - kAeadNonceSize - kAeadTagSize);
  TRY(aead_open_to(key.reveal(SecretAccess{}), nonce, sealed.subspan(kAeadNonceSize),
                   associated_data, plaintext.reveal_mutable(SecretAccess{})));
  return plaintext;
}

}  // namespace quantumapi::crypto
