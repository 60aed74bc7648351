// Transport: requests with the key, tried again where that is safe, answers bound to the structs
// of client/wire.h.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json_request.h"
#include "base/secret_bytes.h"
#include "client/address.h"
#include "client/deadline.h"
#include "client/error.h"
#include "http/client.h"
#include "quantumapi/call.h"
#include "quantumapi/options.h"

namespace quantumapi::sdk {

// Effect is whether a request may change something on the platform. One without is tried again
// when no connection came about, the answer was cut, or after 408, 429 and 503; one that may only
// without a connection or after 429, when nothing was done.
enum class Effect : std::uint8_t { kNone, kSome };

// Request is one call as the namespaces make it; `path` with its query.
struct Request {
  http::Method method = http::Method::kGet;
  std::string path;
  std::string_view body{};
  Effect effect = Effect::kSome;
  std::vector<std::pair<std::string, std::string>> headers{};
};

// Transport is safe from any thread.
class Transport {
 public:
  // Answer is a 2xx and the arena that its values live in.
  struct Answer {
    http::ClientResponse response;
    WipingArena arena;
    [[nodiscard]] std::string_view body() const {
      return {response.body.data(), response.body.size()};
    }
  };
  using AnswerPointer = std::unique_ptr<Answer>;

  static Result<std::unique_ptr<Transport>> create(Options options);

  // timeout is of a call that names none.
  [[nodiscard]] std::chrono::milliseconds timeout() const { return timeout_; }
  // deadline is for a call that takes several requests.
  [[nodiscard]] Deadline deadline(const Call& call) const { return {call, timeout_}; }

  // send gives a 2xx answer, or the error that the last try ended with.
  Result<AnswerPointer> send(Request request, const Call& call);
  // stream hands the content of a 2xx to `chunk` piece by piece, in one try.
  Result<http::ClientResponse> stream(const Request& request, const Call& call,
                                      const std::function<base::Status(std::string_view)>& chunk);

  // get and ask bind the answer to T, ask with `body` as JSON; views in T live as long as `answer`.
  template <typename T>
  Result<T> get(std::string path, const Call& call, AnswerPointer& answer) {
    TRY_ASSIGN(answer, send({.path = std::move(path), .effect = Effect::kNone}, call));
    return bind<T>(*answer);
  }
  template <typename T, typename Body>
  Result<T> ask(Request request, const Body& body, const Call& call, AnswerPointer& answer) {
    WipingArena arena;
    std::pmr::string text(&arena);
    json::Writer writer(text);
    if (const auto made = json::encode_request(writer, body); !made)
      return std::unexpected(error_of(made.error()));
    request.body = text;
    TRY_ASSIGN(answer, send(std::move(request), call));
    return bind<T>(*answer);
  }
  template <typename T>
  static Result<T> bind(Answer& answer) {
    auto bound = json::decode<T>(answer.body(), answer.arena);
    if (bound) return *std::move(bound);
    return fail(Kind::kProtocol, "unexpected_answer",
                "the platform's answer can't be understood: " + bound.error().message);
  }

 private:
  Transport() = default;
  http::ClientRequest prepare(const Request& request, const Call& call) const;
  Result<http::ClientResponse> once(const http::ClientRequest& request);

  std::unique_ptr<http::Client> http_;
  std::string prefix_;
  SecretString key_;
  std::chrono::milliseconds timeout_{0};
  int max_retries_ = 0;
};

// is_uuid is true for the 36-character form.
bool is_uuid(std::string_view text);

}  // namespace quantumapi::sdk
