#include "audit/checkpoint_file.h"

#include <fcntl.h>
#include <unistd.h>

namespace quantumapi::audit {
namespace {

constexpr int kMode = 0644;  // checkpoints are made to be shown

Status append_durably(const std::string& path, std::string_view text) {
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, kMode);
  if (file < 0) return fail(Code::kUnavailable, "the checkpoint file can't be opened");
  bool written = true;
  while (written && !text.empty()) {
    const ssize_t n = ::write(file, text.data(), text.size());
    written = n > 0;
    if (written) text.remove_prefix(static_cast<std::size_t>(n));
  }
  const bool synced = ::fdatasync(file) == 0;
  ::close(file);
  if (!written || !synced) return fail(Code::kUnavailable, "the checkpoint file can't be written");
  return {};
}

}  // namespace

void CheckpointFile::offer(const Uuid& log, std::string text) {
  if (!path_.empty()) waiting_.offer(log, std::move(text));
}

Status CheckpointFile::write_due(SteadyTime now, bool all) {
  using Kept = WaitingCheckpoints::Kept;
  return waiting_.give_due(now, all, [&](const Uuid&, std::string_view text) -> Result<Kept> {
    TRY(append_durably(path_, text));
    return Kept::kYes;
  });
}

}  // namespace quantumapi::audit
