// OpenSslPair: mutual TLS between two sessions of the system's OpenSSL, as a rival.
#pragma once

#include <dlfcn.h>
#include <unistd.h>

#include <cstdlib>
#include <memory>
#include <optional>
#include <string>

namespace quantumapi::bench {

struct PemFiles {
  std::string root;
  std::string server_chain;
  std::string server_key;
  std::string client_chain;
  std::string client_key;
};

// OpenSslPair opens the library beside ours and looks every name up in it alone; its
// headers would not go with ours in one program.
class OpenSslPair {
 public:
  // create is nullopt where the library is older than 3.5, which has no ML-DSA.
  static std::optional<OpenSslPair> create(const PemFiles& pem) {
    void* library = ::dlopen("libssl.so.3", RTLD_NOW | RTLD_LOCAL);
    void* version = library == nullptr ? nullptr : ::dlsym(library, "OpenSSL_version_num");
    if (version == nullptr || reinterpret_cast<unsigned long (*)()>(version)() < 0x30500000UL)
      return std::nullopt;
    OpenSslPair pair(library);
    pair.server_ = pair.context(pem.root, pem.server_chain, pem.server_key);
    pair.client_ = pair.context(pem.root, pem.client_chain, pem.client_key);
    return pair;
  }

  void shake_hands() const {
    void* server = call<void*>("SSL_new", server_);
    void* client = call<void*>("SSL_new", client_);
    call<void>("SSL_set_accept_state", server);
    call<void>("SSL_set_connect_state", client);
    void* of_server = nullptr;
    void* of_client = nullptr;
    must(call<int>("BIO_new_bio_pair", &of_server, kMemory, &of_client, kMemory) == 1);
    call<void>("SSL_set_bio", server, of_server, of_server);
    call<void>("SSL_set_bio", client, of_client, of_client);
    bool done = false;
    while (!done) {
      const bool by_client = step(client);
      done = step(server) && by_client;
    }
    call<void>("SSL_free", client);
    call<void>("SSL_free", server);
  }

 private:
  // Values of OpenSSL's headers, where a function is a macro.
  static constexpr int kSetGroupsList = 92;
  static constexpr int kSetMinVersion = 123;
  static constexpr long kTls13 = 0x0304;
  static constexpr int kPem = 1;
  static constexpr int kDemandPeer = 3;
  static constexpr int kWantRead = 2;
  static constexpr std::size_t kMemory = 64 * 1024;

  explicit OpenSslPair(void* library) : library_(library) {}

  static void must(bool holds) {
    if (!holds) std::abort();
  }
  template <typename R, typename... A>
  R call(const char* name, A... arguments) const {
    void* function = ::dlsym(library_, name);
    must(function != nullptr);
    return reinterpret_cast<R (*)(A...)>(function)(arguments...);
  }
  // step gives true once the handshake is done on this side.
  bool step(void* ssl) const {
    const int result = call<int>("SSL_do_handshake", ssl);
    must(result == 1 || call<int>("SSL_get_error", ssl, result) == kWantRead);
    return result == 1;
  }
  [[nodiscard]] void* context(const std::string& root, const std::string& chain,
                              const std::string& key) const {
    void* made = call<void*>("SSL_CTX_new", call<void*>("TLS_method"));
    must(call<long>("SSL_CTX_ctrl", made, kSetMinVersion, kTls13, static_cast<void*>(nullptr)) ==
             1 &&
         call<long>("SSL_CTX_ctrl", made, kSetGroupsList, 0L,
                    static_cast<const void*>("X25519MLKEM768")) == 1);
    with_file(chain, [&](const char* path) {
      must(call<int>("SSL_CTX_use_certificate_chain_file", made, path) == 1);
    });
    with_file(key, [&](const char* path) {
      must(call<int>("SSL_CTX_use_PrivateKey_file", made, path, kPem) == 1);
    });
    with_file(root, [&](const char* path) {
      must(call<int>("SSL_CTX_load_verify_locations", made, path,
                     static_cast<const char*>(nullptr)) == 1);
    });
    call<void>("SSL_CTX_set_verify", made, kDemandPeer, static_cast<void*>(nullptr));
    call<int>("SSL_CTX_set_num_tickets", made, std::size_t{0});
    return made;
  }
  template <typename Use>
  static void with_file(const std::string& text, Use use) {
    char path[] = "/tmp/mtls_bench_XXXXXX";
    const int file = ::mkstemp(path);
    must(file >= 0 && ::write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size()));
    use(path);
    ::close(file);
    ::unlink(path);
  }

  void* library_;
  void* server_ = nullptr;
  void* client_ = nullptr;
};

}  // namespace quantumapi::bench
