// quantumapi::sdk::Log: where the services of the SDK say what they do.
#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace quantumapi::sdk {

// LogLevel is how much a line matters: kError needs somebody, kWarning may.
enum class LogLevel { kInfo, kWarning, kError };

// Log takes one sentence, without a newline and never with a secret in it. It is called from the
// SDK's threads, must not block, and must not call back. An empty one keeps silent.
using Log = std::function<void(LogLevel, std::string_view)>;

// Readiness is what a service answers its orchestrator: send requests, or not yet.
struct Readiness {
  bool ready = false;
  std::string reason{};  // one sentence; empty when ready
};

}  // namespace quantumapi::sdk
