#include "encryption/shared_sealer.h"

#include "base/encoding.h"
#include "crypto/random.h"
#include "encryption/payload_seal.h"

namespace quantumapi::encryption {

using base::Base64;

Result<SharedSealer> SharedSealer::create(const keyring::EncryptionVersion& version) {
  const crypto::MlKem kem = version.kem.parameter_set();
  SharedSealer sealer(version.tenant);
  Bytes prefix(kHeaderSize + crypto::ciphertext_size(kem));
  const MutableBytes encapsulated = MutableBytes(prefix).subspan(kHeaderSize);
  Wiped shared;
  TRY(version.kem.encapsulate_to(encapsulated, shared.octets));
  sealer.prk_ = keyring::derive_prk(version, shared.octets);
  sealer.encapsulated_digest_ = crypto::sha256(encapsulated);
  crypto::fill_random(sealer.nonce_);
  for (const Encoding encoding : {Encoding::kUtf8, Encoding::kBase64}) {
    write_header({shared_algorithm_of(kem), encoding, version.key, version.version}, prefix.data());
    const ByteView whole = ByteView(prefix).first(prefix.size() / 3 * 3);
    sealer.prefixes_[static_cast<std::size_t>(encoding)] = {
        prefix, base::base64_encode(whole, Base64::kUrl)};
  }
  return sealer;
}

std::size_t SharedSealer::text_size(std::size_t plaintext_size) const {
  return kTextPrefix.size() +
         base::base64_size(prefixes_[0].octets.size() + kTailSize + plaintext_size, Base64::kUrl);
}

void SharedSealer::next_nonce(MutableBytes out) {
  std::uint8_t* const counter = nonce_.data() + 8;
  keyring::store(keyring::load<std::uint32_t>(counter) + 1, counter);
  std::ranges::copy(nonce_, out.begin());
}

// seal_tail fills `out` with nonce, ciphertext and tag.
Status SharedSealer::seal_tail(ByteView header, ByteView plaintext, ByteView additional_data,
                               MutableBytes out) {
  const MutableBytes nonce = out.first(crypto::kAeadNonceSize);
  next_nonce(nonce);
  const Wiped key = field_key(prk_, header, encapsulated_digest_, nonce);
  return crypto::aead_seal_to(key.octets, nonce_of(nonce), plaintext,
                              AssociatedData(header, tenant_, additional_data).octets(),
                              out.subspan(nonce.size()));
}

Status SharedSealer::seal_text_to(Encoding encoding, ByteView plaintext, ByteView additional_data,
                                  char* out) {
  const Prefix& prefix = prefixes_[static_cast<std::size_t>(encoding)];
  // What does not fill a group of three is encoded anew with each field.
  const ByteView rest = ByteView(prefix.octets).subspan(prefix.octets.size() / 3 * 3);
  Scratch scratch(rest.size() + kTailSize + plaintext.size());
  const MutableBytes octets = scratch.octets();
  std::ranges::copy(rest, octets.begin());
  TRY(seal_tail(ByteView(prefix.octets).first(kHeaderSize), plaintext, additional_data,
                octets.subspan(rest.size())));
  out += kTextPrefix.copy(out, kTextPrefix.size());
  out += prefix.text.copy(out, prefix.text.size());
  base::base64_encode_to(octets, Base64::kUrl, out);
  return {};
}

Status SharedSealer::seal(Encoding encoding, ByteView plaintext, ByteView additional_data,
                          Bytes& out) {
  const Bytes& prefix = prefixes_[static_cast<std::size_t>(encoding)].octets;
  const std::size_t before = out.size();
  base::append(out, prefix);
  out.resize(out.size() + kTailSize + plaintext.size());
  const Status sealed = seal_tail(ByteView(prefix).first(kHeaderSize), plaintext, additional_data,
                                  MutableBytes(out).subspan(before + prefix.size()));
  if (!sealed) out.resize(before);
  return sealed;
}

}  // namespace quantumapi::encryption
