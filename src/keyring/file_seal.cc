// The file that holds the root key of a development installation.
//
// Format "quantumapi-root-key-file-1" (docs/formats.md, "Root key file"): ASCII,
// five lines, each ended by LF:
//   quantumapi-root-key-file-1
//   id: <UUID of the root key, 36 characters, lower case>
//   created: <RFC 3339 UTC time of 27 characters>
//   key: <32 octets, base64 with padding, 44 characters>
//   crc: <CRC-32 (ISO 3309) of the four lines before with their LFs, 8 lower-case hex digits>
// The CRC finds damage, not tampering: who can write the file can replace the key.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <optional>

#include "base/encoding.h"
#include "keyring/file.h"
#include "keyring/root_key.h"

namespace quantumapi::keyring {
namespace {

constexpr std::string_view kMagic = "quantumapi-root-key-file-1\n";
constexpr std::size_t kSealSize = kMagic.size() + (4 + 36 + 1) + (9 + 27 + 1) + (5 + 44 + 1) + 14;
constexpr std::size_t kKeySize = 32;  // octets
constexpr std::size_t kCrcLine = 14;  // "crc: " and 8 digits and LF

std::string crc_line(std::string_view before) {
  const std::uint32_t crc = base::crc32(as_bytes(before));
  const std::array<std::uint8_t, 4> octets{
      static_cast<std::uint8_t>(crc >> 24), static_cast<std::uint8_t>(crc >> 16 & 0xff),
      static_cast<std::uint8_t>(crc >> 8 & 0xff), static_cast<std::uint8_t>(crc & 0xff)};
  return "crc: " + base::to_hex(octets) + "\n";
}

SecretBytes seal_text(RootKeyId id, WallTime now, const SecretBytes& key) {
  SecretBytes text(kSealSize);
  std::uint8_t* at = text.reveal_mutable(SecretAccess{}).data();
  const std::uint8_t* const begin = at;
  const auto put = [&](std::string_view part) { at = std::copy(part.begin(), part.end(), at); };
  put(kMagic);
  put("id: " + id.to_string() + "\ncreated: " + now.to_string() + "\nkey: ");
  const SecretBytes encoded =
      base::base64_encode_secret(key.reveal(SecretAccess{}), base::Base64::kStandard);
  put(encoded.reveal_text(SecretAccess{}));
  put("\n");
  put(crc_line(as_text({begin, static_cast<std::size_t>(at - begin)})));
  return text;
}

Status write_new_file(const std::string& path, ByteView octets) {
  const Descriptor fd(
      ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!fd.open())
    return system_error(errno == EEXIST ? Code::kConflict : Code::kUnavailable,
                        "cannot create root key file", path);
  // fchmod: the umask may only have taken bits away, which would lock us out.
  if (::fchmod(fd.get(), 0600) != 0 || !write_at(fd.get(), octets, 0) || ::fsync(fd.get()) != 0) {
    const auto error = system_error(Code::kUnavailable, "cannot write root key file", path);
    ::unlink(path.c_str());
    return error;
  }
  return sync_directory(path);
}

std::string octal(mode_t mode) {
  std::string text = "0000";
  for (std::size_t i = 4; i-- > 0; mode >>= 3) text[i] = static_cast<char>('0' + (mode & 7));
  return text;
}

Status check_file(int fd, const std::string& path) {
  struct stat info{};
  if (::fstat(fd, &info) != 0)
    return system_error(Code::kUnavailable, "cannot read root key file", path);
  if (!S_ISREG(info.st_mode))
    return fail(Code::kInvalidArgument, "root key file " + path + " is not a regular file");
  if ((info.st_mode & 0077) != 0)
    return fail(Code::kPermissionDenied, "root key file " + path + " has mode " +
                                             octal(info.st_mode & 07777) +
                                             ": others may reach it; set it to 0600");
  if (info.st_uid != ::geteuid() && info.st_uid != 0)
    return fail(Code::kPermissionDenied, "root key file " + path + " belongs to another user");
  if (static_cast<std::size_t>(info.st_size) != kSealSize)
    return fail(Code::kDataLoss, "root key file " + path + " is cut or has more than it should");
  return {};
}

// after gives what follows `label` up to the line's end, and moves `text` past it.
std::optional<std::string_view> after(std::string_view label, std::string_view& text) {
  const std::size_t end = text.find('\n');
  if (!text.starts_with(label) || end == std::string_view::npos) return std::nullopt;
  const std::string_view value = text.substr(label.size(), end - label.size());
  text.remove_prefix(end + 1);
  return value;
}

Result<RootKey> parse_seal(std::string_view text, const std::string& path) {
  const auto damaged = [&](std::string_view what) {
    return fail(Code::kDataLoss, "root key file " + path + " is damaged: " + std::string(what));
  };
  if (!text.starts_with(kMagic)) return damaged("its first line names no known format");
  if (text.substr(text.size() - kCrcLine) != crc_line(text.substr(0, text.size() - kCrcLine)))
    return damaged("its checksum differs");
  text.remove_prefix(kMagic.size());
  const auto id = after("id: ", text);
  const auto created = id ? after("created: ", text) : std::nullopt;
  const auto key = created ? after("key: ", text) : std::nullopt;
  if (!key || text.size() != kCrcLine) return damaged("its lines are not those of a key");
  const auto parsed = RootKeyId::parse(*id);
  auto octets = base::base64_decode_secret(*key, base::Base64::kStandard);
  if (!parsed || !octets || octets->size() != kKeySize)
    return damaged("its id or key cannot be read");
  return RootKey::create(*parsed, std::move(*octets));
}

}  // namespace

Result<RootKey> create_file_seal(const std::string& path, crypto::EntropyPool& entropy,
                                 WallTime now) {
  TRY_ASSIGN(crypto::Drawn drawn, entropy.draw(kKeySize));
  const RootKeyId id = RootKeyId::make(now);
  const SecretBytes text = seal_text(id, now, drawn.octets);
  TRY(write_new_file(path, text.reveal(SecretAccess{})));
  return RootKey::create(id, std::move(drawn.octets));
}

Result<RootKey> open_file_seal(const std::string& path) {
  const Descriptor fd(::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK));
  if (!fd.open()) {
    if (errno == ELOOP)
      return fail(Code::kInvalidArgument, "root key file " + path + " is a symbolic link");
    return system_error(errno == ENOENT ? Code::kNotFound : Code::kUnavailable,
                        "cannot open root key file", path);
  }
  TRY(check_file(fd.get(), path));
  SecretBytes text(kSealSize);
  if (!read_at(fd.get(), text.reveal_mutable(SecretAccess{}), 0))
    return system_error(Code::kUnavailable, "cannot read root key file", path);
  return parse_seal(text.reveal_text(SecretAccess{}), path);
}

}  // namespace quantumapi::keyring
