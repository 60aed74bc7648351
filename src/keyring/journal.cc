#include "keyring/journal.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <condition_variable>
#include <mutex>

#include "keyring/file.h"
#include "keyring/journal_frame.h"

namespace quantumapi::keyring {
namespace {

constexpr std::size_t kBatchSize = 256 * 1024;
constexpr std::string_view kMacLabel = "quantumapi/journal/v1";
constexpr std::size_t kMacSize = 32;

// Mapping views the first octets of a file that only this process changes.
class Mapping {
 public:
  static Result<Mapping> create(int fd, std::size_t size, const std::string& path) {
    if (size == 0) return Mapping(nullptr, 0);
    void* const start = ::mmap(nullptr, size, PROT_READ, MAP_SHARED, fd, 0);
    if (start == MAP_FAILED) return system_error(Code::kUnavailable, "cannot read", path);
    return Mapping(static_cast<const std::uint8_t*>(start), size);
  }
  Mapping(Mapping&& other) noexcept
      : start_(std::exchange(other.start_, nullptr)), size_(other.size_) {}
  Mapping& operator=(Mapping&&) = delete;
  ~Mapping() {
    if (start_ != nullptr) ::munmap(const_cast<std::uint8_t*>(start_), size_);
  }
  [[nodiscard]] ByteView octets() const { return {start_, size_}; }

 private:
  Mapping(const std::uint8_t* start, std::size_t size) : start_(start), size_(size) {}
  const std::uint8_t* start_;
  std::size_t size_;
};

Result<std::size_t> size_of(int fd, const std::string& path) {
  struct stat info{};
  if (::fstat(fd, &info) != 0) return system_error(Code::kUnavailable, "cannot read", path);
  return static_cast<std::size_t>(info.st_size);
}

// check_private: whoever may write here may bring back what was revoked.
Status check_private(int fd, const std::string& path) {
  struct stat info{};
  if (::fstat(fd, &info) != 0) return system_error(Code::kUnavailable, "cannot read", path);
  if (S_ISREG(info.st_mode) && (info.st_mode & 077) == 0) return {};
  return fail(Code::kConflict, "the key journal " + path +
                                   " must be a file of mode 0600 that only its owner reaches");
}

// never_used: empty, or what a crash left of the very first write.
bool never_used(ByteView file, ByteView header) {
  if (file.size() > header.size()) return false;
  const bool zeros = std::ranges::all_of(file, [](std::uint8_t b) { return b == 0; });
  return zeros ||
         (file.size() < header.size() && std::ranges::equal(file, header.first(file.size())));
}

Status write_header(int fd, ByteView header, const std::string& path) {
  if (!write_at(fd, header, 0) || ::fsync(fd) != 0)
    return system_error(Code::kUnavailable, "cannot write key journal", path);
  return sync_directory(path);
}

// recover gives where the frames end, after making or trimming the file as needed.
Result<std::size_t> recover(int fd, const FrameCode& code, const std::string& path) {
  TRY_ASSIGN(const std::size_t size, size_of(fd, path));
  TRY_ASSIGN(const Mapping file, Mapping::create(fd, size, path));
  const Bytes header = code.header();
  if (never_used(file.octets(), header)) {
    TRY(write_header(fd, header, path));
    return header.size();
  }
  TRY_ASSIGN(const std::size_t end, code.end_of(file.octets()));
  if (end < size && (::ftruncate(fd, static_cast<off_t>(end)) != 0 || ::fsync(fd) != 0))
    return system_error(Code::kUnavailable, "cannot trim key journal", path);
  return end;
}

}  // namespace

struct KeyJournal::Impl {
  // Batch is the entries of one frame; whoever finds no writer at work writes it for all.
  struct Batch {
    Bytes body;
    bool finished = false;
    Status status;
  };

  Impl(Descriptor descriptor, std::string where, FrameCode frame_code)
      : fd(std::move(descriptor)), path(std::move(where)), code(std::move(frame_code)) {}

  Status append(ByteView entry);
  Status write(ByteView body);
  Status each_body(std::size_t from, const std::function<Status(ByteView)>& take);
  Status learn_id();

