// Dispatcher: from a request to its answer: route, credentials, scope,
// handler, audit, reply. The one place where answers wait for their audit.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "access/service.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/worker_pool.h"
#include "http/route.h"
#include "http/server.h"
#include "keyring/keyring.h"
#include "store/database.h"

namespace quantumapi::server {

// Dispatcher answers every exchange it is given exactly once.
//
// Nothing is answered that is not audited: the events of a reply are made
// durable first and the reply is dropped for a 503 when they can't be. A route
// that asks for a key and whose handler neither recorded nor audited is a defect and
// answers 500. Refusals of authenticated callers go to their tenant's log,
// failed authentications to the platform's. Of what a key is refused for its rate one
// refusal a second is recorded, with how many there were (refused_rates.h); what is left
// is recorded from a thread of its own when the second is over.
// Services and clock must outlive what `workers` still have to do.
class Dispatcher {
 public:
  Dispatcher(std::vector<http::Route> routes, access::AccessService& access,
             store::Database& database, SecretBytes platform_personal_key, WorkerPool& workers,
             const Clock& clock, Logger& log, Metrics& metrics);
  ~Dispatcher();

  // handle is http::Server's Handle: called on an I/O thread, never blocks.
  void handle(http::Exchange& exchange);
  // stop records what refusals are left and ends that thread. Call it when nothing more is handled.
  void stop();
  // content_rule is http::Server's BodyLimit: a sender is known by a valid key. One that is not
  // in memory is looked for meanwhile, so that it is known the next time.
  [[nodiscard]] http::Server::ContentRule content_rule(const http::Request& request);
  [[nodiscard]] const http::Router& router() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace quantumapi::server
