#include "cli/checkpoints.h"

#include <algorithm>
#include <filesystem>
#include <memory_resource>
#include <vector>

#include "base/encoding.h"
#include "base/json.h"
#include "cli/io.h"
#include "cli/profile.h"

namespace quantumapi::cli {
namespace {

struct Entry {
  Uuid log;
  std::int64_t size = 0;
  std::string root;  // hex
  WallTime time;
};
BOOST_DESCRIBE_STRUCT(Entry, (), (log, size, root, time))

struct Memory {
  std::vector<Entry> checkpoints;
};
BOOST_DESCRIBE_STRUCT(Memory, (), (checkpoints))

// not_ours is for what --remember of the verifier in tools/ takes: of that this one writes nothing.
std::unexpected<Failure> not_ours(const std::string& path) {
  return give_up(kUnknown,
                 path +
                     " holds the checkpoints that a server appended, not what `qapi audit "
                     "verify` remembers: hold an export against it by "
                     "verify_audit_export.py, and name another file with --remember");
}

std::unexpected<Failure> damaged(const std::string& path) {
  return give_up(kUnknown, "what was remembered in " + path +
                               " can't be read; restore the file, or name another with --remember");
}

Try<Memory> load(const std::string& path) {
  std::error_code error;
  if (!std::filesystem::exists(path, error) && !error) return Memory{};
  const auto text = read_file(path);
  if (!text) return damaged(path);
  std::pmr::monotonic_buffer_resource arena;
  auto memory = json::decode<Memory>(*text, arena);
  if (!memory && text->contains(audit::kCheckpointOrigin)) return not_ours(path);
  if (!memory) return damaged(path);
  return *std::move(memory);
}

Try<audit::Remembered> remembered_of(const Entry& entry, const std::string& path) {
  audit::Remembered remembered{.log = entry.log, .size = static_cast<std::uint64_t>(entry.size)};
  const auto root = base::from_hex(entry.root);
  if (!root || root->size() != remembered.root.size() || entry.size < 0) return damaged(path);
  std::ranges::copy(*root, remembered.root.begin());
  return remembered;
}

}  // namespace

Try<std::optional<audit::Remembered>> recall(const std::string& path, const Uuid& log) {
  TRY_ASSIGN(const Memory memory, load(path));
  for (const Entry& entry : memory.checkpoints) {
    if (entry.log != log) continue;
    TRY_ASSIGN(const auto remembered, remembered_of(entry, path));
    return std::optional(remembered);
  }
  return std::nullopt;
}

Try<void> remember(const std::string& path, const audit::Checkpoint& checkpoint) {
  TRY_ASSIGN(Memory memory, load(path));
  const Entry fresh{checkpoint.log, static_cast<std::int64_t>(checkpoint.size),
                    base::to_hex(checkpoint.root), checkpoint.time};
  const auto known = std::ranges::find(memory.checkpoints, fresh.log, &Entry::log);
  if (known == memory.checkpoints.end())
    memory.checkpoints.push_back(fresh);
  else if (known->size <= fresh.size)
    *known = fresh;
  return write_private(path, json::to_text(memory) + "\n");
}

}  // namespace quantumapi::cli
