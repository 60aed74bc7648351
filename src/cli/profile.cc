#include "cli/profile.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "base/json.h"
#include "base/secret_bytes.h"

namespace quantumapi::cli {
namespace {

constexpr std::size_t kLargestProfile = 64 * 1024;

struct ProfileText {
  std::optional<std::string_view> url;
  std::optional<std::string_view> ca_file;
  std::optional<std::string_view> api_key;
};
BOOST_DESCRIBE_STRUCT(ProfileText, (), (url, ca_file, api_key))

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() { close(); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  [[nodiscard]] int get() const { return fd_; }
  bool close() {
    const bool closed = fd_ < 0 || ::close(fd_) == 0;
    fd_ = -1;
    return closed;
  }

 private:
  int fd_;
};

std::unexpected<Failure> cannot(std::string_view what, const std::string& path) {
  return give_up(kFailed, std::string(what) + " " + path + ": " + std::strerror(errno));
}

std::string below_home(const char* variable, const char* fallback, const std::string& name) {
  const char* const base = std::getenv(variable);
  if (base != nullptr && *base == '/') return std::string(base) + "/quantumapi/" + name;
  const char* const home = std::getenv("HOME");
  if (home == nullptr || *home != '/') return {};
  return std::string(home) + fallback + "/quantumapi/" + name;
}

Try<void> check_private(const struct stat& file, const std::string& path) {
  if (!S_ISREG(file.st_mode)) return give_up(kUsage, path + " is not a regular file; remove it");
  if (file.st_uid != ::geteuid())
    return give_up(kUsage, path +
                               " belongs to somebody else; make one of your own with "
                               "`qapi profile set`");
  if ((file.st_mode & 077) != 0)
    return give_up(kUsage, path + " may be read or written by others; run `chmod 600 " + path +
                               "` and change the key if they may have seen it");
  return {};
}

Try<base::WipedString> read_text(int fd, const std::string& path) {
  base::WipedString text(kLargestProfile + 1, '\0');
  std::size_t size = 0;
  while (size < text.size()) {
    const ssize_t got = ::read(fd, text.data() + size, text.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return cannot("can't read", path);
    if (got == 0) break;
    size += static_cast<std::size_t>(got);
  }
  if (size > kLargestProfile) return give_up(kUsage, path + " is too large to be a profile");
  text.resize(size);
  return text;
}

bool write_all(int fd, std::string_view content) {
  while (!content.empty()) {
    const ssize_t done = ::write(fd, content.data(), content.size());
    if (done < 0 && errno == EINTR) continue;
    if (done <= 0) return false;
    content.remove_prefix(static_cast<std::size_t>(done));
  }
  return true;
}

}  // namespace

std::string profile_path() { return below_home("XDG_CONFIG_HOME", "/.config", "profile"); }

std::string state_path(const std::string& name) {
  return below_home("XDG_STATE_HOME", "/.local/state", name);
}

Try<std::optional<Profile>> load_profile(const std::string& path) {
  if (path.empty()) return std::nullopt;
  const Descriptor fd(::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK));
  if (fd.get() < 0 && (errno == ENOENT || errno == ENOTDIR)) return std::nullopt;
  if (fd.get() < 0 && errno == ELOOP)
    return give_up(kUsage, path + " is a symbolic link; put the profile there itself");
  if (fd.get() < 0) return cannot("can't open", path);
  struct stat file{};
  if (::fstat(fd.get(), &file) != 0) return cannot("can't look at", path);
  TRY(check_private(file, path));
  TRY_ASSIGN(const auto text, read_text(fd.get(), path));
  WipingArena arena;
  const auto parsed = json::decode<ProfileText>({text.data(), text.size()}, arena);
  if (!parsed) return give_up(kUsage, path + " is damaged; write it anew with `qapi profile set`");
  Profile profile;
  profile.url = parsed->url.value_or("");
  profile.ca_file = parsed->ca_file.value_or("");
  profile.api_key = sdk::SecretString(parsed->api_key.value_or(""));
  return std::optional<Profile>(std::move(profile));
}

Try<void> make_private_folder(const std::string& path) {
  std::error_code error;
  const auto folder = std::filesystem::path(path).parent_path();
  const mode_t before = ::umask(077);  // new folders are for their owner alone
  if (!folder.empty()) std::filesystem::create_directories(folder, error);
  ::umask(before);
  if (error) return give_up(kFailed, "can't make the folder " + folder.string());
  return {};
}

Try<void> write_private(const std::string& path, std::string_view content) {
  TRY(make_private_folder(path));
  std::string fresh = path + ".XXXXXX";
  Descriptor fd(::mkostemp(fresh.data(), O_CLOEXEC));  // mode 0600
  if (fd.get() < 0) return cannot("can't write beside", path);
  const bool written = write_all(fd.get(), content) && ::fsync(fd.get()) == 0 && fd.close() &&
                       ::rename(fresh.c_str(), path.c_str()) == 0;
  if (written) return {};
  const auto failure = cannot("can't write", path);
  ::unlink(fresh.c_str());
  return failure;
}

Try<void> save_profile(const std::string& path, const Profile& profile) {
  if (path.empty()) return give_up(kUsage, "there is no home to keep a profile in; set HOME");
  WipingArena arena;
  std::pmr::string text(&arena);
  json::Writer writer(text);
  ProfileText content{.url = profile.url, .ca_file = {}, .api_key = {}};
  if (!profile.ca_file.empty()) content.ca_file = profile.ca_file;
  if (!profile.api_key.empty()) content.api_key = profile.api_key.reveal();
  json::encode(writer, content);
  text += '\n';
  return write_private(path, text);
}

}  // namespace quantumapi::cli