  Descriptor fd;
  Uuid id;
  std::string path;
  FrameCode code;
  std::mutex mutex;
  std::condition_variable changed;
  std::shared_ptr<Batch> filling;
  bool writing = false;
  bool broken = false;  // what is on disk past `end` is unknown
  std::size_t end = 0;  // of the durable frames; changed by the writer alone
};

Status KeyJournal::Impl::append(ByteView entry) {
  std::unique_lock lock(mutex);
  changed.wait(lock, [&] { return !filling || filling->body.size() + entry.size() <= kBatchSize; });
  if (!filling) filling = std::make_shared<Batch>();
  const std::shared_ptr<Batch> batch = filling;
  base::append(batch->body, entry);
  changed.wait(lock, [&] { return batch->finished || !writing; });
  if (batch->finished) return batch->status;

  writing = true;
  filling = nullptr;
  changed.notify_all();
  lock.unlock();
  Status status = write(batch->body);
  lock.lock();
  writing = false;
  batch->finished = true;
  batch->status = std::move(status);
  changed.notify_all();
  return batch->status;
}

// write runs on one thread at a time. A frame that was not written whole is cut
// off again. After a failed sync nobody knows what is on disk (the kernel may
// count the pages as clean), so the journal goes no further until opened anew.
Status KeyJournal::Impl::write(ByteView body) {
  if (broken) return fail(Code::kUnavailable, "the key journal failed and must be opened anew");
  const Bytes frame = code.frame(end, body);
  const bool written = write_at(fd.get(), frame, static_cast<off_t>(end));
  if (written && ::fdatasync(fd.get()) == 0) {
    const std::scoped_lock lock(mutex);
    end += frame.size();
    return {};
  }
  const auto error = system_error(Code::kUnavailable, "cannot write key journal", path);
  const bool trimmed = ::ftruncate(fd.get(), static_cast<off_t>(end)) == 0;
  broken = written || !trimmed;
  return error;
}

Status KeyJournal::Impl::each_body(std::size_t from, const std::function<Status(ByteView)>& take) {
  std::size_t until = 0;
  {
    const std::scoped_lock lock(mutex);
    until = end;
  }
  TRY_ASSIGN(const Mapping file, Mapping::create(fd.get(), until, path));
  for (std::size_t offset = std::max(from, kJournalHeaderSize); offset < until;) {
    const auto body = code.body_at(file.octets(), offset);
    if (!body)
      return fail(Code::kDataLoss, "the key journal is damaged at octet " + std::to_string(offset));
    TRY(take(*body));
    offset += kFrameOverhead + body->size();
  }
  return {};
}

// learn_id finds the journal's id, or gives it one: its first entry, but in files older than ids.
Status KeyJournal::Impl::learn_id() {
  TRY(each_body(0, [this](ByteView body) -> Status {
    if (!id.is_nil()) return {};
    TRY_ASSIGN(const auto entries, parse_entries(body));
    for (const JournalEntry& entry : entries)
      if (entry.kind == JournalEntry::Kind::kJournal) id = entry.object;
    return {};
  }));
  if (!id.is_nil()) return {};
  JournalEntry begun{};
  begun.kind = JournalEntry::Kind::kJournal;
  begun.time = base::SystemClock().wall();
  begun.object = Uuid::v7(begun.time);
  Bytes encoded;
  append_entry(encoded, begun);
  TRY(write(encoded));
  id = begun.object;
  return {};
}

KeyJournal::KeyJournal(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
KeyJournal::~KeyJournal() = default;

Result<std::unique_ptr<KeyJournal>> KeyJournal::open(const std::string& path,
                                                     const Uuid& installation,
                                                     const RootKey& root) {
  Descriptor fd(::open(path.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!fd.open() && errno == ELOOP)
    return fail(Code::kConflict, "the key journal " + path + " is a link: name the file itself");
  if (!fd.open()) return system_error(Code::kUnavailable, "cannot open key journal", path);
  TRY(check_private(fd.get(), path));
  if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK)
      return fail(Code::kConflict, "another process holds the key journal " + path);
    return system_error(Code::kUnavailable, "cannot lock key journal", path);
  }
  auto impl = std::make_unique<Impl>(std::move(fd), path,
                                     FrameCode(root.derive(kMacLabel), installation, root.id()));
  TRY_ASSIGN(impl->end, recover(impl->fd.get(), impl->code, path));
  TRY(impl->learn_id());
  return std::unique_ptr<KeyJournal>(new KeyJournal(std::move(impl)));
}

Status KeyJournal::append(const JournalEntry& entry) {
  Bytes encoded;
  append_entry(encoded, entry);
  if (encoded.size() > kBatchSize)
    return fail(Code::kInvalidArgument, "an entry of the key journal is too large");
  return impl_->append(encoded);
}

Status KeyJournal::each(const std::function<Status(const JournalEntry&)>& entry,
                        std::uint64_t from) const {
  return impl_->each_body(static_cast<std::size_t>(from), [&](ByteView body) -> Status {
    TRY_ASSIGN(const auto entries, parse_entries(body));
    for (const JournalEntry& each : entries)
      if (each.kind != JournalEntry::Kind::kJournal) TRY(entry(each));
    return {};
  });
}

Result<JournalPosition> KeyJournal::position() const {
  JournalPosition now{impl_->id, 0, Bytes(kMacSize)};
  {
    const std::scoped_lock lock(impl_->mutex);
    now.octets = impl_->end;
  }
  if (!read_at(impl_->fd.get(), now.mac, static_cast<off_t>(now.octets - kMacSize)))
    return system_error(Code::kUnavailable, "cannot read key journal", impl_->path);
  return now;
}

Result<bool> KeyJournal::holds(const JournalPosition& position) const {
  TRY_ASSIGN(const JournalPosition now, this->position());
  if (position.journal != now.journal || position.octets > now.octets ||
      position.octets < kJournalHeaderSize)
    return false;
  Bytes mac(kMacSize);
  if (!read_at(impl_->fd.get(), mac, static_cast<off_t>(position.octets - kMacSize)))
    return system_error(Code::kUnavailable, "cannot read key journal", impl_->path);
  return mac == position.mac;
}

const Uuid& KeyJournal::id() const { return impl_->id; }
const std::string& KeyJournal::path() const { return impl_->path; }

}  // namespace quantumapi::keyring
