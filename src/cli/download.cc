#include "cli/download.h"

#include "client/transport.h"

namespace quantumapi::cli {

Try<void> download(Context& context, const std::string& path, std::ostream& out) {
  TRY_ASSIGN(auto options, context.options());
  auto transport = sdk::Transport::create(std::move(options));
  if (!transport) return give_up(kUsage, Failure(transport.error()).message);
  const auto write = [&](std::string_view chunk) -> base::Status {
    if (out.write(chunk.data(), static_cast<std::streamsize>(chunk.size()))) return {};
    return base::fail(base::Code::kUnavailable, "not written");  // told of below
  };
  const auto answered = (*transport)->stream({.path = "/api/v1" + path}, {}, write);
  if (!out) return give_up(kFailed, "the file could not be written");
  TRY(answered);
  return {};
}

}  // namespace quantumapi::cli
