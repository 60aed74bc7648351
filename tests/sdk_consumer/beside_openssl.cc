// A program that uses the system's OpenSSL for itself, before, beside and after the SDK.
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <quantumapi/client.h>
#include <quantumapi/encryption_service.h>

#include <iostream>
#include <string>
#include <thread>

namespace sdk = quantumapi::sdk;

// sha3 is OpenSSL's, to hold the SDK's against.
std::string sha3(std::string_view text) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  EVP_Digest(text.data(), text.size(), digest, &size, EVP_sha3_256(), nullptr);
  std::string hex;
  for (unsigned i = 0; i < size; ++i) {
    constexpr char kDigits[] = "0123456789abcdef";
    hex += kDigits[digest[i] >> 4];
    hex += kDigits[digest[i] & 15];
  }
  return hex;
}

// begins_handshake lets OpenSSL write a ClientHello into memory.
bool begins_handshake() {
  SSL_CTX* context = SSL_CTX_new(TLS_client_method());
  SSL* ssl = SSL_new(context);
  BIO* in = BIO_new(BIO_s_mem());
  BIO* out = BIO_new(BIO_s_mem());
  SSL_set_bio(ssl, in, out);
  SSL_set_connect_state(ssl);
  const int result = SSL_do_handshake(ssl);
  const bool waits = SSL_get_error(ssl, result) == SSL_ERROR_WANT_READ && BIO_pending(out) > 100;
  SSL_free(ssl);
  SSL_CTX_free(context);
  return waits;
}

int main() {
  const std::string version = OpenSSL_version(OPENSSL_VERSION);
  if (!version.starts_with("OpenSSL ")) return std::cerr << "not OpenSSL: " << version << '\n', 1;
  if (!begins_handshake()) return std::cerr << "OpenSSL begins no handshake\n", 1;
  auto options = sdk::Options::from_environment();
  auto client = options
                    ? sdk::Client::create(std::move(*options))
                    : sdk::Result<std::unique_ptr<sdk::Client>>(std::unexpected(options.error()));
  if (!client) return std::cerr << client.error().message << '\n', 2;
  bool ok = true;
  std::jthread other([&] {
    for (int i = 0; i < 200; ++i) ok = ok && begins_handshake();
  });
  for (int i = 0; i < 20; ++i) {
    const auto health = (*client)->health();
    if (!health) return std::cerr << health.error().message << '\n', 1;
  }
  other.join();
  if (!ok) return std::cerr << "OpenSSL failed beside the SDK\n", 1;
  const auto hash = sdk::plain_search_hash(" Ada@Example.org ");
  if (!hash || *hash != sha3("ada@example.org")) return std::cerr << "hashes differ\n", 1;
  if (!begins_handshake()) return std::cerr << "OpenSSL failed after the SDK\n", 1;
  std::cout << version << " and the SDK, side by side\n";
}
