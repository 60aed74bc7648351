// ClientConnection: one connection to an origin, with every wait under a deadline.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "http/channel.h"
#include "http/client.h"
#include "http/input_buffer.h"
#include "http/listen.h"
#include "http/response_head.h"

struct ssl_ctx_st;

namespace quantumapi::http {

class ClientConnection {
 public:
  // Chunk is given the content of an answer piece by piece.
  using Chunk = std::function<Status(std::string_view)>;

  // open resolves and connects to `place` and, for https, shakes hands with `host` and verifies.
  // With `context` null it is plain. kUnavailable when the deadline passes or `cancel` stops it
  // first.
  static Result<std::unique_ptr<ClientConnection>> open(const Url& place, const std::string& host,
                                                        ssl_ctx_st* context, SteadyTime deadline,
                                                        std::stop_token cancel, Reach reach);

  // write sends a whole request.
  Status write(std::string_view head, std::string_view body, SteadyTime deadline);
  // read_head reads the head of the final answer, passing over 1xx.
  Result<ResponseHead> read_head(SteadyTime deadline);
  // read_body reads the content as `head` frames it; kTooLarge past `limit`.
  Status read_body(const ResponseHead& head, std::size_t limit, const Chunk& chunk,
                   SteadyTime deadline);

  // is_quiet is false when the server closed or said something unasked, as it
  // does before closing an idle connection.
  [[nodiscard]] bool is_quiet() const;
  // answered is true once an octet of an answer arrived.
  [[nodiscard]] bool answered() const { return answered_; }
  // begin_request says that all waits from now on end with `cancel`.
  void begin_request(std::stop_token cancel) {
    answered_ = false;
    cancel_ = std::move(cancel);
  }
  [[nodiscard]] const TlsFacts& facts() const { return facts_; }
  // context is what its handshake began with; null when plain.
  [[nodiscard]] const ssl_ctx_st* context() const;
  // cut ends both directions, from any thread while the connection lives; whoever waits for
  // the socket wakes up.
  void cut();

 private:
  ClientConnection(Descriptor socket, SslPtr ssl);
  Status shake_hands(SteadyTime deadline);
  Status wait(Io readiness, SteadyTime deadline);
  std::unexpected<Error> lost();
  // fill receives more octets; false at the end of the stream.
  Result<bool> fill(SteadyTime deadline);
  Status read_sized(std::uint64_t size, const Chunk& chunk, SteadyTime deadline);
  Status read_chunked(std::size_t limit, const Chunk& chunk, SteadyTime deadline);
  Status read_to_end(std::size_t limit, const Chunk& chunk, SteadyTime deadline);

  Descriptor socket_;
  Channel channel_;
  InputBuffer in_;
  TlsFacts facts_;
  std::stop_token cancel_;
  bool answered_ = false;
};

}  // namespace quantumapi::http
