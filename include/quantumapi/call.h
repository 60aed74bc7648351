// quantumapi::sdk::Call: how long one call may take, and how it is given up.
#pragma once

#include <chrono>
#include <stop_token>

namespace quantumapi::sdk {

class Transport;  // requests to the platform; private to the library

// Call bounds the calls that are made with it: client->vault({.timeout = 2s}).get("db").
struct Call {
  // With every retry, and every request where a call needs several; 0: the client's; less: over
  // before it began, so nothing is sent. The longest counts as a hundred years.
  std::chrono::milliseconds timeout{0};
  // Ends the call from another thread: it returns Kind::kCancelled within milliseconds. What
  // was already sent may still take effect.
  std::stop_token cancel{};
};

}  // namespace quantumapi::sdk
