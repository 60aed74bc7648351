// TestPlatform: a server in this process that answers as a test says, for the tests of the SDK.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/log.h"
#include "base/metrics.h"
#include "http/server.h"
#include "quantumapi/client.h"

namespace quantumapi::sdk {

// Received is one request as it came.
struct Received {
  std::string line;  // "GET /api/v1/secrets?page=1"
  std::string body;
  std::map<std::string, std::string> headers;  // names in lower case
};

class TestPlatform {
 public:
  using Answer = std::function<http::Reply(const Received&)>;

  // TestPlatform answers once `together` requests are there, all of them, and so on.
  explicit TestPlatform(Answer answer, std::size_t together = 1, std::uint16_t port = 0)
      : answer_(std::move(answer)), together_(together) {
    http::Server::Options options;
    options.listen.push_back({.host = "127.0.0.1", .port = port, .tls = nullptr});
    auto started = http::Server::start(
        std::move(options), [this](http::Exchange& exchange) { handle(exchange); },
        [](const http::Request&) {
          return http::Server::ContentRule{std::size_t{4} * 1024 * 1024, true};
        },
        [](std::function<void()> work) { work(); }, log_, metrics_);
    if (!started) throw std::runtime_error(started.error().message);
    server_ = *std::move(started);
  }

  ~TestPlatform() { answer_waiting(); }
  TestPlatform(const TestPlatform&) = delete;
  TestPlatform& operator=(const TestPlatform&) = delete;

  [[nodiscard]] std::string url() const {
    return "http://127.0.0.1:" + std::to_string(server_->ports().at(0));
  }
  std::unique_ptr<Client> client(
      std::string_view key = "qapi_test", int max_retries = 3,
      std::chrono::milliseconds timeout = std::chrono::seconds(10)) const {
    Options options;
    options.url = url();
    options.api_key = SecretString(key);
    options.timeout = timeout;
    options.max_retries = max_retries;
    auto made = Client::create(std::move(options));
    if (!made) throw std::runtime_error(made.error().message);
    return *std::move(made);
  }
  // answer_waiting_at answers what came as the `place`th of those that wait, counted from 0, once
  // it is there.
  void answer_waiting_at(std::size_t place) {
    std::unique_lock lock(mutex_);
    while (waiting_.size() <= place) {
      lock.unlock();
      std::this_thread::yield();
      lock.lock();
    }
    const auto [exchange, said] = waiting_[place];
    waiting_.erase(waiting_.begin() + static_cast<std::ptrdiff_t>(place));
    lock.unlock();
    exchange->respond(answer_(said));
  }
  // wait_for_waiting waits until `count` requests wait to be answered.
  void wait_for_waiting(std::size_t count) {
    while (true) {
      {
        const std::scoped_lock lock(mutex_);
        if (waiting_.size() >= count) return;
      }
      std::this_thread::yield();
    }
  }
  std::vector<Received> received() {
    const std::scoped_lock lock(mutex_);
    return received_;
  }
  std::vector<std::string> lines() {
    std::vector<std::string> all;
    for (const Received& one : received()) all.push_back(one.line);
    return all;
  }

  static http::Reply json(std::string_view body, int status = 200) {
    return http::Reply::text(body, "application/json", status);
  }

 private:
  void handle(http::Exchange& exchange) {
    const http::Request& request = exchange.request();
    Received one;
    one.line = std::string(http::to_string(request.method)) + " " + std::string(request.path);
    if (!request.query.empty()) one.line += "?" + std::string(request.query);
    one.body = request.body;
    for (const auto& header : request.headers) {
      std::string name(header.name);
      for (char& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
      one.headers[name] = header.value;
    }
    {
      const std::scoped_lock lock(mutex_);
      received_.push_back(one);
      waiting_.emplace_back(&exchange, std::move(one));
      if (waiting_.size() < together_) return;
    }
    answer_waiting();
  }
  void answer_waiting() {
    std::unique_lock lock(mutex_);
    const auto waiting = std::exchange(waiting_, {});
    lock.unlock();
    for (const auto& [exchange, said] : waiting) exchange->respond(answer_(said));
  }

  Answer answer_;
  std::size_t together_;
  Logger log_{2, base::LogLevel::kError};
  Metrics metrics_;
  std::mutex mutex_;  // guards what follows
  std::vector<Received> received_;
  std::vector<std::pair<http::Exchange*, Received>> waiting_;
  std::unique_ptr<http::Server> server_;
};

// expect gives the value of a Result or ends the test with its message.
template <typename T>
T expect(Result<T> result) {
  if (!result) {
    ADD_FAILURE() << result.error().message;
    throw std::runtime_error(result.error().message);
  }
  return *std::move(result);
}

}  // namespace quantumapi::sdk
