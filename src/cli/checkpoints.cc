#include "cli/checkpoints.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <memory_resource>
#include <utility>
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

// Lock keeps other programs out as long as it lives: what they remember meanwhile would be lost
// under what is written here. It is on a file beside the memory, which is another after each
// change.
class Lock {
 public:
  static Try<Lock> take(const std::string& path) {
    const std::string beside = path + ".lock";
    TRY(make_private_folder(path));
    Lock lock(::open(beside.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600));
    bool taken = false;
    if (lock.file_ >= 0) do
        taken = ::flock(lock.file_, LOCK_EX) == 0;
      while (!taken && errno == EINTR);
    // A file system without locks has none to take.
    if (taken || errno == ENOLCK || errno == EOPNOTSUPP || errno == ENOSYS) return lock;
    return give_up(kFailed, "can't lock " + beside + ": " + std::strerror(errno));
  }
  Lock(Lock&& other) noexcept : file_(std::exchange(other.file_, -1)) {}
  Lock& operator=(Lock&&) = delete;
  ~Lock() {
    if (file_ >= 0) ::close(file_);
  }

 private:
  explicit Lock(int file) : file_(file) {}
  int file_;
};

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
  TRY_ASSIGN(const Lock lock, Lock::take(path));
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
