// Client::Impl: requests with the key, answers bound to the structs of client/wire.h.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/json.h"
#include "base/secret_bytes.h"
#include "client/address.h"
#include "client/error.h"
#include "http/client.h"
#include "quantumapi/client.h"

namespace quantumapi::sdk {

struct Client::Impl {
  // Answer is a 2xx and the arena that its values live in.
  struct Answer {
    http::ClientResponse response;
    WipingArena arena;
    [[nodiscard]] std::string_view body() const {
      return {response.body.data(), response.body.size()};
    }
  };
  using AnswerPointer = std::unique_ptr<Answer>;
  using Headers = std::vector<std::pair<std::string, std::string>>;

  // call sends one request to `path` (with its query; kApi before it for all
  // but /health and /version). A GET that got no answer is sent once more;
  // nothing else ever is.
  Result<AnswerPointer> call(http::Method method, std::string_view path, std::string_view body = {},
                             Headers headers = {});

  // get and send bind the answer to T; views in T live as long as `answer`.
  template <typename T>
  Result<T> get(std::string_view path, AnswerPointer& answer) {
    TRY_ASSIGN(answer, call(http::Method::kGet, path));
    return bind<T>(*answer);
  }
  template <typename T, typename Body>
  Result<T> send(http::Method method, std::string_view path, const Body& body,
                 AnswerPointer& answer, Headers headers = {}) {
    WipingArena arena;
    std::pmr::string text(&arena);
    json::Writer writer(text);
    json::encode(writer, body);
    TRY_ASSIGN(answer, call(method, path, text, std::move(headers)));
    return bind<T>(*answer);
  }

  template <typename T>
  static Result<T> bind(Answer& answer) {
    auto bound = json::decode<T>(answer.body(), answer.arena);
    if (bound) return *std::move(bound);
    return fail(Kind::kProtocol, "unexpected_answer",
                "the platform's answer can't be understood: " + bound.error().message);
  }

  Result<std::string> id_of_secret(std::string_view id_or_name);
  Result<http::ClientResponse> once(const http::ClientRequest& request);
  http::ClientRequest request(http::Method method, std::string_view path, Headers headers) const;

  std::unique_ptr<http::Client> http;
  std::string prefix;
  SecretString key;
};

// wipe_headers overwrites the copy of the key that travelled with a request.
void wipe_headers(http::ClientRequest& request);

// is_uuid is true for the 36-character form.
bool is_uuid(std::string_view text);

}  // namespace quantumapi::sdk
