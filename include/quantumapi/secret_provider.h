// quantumapi::sdk::SecretProvider: the secrets of a service, kept as long as they may be.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "quantumapi/call.h"
#include "quantumapi/client.h"
#include "quantumapi/clock.h"
#include "quantumapi/export.h"
#include "quantumapi/log.h"
#include "quantumapi/result.h"
#include "quantumapi/secret_string.h"

namespace quantumapi::sdk {

// RequestSecrets keeps what it read for one request of the service: made by
// SecretProvider::for_request, gone with the request. Must not outlive the provider; safe from
// any thread.
class QUANTUMAPI_EXPORT RequestSecrets {
 public:
  // get reads a secret the first time and answers from memory after that. When the platform does
  // not answer, the value last seen is given, up to an hour after it was read; a refusal
  // (deleted, revoked, no right) is never overridden by what was seen before.
  [[nodiscard]] Result<SecretString> get(std::string_view name);

  RequestSecrets(RequestSecrets&&) noexcept;
  ~RequestSecrets();

 private:
  friend class SecretProvider;
  struct Impl;
  explicit RequestSecrets(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// SecretProvider resolves what a service needs from its start, on a thread of its own, and goes
// on trying until it has everything: until then the service is not ready, and after that it
// stays so. It borrows the client, which must outlive it; safe from any thread.
class QUANTUMAPI_EXPORT SecretProvider {
 public:
  // Options: which secrets are needed from the start. Connection strings are kept for the life
  // of the process.
  struct Options {
    std::vector<std::string> connection_strings{};
    std::vector<std::string> secrets{};
    std::chrono::seconds outage_limit{3600};  // how long a value last seen may stand in
    Log log{};
    const Clock* clock = &Clock::system();
  };

  // SecretProvider does nothing before start; what was not named in the options it reads when it
  // is asked for.
  SecretProvider(Client& client, Options options);
  ~SecretProvider();
  SecretProvider(const SecretProvider&) = delete;
  SecretProvider& operator=(const SecretProvider&) = delete;

  // start begins to resolve at once. A second start changes nothing. kUnavailable (no_thread)
  // where its thread can't be made.
  [[nodiscard]] Result<void> start();

  // readiness is false, with the reason, until everything needed was read once.
  [[nodiscard]] Readiness readiness() const;
  // wait_ready gives true as soon as it is ready, false when `timeout` passed before.
  bool wait_ready(std::chrono::milliseconds timeout) const;

  // connection_string gives a value kept since the start. One that was not named in the options
  // is read now and kept from then on.
  [[nodiscard]] Result<SecretString> connection_string(std::string_view name,
                                                       const Call& call = {});
  // refresh_connection_string reads it anew: for when the database no longer takes it. The kept
  // one stays when the platform does not answer.
  [[nodiscard]] Result<SecretString> refresh_connection_string(std::string_view name,
                                                               const Call& call = {});
  // for_request begins the memory of one request; `call` bounds each of its reads.
  [[nodiscard]] RequestSecrets for_request(Call call = {});

 private:
  friend class RequestSecrets;
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace quantumapi::sdk
