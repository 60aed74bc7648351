// Channel: an accepted or connected socket, plain or TLS, that never blocks.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

struct ssl_st;

namespace quantumapi::http {

struct SslFree {
  void operator()(ssl_st* ssl) const noexcept;
};
using SslPtr = std::unique_ptr<ssl_st, SslFree>;

// Io is how far an attempt came.
enum class Io : std::uint8_t {
  kDone,
  kWantRead,   // again when the socket is readable
  kWantWrite,  // again when it is writable
  kEnd,        // the peer ended the stream properly
  kFailed,     // reset, broken TLS, or closed without close_notify
};

struct Outcome {
  Io io = Io::kFailed;
  std::size_t size = 0;  // octets moved, with kDone
};

// Channel borrows the socket and owns the TLS state. Each call makes what
// progress it can at once. One thread at a time.
class Channel {
 public:
  // `socket` is non-blocking; `ssl` is null for plain TCP, else fresh: client or
  // server state is set by the caller.
  Channel(int socket, SslPtr ssl);

  [[nodiscard]] bool is_tls() const { return ssl_ != nullptr; }
  [[nodiscard]] ssl_st* ssl() const { return ssl_.get(); }

  // handshake is to be repeated until kDone or kFailed; plain channels are done.
  Outcome handshake();
  Outcome read(char* out, std::size_t size);
  // write sends from `first`, then `second`, and gives how many octets of both went.
  Outcome write(std::string_view first, std::string_view second = {});
  // write_all repeats write, removing from the views what went, until all did (kDone).
  Io write_all(std::string_view& first, std::string_view& second);
  // may_hold_input is true when read may give data though the socket has none.
  [[nodiscard]] bool may_hold_input() const;
  // finish says that nothing more will be sent: close_notify, then FIN.
  void finish();
  // abort says why in a TLS alert, as far as the socket takes it at once, and ends both
  // directions: reads and writes fail from now on.
  void abort(std::uint8_t alert);

 private:
  Outcome from_ssl(int result);

  int socket_;
  SslPtr ssl_;
  bool usable_ = true;    // false after a TLS error: no close_notify then
  bool writable_ = true;  // false once the socket takes no more; an alert may still be read
};

}  // namespace quantumapi::http
