#include "store/engine.h"

namespace quantumapi::store {
Result<std::unique_ptr<Engine>> open_postgres(const Options&, const Surroundings&) {
  return fail(Code::kUnavailable, "not there yet");
}
}  // namespace quantumapi::store
