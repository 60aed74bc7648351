// Names resolved and sockets connected under a deadline.
#pragma once

#include <stop_token>

#include "base/clock.h"
#include "http/client.h"
#include "http/listen.h"

struct addrinfo;

namespace quantumapi::http {

// connect_to gives a connected, non-blocking socket. Each address of the host
// is tried in turn. Plain http is refused (kInvalidArgument) for addresses that
// are not loopback; otherwise kUnavailable when nothing answers in time ("timeout" past the
// deadline), or `cancel` stops it, or a name needs a thread that can't be made ("no_thread").
// Addresses out of `reach` are not tried: kUnavailable "out_of_reach" when the host has no other.
Result<Descriptor> connect_to(const Url& origin, SteadyTime deadline,
                              const std::stop_token& cancel = {}, Reach reach = Reach::kAnywhere);

// connect_first is connect_to for the addresses that `origin` resolved to. One that does not answer
// is given up after its share of the time, so that the next are tried too.
Result<Descriptor> connect_first(const Url& origin, const addrinfo* addresses, SteadyTime deadline,
                                 const std::stop_token& cancel, Reach reach);

// wait_for_socket waits for poll `events`; kUnavailable "timeout" past the deadline,
// "cancelled" once `cancel` is stopped.
Status wait_for_socket(int socket, short events, SteadyTime deadline,
                       const std::stop_token& cancel = {});

}  // namespace quantumapi::http
