// Connection: one client from accept to close, request after request.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "http/channel.h"
#include "http/input_buffer.h"
#include "http/io_thread.h"
#include "http/reply_head.h"
#include "http/request_head.h"
#include "http/server.h"

namespace quantumapi::http {

// Connection lives on its IoThread; respond() alone may be called from
// elsewhere. Its coroutine owns it, and is suspended in one of two places:
// waiting for the socket or waiting for a reply.
class Connection final : public Exchange {
 public:
  // start makes a connection that ends by itself; on the thread of `io`.
  static void start(IoThread& io, Accepted accepted);
  Connection(IoThread& io, Accepted accepted);
  ~Connection() override;

  [[nodiscard]] const Request& request() const override { return request_; }
  void respond(Reply reply) override;

  // For IoThread, on its thread.
  void resume();                       // the reply or the next chunk of it is there
  void expire_before(SteadyTime now);  // ends a wait for the socket that took too long
  void hasten();                       // when idle, waits no longer than Shared::drain_until
  void stop();                         // ends any wait for the socket
  void check_peer();                   // ends a connection whose peer is no longer admitted
  void end_if(const std::function<bool(const x509::Peer&)>& which);

 private:
  template <typename T>
  using Task = boost::asio::awaitable<T, IoThread::Executor>;
  using Socket = boost::asio::basic_stream_socket<boost::asio::ip::tcp, IoThread::Executor>;
  enum class Stage : std::uint8_t { kHandshake, kIdle, kHead, kBody, kHandler, kWrite, kLinger };
  // Next is what follows a step. kRefuse answers refusal_; kLinger closes so
  // that the peer can still read what was sent although we did not read all of
  // its octets; kAbort resets, so that a cut answer can't pass for a whole one.
  enum class Next : std::uint8_t { kGo, kRefuse, kClose, kLinger, kAbort };

  static Task<void> run(std::unique_ptr<Connection> self);
  Task<Next> serve();
  Task<bool> handshake();
  Task<Next> serve_one();

  // Receiving: connection_receive.cc
  Task<Next> receive_head();
  Task<Next> receive_body();
  Task<Next> receive_sized();
  Task<Next> receive_chunked(std::size_t limit);
  Task<Io> receive(char* out, std::size_t size, std::size_t& got);
  Task<Io> receive_plain(char* out, std::size_t size, std::size_t& got);
  Task<Io> receive_tls(char* out, std::size_t size, std::size_t& got);
  std::optional<Next> take_head();
  Next parse(std::size_t size);
  Next refuse_with(Refusal refusal);
  Next refuse_content(std::size_t limit);
  Next cut_off();

  // Answering: connection_answer.cc
  Task<Next> refuse();
  Task<Next> answer();
  Task<Next> answer_stream();
  Task<bool> pull_chunk();
  // send gives up, as after a reset, where `held` octets of an answer are too many to keep for
  // a reader that is slow.
  Task<Next> send(std::string_view first, std::string_view second, std::size_t held = 0);
  Task<void> close(Next how);
  HeadOptions head_options();
  void check_reply();
  bool has_unread();
  Next give_up();

  void begin_exchange();
  void end_exchange();
  void hand_over();
  Task<void> wait_for(Io readiness);
  Task<std::size_t> read_some(char* out, std::size_t size);
  Task<void> completion();
  // interrupted is true when the last wait_for or read_some came to nothing.
  [[nodiscard]] bool interrupted() const { return wait_error_ || expired_ || is_ended(); }
  // is_ended is true when nothing may be answered any more.
  [[nodiscard]] bool is_ended() const { return peer_ended_ || shared_.stopping; }
  void set_stage(Stage stage, std::chrono::milliseconds limit);

  // The TLS peer: connection_peer.cc
  void handshake_failed(std::string_view reason);
  void handshake_done();
  void end_peer(std::string_view reason, std::uint8_t alert);
  void log_peer(std::string_view message, std::string_view reason, std::string_view identity);

  IoThread& io_;
  Shared& shared_;
  Socket socket_;
  Channel channel_;
  const TlsListener* const listener_;  // null: plain
  const std::string address_;
  const bool refused_;

  Stage stage_ = Stage::kIdle;
  SteadyTime deadline_;
  bool expired_ = false;
  bool peer_ended_ = false;
  boost::system::error_code wait_error_;

  InputBuffer in_;
  HeadScanner scanner_;
  bool skipped_empty_line_ = false;
  Framing framing_;
  Refusal refusal_{};
  std::string refusal_text_;      // what refusal_ views, where it is no constant
  std::size_t message_size_ = 0;  // octets of in_ that belong to the current request
  std::unique_ptr<WipingArena> arena_;
  Request request_;
  std::optional<std::pmr::string> body_;
  ContentCharge charge_{shared_.content};
  AnswerCharge unread_{shared_.content.answers()};

  std::optional<Reply> reply_;
  Result<std::optional<std::string>> chunk_;
  bool handling_ = false;   // inside Shared::handle
  bool completed_ = false;  // the reply or chunk is there
  std::move_only_function<void()> resume_;
  HeadBuffer head_;
};

}  // namespace quantumapi::http
