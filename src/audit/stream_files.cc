#include "audit/stream_files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>

namespace quantumapi::audit {
namespace {

constexpr std::chrono::hours kDay{24};
constexpr std::size_t kChunk = 64 * 1024;
constexpr std::string_view kTestFile = "test";
constexpr std::size_t kDayLength = std::string_view("2026-11-23").size();

// File closes its descriptor.
class File {
 public:
  File(const std::string& path, int flags) : fd_(::open(path.c_str(), flags | O_CLOEXEC, 0600)) {}
  ~File() {
    if (fd_ >= 0) ::close(fd_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  [[nodiscard]] bool ok() const { return fd_ >= 0; }
  [[nodiscard]] int fd() const { return fd_; }
  [[nodiscard]] std::int64_t size() const {
    struct stat facts{};
    return ::fstat(fd_, &facts) == 0 ? facts.st_size : 0;
  }
  bool write(std::string_view text) const {
    while (!text.empty()) {
      const ssize_t n = ::write(fd_, text.data(), text.size());
      if (n < 0 && errno == EINTR) continue;
      if (n <= 0) return false;
      text.remove_prefix(static_cast<std::size_t>(n));
    }
    return true;
  }

 private:
  int fd_;
};

std::unexpected<Error> cant(std::string_view what) {
  return fail(Code::kUnavailable,
              "can't " + std::string(what) + " a log stream's file: " + std::strerror(errno),
              "receiver_failed");
}

bool sync_directory(const std::string& path) {
  const File directory(path, O_RDONLY | O_DIRECTORY);
  return directory.ok() && ::fsync(directory.fd()) == 0;
}

std::int64_t size_of(const std::string& path) {
  struct stat facts{};
  return ::stat(path.c_str(), &facts) == 0 && S_ISREG(facts.st_mode) ? facts.st_size : -1;
}

// written_at is when a file was last written; now where that is not known.
WallTime written_at(const std::string& path) {
  struct stat facts{};
  if (::stat(path.c_str(), &facts) != 0) return base::SystemClock().wall();
  return {facts.st_mtim.tv_sec * 1'000'000 + facts.st_mtim.tv_nsec / 1'000};
}

// is_of_day is true for the names of a day's files: "2026-11-23.ndjson", its archive, and what
// becomes one.
bool is_of_day(std::string_view name) {
  if (name.size() < kDayLength) return false;
  const std::string_view kind = name.substr(kDayLength);
  return (kind == ".ndjson" || kind == ".ndjson.gz" || kind == ".ndjson.gz.new") &&
         WallTime::parse(std::string(name.substr(0, kDayLength)) + "T00:00:00Z");
}

// keep_whole_lines counts anew what is left of a file that somebody cut.
Status keep_whole_lines(const File& file, StreamDay& day) {
  day.octets = day.line_count = 0;
  std::string block(kChunk, '\0');
  for (std::int64_t at = 0;;) {
    const ssize_t n = ::pread(file.fd(), block.data(), block.size(), at);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return cant("read");
    if (n == 0) return {};
    for (std::int64_t i = 0; i < n; ++i) {
      if (block[static_cast<std::size_t>(i)] != '\n') continue;
      ++day.line_count;
      day.octets = at + i + 1;
    }
    at += n;
  }
}

// Source gives the first `left` octets of a file, gzipped unless they are already.
class Source {
 public:
  Source(const std::string& path, std::int64_t octets, bool compress)
      : file_(path, O_RDONLY), left_(octets), compress_(compress) {
    constexpr int kGzip = 15 + 16;  // zlib's way to ask for gzip's head and end
    if (compress_)
      ready_ = ::deflateInit2(&z_, Z_DEFAULT_COMPRESSION, Z_DEFLATED, kGzip, 8,
                              Z_DEFAULT_STRATEGY) == Z_OK;
  }
  ~Source() {
    if (compress_ && ready_) ::deflateEnd(&z_);
  }
  Source(const Source&) = delete;
  Source& operator=(const Source&) = delete;
  [[nodiscard]] bool ok() const { return file_.ok() && ready_; }

  Result<std::optional<std::string>> pull() {
    std::string out;
    while (out.empty()) {
      if (ended_) return std::nullopt;
      std::string in(static_cast<std::size_t>(std::min<std::int64_t>(left_, kChunk)), '\0');
      for (std::size_t got = 0; got < in.size();) {
        const ssize_t n = ::read(file_.fd(), in.data() + got, in.size() - got);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return fail(Code::kDataLoss, "a log stream's file is cut");
        got += static_cast<std::size_t>(n);
      }
      left_ -= static_cast<std::int64_t>(in.size());
      ended_ = left_ == 0;
      out = compress_ ? deflated(in) : std::move(in);
    }
    return out;
  }

 private:
  std::string deflated(std::string& in) {
    std::string out;
    std::string block(kChunk, '\0');
    z_.next_in = reinterpret_cast<Bytef*>(in.data());
    z_.avail_in = static_cast<uInt>(in.size());
    do {
      z_.next_out = reinterpret_cast<Bytef*>(block.data());
      z_.avail_out = static_cast<uInt>(block.size());
      (void)::deflate(&z_, ended_ ? Z_FINISH : Z_NO_FLUSH);
      out.append(block, 0, block.size() - z_.avail_out);
    } while (z_.avail_out == 0);
    return out;
  }

  File file_;
  std::int64_t left_;
  bool compress_;
  bool ready_ = true;
  bool ended_ = false;
  z_stream z_{};
};

}  // namespace

std::string day_of(WallTime time) { return time.to_string().substr(0, 10); }

std::string day_for(WallTime time, WallTime now, std::span<const StreamDay> days) {
  const std::string today = day_of(now);
  std::string day = std::min(day_of(time), today);
  for (const StreamDay& begun : days)
    if (begun.day <= today) day = std::max(day, begun.day);
  const auto is_archived = [&day](const StreamDay& one) {
    return one.day == day && one.archive_octets;
  };
  while (std::ranges::any_of(days, is_archived)) {
    const auto begin = WallTime::parse(day + "T00:00:00Z");
    if (!begin) break;
    day = day_of(*begin + kDay);
  }
  return day;
}

std::string StreamFiles::path(StreamId id, std::string_view day, bool archived) const {
  std::string path = directory_ + "/" + id.to_string();
  if (!day.empty()) path.append("/").append(day).append(archived ? ".ndjson.gz" : ".ndjson");
  return path;
}

Result<std::string> StreamFiles::place() const {
  std::ifstream file(directory_ + "/place");
  if (!file) return std::string();
  std::string text;
  std::getline(file, text);
  const auto name = Uuid::parse(text);
  if (!name) return fail(Code::kDataLoss, "the file `place` of the log streams is damaged");
  return name->to_string();
}

Result<std::string> StreamFiles::make_place() const {
  TRY_ASSIGN(std::string known, place());
  if (!known.empty()) return known;
  if (::mkdir(directory_.c_str(), 0700) != 0 && errno != EEXIST) return cant("make");
  const std::string name = Uuid::v7(base::SystemClock().wall()).to_string();
  const std::string fresh = directory_ + "/place." + name;
  {
    const File file(fresh, O_WRONLY | O_CREAT | O_EXCL);
    if (!file.ok()) return cant("make");
    if (!file.write(name + "\n") || ::fsync(file.fd()) != 0) return cant("write");
  }
  // Turns of several streams come here at once: the first one's name stays.
  const bool linked = ::link(fresh.c_str(), (directory_ + "/place").c_str()) == 0;
  const int why = errno;
  (void)::unlink(fresh.c_str());
  errno = why;
  if (!linked && errno != EEXIST) return cant("make");
  if (!sync_directory(directory_)) return cant("sync");
  return place();
}

bool StreamFiles::holds(StreamId id, const StreamDay& day) const {
  if (day.archive_octets) return size_of(path(id, day.day, true)) == *day.archive_octets;
  return size_of(path(id, day.day, false)) >= day.octets;
}

Status StreamFiles::make_folder(const std::string& folder) const {
  const bool is_new = ::access(folder.c_str(), F_OK) != 0;
  if (::mkdir(directory_.c_str(), 0700) != 0 && errno != EEXIST) return cant("make");
  if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) return cant("make");
  if (is_new && !sync_directory(directory_)) return cant("sync");
  return {};
}

Status StreamFiles::check(StreamId id, std::string_view day, std::string_view line) const {
  const std::string folder = path(id, {}, false);
  TRY(make_folder(folder));
  const std::string open = path(id, day, false);
  if (::access(open.c_str(), F_OK) == 0 && !File(open, O_RDWR).ok()) return cant("open");
  const std::string tried = folder + "/" + std::string(kTestFile);
  const Status written = [&]() -> Status {
    const File file(tried, O_RDWR | O_CREAT | O_TRUNC);
    if (!file.ok()) return cant("open");
    if (!file.write(std::string(line) + "\n") || ::fsync(file.fd()) != 0) return cant("write");
    return {};
  }();
  (void)::unlink(tried.c_str());
  TRY(written);
  if (!sync_directory(folder)) return cant("sync");
  return {};
}

Result<StreamDay> StreamFiles::append(StreamId id, StreamDay day,
                                      std::span<const StreamEvent> events) const {
  const std::string folder = path(id, {}, false);
  TRY(make_folder(folder));
  const File file(path(id, day.day, false), O_RDWR | O_CREAT);
  if (!file.ok()) return cant("open");
  if (file.size() < day.octets) TRY(keep_whole_lines(file, day));
  if (::ftruncate(file.fd(), day.octets) != 0 || ::lseek(file.fd(), day.octets, SEEK_SET) < 0)
    return cant("cut");
  std::string text;
  for (const StreamEvent& event : events) {
    text.append(event.json).append("\n");
    if (day.line_count++ == 0) day.first_at = day.last_at = event.time;
    day.first_at = std::min(day.first_at, event.time);
    day.last_at = std::max(day.last_at, event.time);
  }
  if (!file.write(text) || ::fsync(file.fd()) != 0) return cant("write");
  if (day.octets == 0 && !sync_directory(folder)) return cant("sync");
  day.octets += static_cast<std::int64_t>(text.size());
  return day;
}

Result<StreamDay> StreamFiles::archive(StreamId id, StreamDay day) const {
  const std::string final_path = path(id, day.day, true);
  const std::string made = final_path + ".new";
  Source source(path(id, day.day, false), day.octets, true);
  if (!source.ok()) return cant("read");
  {
    const File file(made, O_WRONLY | O_CREAT | O_TRUNC);
    if (!file.ok()) return cant("make");
    for (;;) {
      TRY_ASSIGN(const auto chunk, source.pull());
      if (!chunk) break;
      if (!file.write(*chunk)) return cant("write");
    }
    if (::fsync(file.fd()) != 0) return cant("sync");
    day.archive_octets = file.size();
  }
  if (::rename(made.c_str(), final_path.c_str()) != 0) return cant("rename");
  if (!sync_directory(path(id, {}, false))) return cant("sync");
  return day;
}

void StreamFiles::remove_open(StreamId id, std::string_view day) const {
  (void)::unlink(path(id, day, false).c_str());
}

Result<std::vector<StreamId>> StreamFiles::streams() const {
  std::vector<StreamId> found;
  std::error_code error;
  for (std::filesystem::directory_iterator at(directory_, error), end; !error && at != end;
       at.increment(error)) {
    const std::string name = at->path().filename();
    const auto id = Uuid::parse(name);
    if (id && id->to_string() == name &&
        at->symlink_status(error).type() == std::filesystem::file_type::directory)
      found.push_back(StreamId{*id});
  }
  if (error && error != std::errc::no_such_file_or_directory)
    return fail(Code::kUnavailable, "can't list the log streams' folders: " + error.message());
  return found;
}

std::vector<std::string> StreamFiles::remove_old(StreamId id, WallTime now,
                                                 std::chrono::hours kept) const {
  const std::string oldest = day_of(now - kept);
  const std::string today = day_of(now);
  std::vector<std::string> early;
  std::error_code ignored;
  for (const auto& one : std::filesystem::directory_iterator(path(id, {}, false), ignored)) {
    const std::string name = one.path().filename();
    if (!is_of_day(name)) continue;
    const std::string day = name.substr(0, kDayLength);
    const bool is_early = day > today && written_at(one.path()) < now - kept;
    if (day >= oldest && !is_early) continue;
    (void)::unlink(one.path().c_str());
    if (is_early) early.push_back(day);
  }
  return early;
}

void StreamFiles::remove_all(StreamId id) const {
  const std::string folder = path(id, {}, false);
  std::error_code ignored;
  for (const auto& one : std::filesystem::directory_iterator(folder, ignored))
    if (const std::string name = one.path().filename(); is_of_day(name) || name == kTestFile)
      (void)::unlink(one.path().c_str());
  (void)::rmdir(folder.c_str());
}

Result<http::Reply::Stream> StreamFiles::open(StreamId id, const StreamDay& day) const {
  const bool archived = day.archive_octets.has_value();
  auto source = std::make_shared<Source>(path(id, day.day, archived),
                                         day.archive_octets.value_or(day.octets), !archived);
  if (!source->ok()) return fail(Code::kNotFound, "there is no file of this day");
  return http::Reply::Stream([source] { return source->pull(); });
}

}  // namespace quantumapi::audit
