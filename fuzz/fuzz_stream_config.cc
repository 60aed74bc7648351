// Configurations of log streams: what is accepted is accepted as it is kept, and masked
// again only with what it stands for.
#include <cstdlib>
#include <memory_resource>

#include "audit/stream_config.h"

namespace {

using namespace quantumapi;
using audit::StreamType;

constexpr StreamType kTypes[] = {StreamType::kWebhook, StreamType::kDatadog, StreamType::kSplunk,
                                 StreamType::kFile};

void require(bool holds) {
  if (!holds) std::abort();
}

void check(StreamType type, std::string_view text) {
  std::pmr::monotonic_buffer_resource arena;
  const auto config =
      audit::parse_stream_config(type, text, http::Reach::kOtherHosts, nullptr, arena);
  if (!config) return;
  const auto kept = audit::config_text(*config, arena);
  const auto again =
      audit::parse_stream_config(type, kept, http::Reach::kOtherHosts, nullptr, arena);
  require(again.has_value() && audit::config_text(*again, arena) == kept);
  const auto shown = audit::config_text(audit::masked(*config, arena), arena);
  const audit::FormerStream former{type, *config};
  const auto same =
      audit::parse_stream_config(type, shown, http::Reach::kOtherHosts, &former, arena);
  require(same.has_value() && audit::config_text(*same, arena) == kept);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  for (const StreamType type : kTypes) check(type, as_text({data, size}));
  return 0;
}
