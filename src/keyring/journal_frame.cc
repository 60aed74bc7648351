#include "keyring/journal_frame.h"

#include <algorithm>

#include "keyring/octets.h"

namespace quantumapi::keyring {
namespace {

constexpr std::string_view kMagic = "QAPIKJ01";
constexpr std::size_t kMacSize = 32;
constexpr std::size_t kSector = 512;

bool is_kind(std::uint8_t kind) {
  return kind >= static_cast<std::uint8_t>(JournalEntry::Kind::kKeyVersion) &&
         kind <= static_cast<std::uint8_t>(JournalEntry::Kind::kVersionRefused);
}

bool is_purpose(std::uint8_t purpose) {
  return parse_purpose(to_string(static_cast<Purpose>(purpose))).has_value();
}

std::optional<JournalEntry> read_entry(Reader& reader) {
  const auto kind = reader.number<std::uint8_t>();
  const auto time = reader.number<std::uint64_t>();
  const auto tenant = reader.uuid();
  const auto object = reader.uuid();
  const auto version = reader.number<std::uint32_t>();
  const auto purpose = reader.number<std::uint8_t>();
  const auto algorithm = reader.field();
  const auto wrapped = reader.field();
  if (!wrapped || !algorithm || !is_kind(*kind) || !is_purpose(*purpose)) return std::nullopt;
  return JournalEntry{.kind = static_cast<JournalEntry::Kind>(*kind),
                      .time = {static_cast<std::int64_t>(*time)},
                      .tenant = {*tenant},
                      .object = *object,
                      .version = *version,
                      .algorithm = std::string(as_text(*algorithm)),
                      .purpose = static_cast<Purpose>(*purpose),
                      .wrapped = Bytes(wrapped->begin(), wrapped->end())};
}

// has_unwritten_sector: a file grows before all of its sectors reach the disk,
// and one that did not reads as zeros. MACs and wraps have no such runs.
bool has_unwritten_sector(ByteView file, std::size_t offset) {
  while (offset < file.size()) {
    const std::size_t next = std::min(file.size(), (offset / kSector + 1) * kSector);
    const ByteView part = file.subspan(offset, next - offset);
    if (part.size() >= 4 && std::ranges::all_of(part, [](std::uint8_t b) { return b == 0; }))
      return true;
    offset = next;
  }
  return false;
}

}  // namespace

void append_entry(Bytes& body, const JournalEntry& entry) {
  put_number(body, static_cast<std::uint8_t>(entry.kind));
  put_number(body, static_cast<std::uint64_t>(entry.time.micros));
  base::append(body, entry.tenant.bytes());
  base::append(body, entry.object.bytes());
  put_number(body, entry.version);
  put_number(body, static_cast<std::uint8_t>(entry.purpose));
  put_field(body, entry.algorithm);
  put_field(body, entry.wrapped);
}

Result<std::vector<JournalEntry>> parse_entries(ByteView body) {
  std::vector<JournalEntry> entries;
  Reader reader(body);
  do {
    auto entry = read_entry(reader);
    if (!entry) return fail(Code::kDataLoss, "an entry of the key journal is malformed");
    entries.push_back(std::move(*entry));
  } while (!reader.at_end());
  return entries;
}

FrameCode::FrameCode(SecretBytes key, const Uuid& installation, RootKeyId root)
    : key_(std::move(key)), installation_(installation), root_(root) {}

crypto::Digest FrameCode::mac(std::uint64_t offset, ByteView body) const {
  std::uint8_t at[8];
  store(offset, at);
  return crypto::hmac_sha256(key_.reveal(SecretAccess{}), {installation_.bytes(), at, body});
}

bool FrameCode::verifies(std::uint64_t offset, ByteView body, ByteView claimed) const {
  return equal_constant_time(mac(offset, body), claimed);
}

Bytes FrameCode::header() const {
  Bytes out;
  base::append(out, as_bytes(kMagic));
  base::append(out, installation_.bytes());
  base::append(out, root_.bytes());
  base::append(out, mac(0, out));
  return out;
}

Status FrameCode::check_header(ByteView file) const {
  if (file.size() < kJournalHeaderSize || as_text(file.first(kMagic.size())) != kMagic)
    return fail(Code::kDataLoss, "the file is no key journal");
  TRY_ASSIGN(const Uuid installation, Uuid::from_bytes(file.subspan(8, 16)));
  TRY_ASSIGN(const RootKeyId root, RootKeyId::from_bytes(file.subspan(24, 16)));
  if (installation != installation_)
    return fail(Code::kConflict, "the key journal belongs to installation " +
                                     installation.to_string() + ", this is " +
                                     installation_.to_string());
  if (root != root_)
    return fail(Code::kConflict, "the key journal was written under root key " + root.to_string() +
                                     ", this is " + root_.to_string());
  if (!verifies(0, file.first(40), file.subspan(40, kMacSize)))
    return fail(Code::kDataLoss, "the header of the key journal does not verify");
  return {};
}

Bytes FrameCode::frame(std::uint64_t offset, ByteView body) const {
  Bytes out;
  out.reserve(body.size() + kFrameOverhead);
  put_field(out, body);
  base::append(out, mac(offset, body));
  return out;
}

std::optional<ByteView> FrameCode::body_at(ByteView file, std::size_t offset) const {
  const ByteView rest = file.subspan(offset);
  if (rest.size() <= kFrameOverhead) return std::nullopt;
  const std::size_t size = load<std::uint32_t>(rest.data());
  if (size == 0 || size > kMaxFrameBody || size > rest.size() - kFrameOverhead) return std::nullopt;
  const ByteView body = rest.subspan(4, size);
  if (!verifies(offset, body, rest.subspan(4 + size, kMacSize))) return std::nullopt;
  return body;
}

// half_written tells a crash in the last write from damage. A crash leaves one
// frame, cut or with sectors that read as zeros. A frame that is all there but
// for its length field, or that has a good one after it, was damaged.
bool FrameCode::half_written(ByteView file, std::size_t offset) const {
  const ByteView rest = file.subspan(offset);
  for (std::size_t later = offset + 1; later < file.size(); ++later)
    if (body_at(file, later)) return false;
  if (rest.size() > kFrameOverhead &&
      verifies(offset, rest.subspan(4, rest.size() - kFrameOverhead), rest.last(kMacSize)))
    return false;
  if (has_unwritten_sector(file, offset)) return true;
  if (rest.size() < 4) return true;
  const std::size_t size = load<std::uint32_t>(rest.data());
  return size > 0 && size <= kMaxFrameBody && rest.size() < size + kFrameOverhead;
}

Result<std::size_t> FrameCode::end_of(ByteView file) const {
  TRY(check_header(file));
  std::size_t offset = kJournalHeaderSize;
  while (offset < file.size()) {
    const auto body = body_at(file, offset);
    if (!body && half_written(file, offset)) return offset;
    if (!body || !parse_entries(*body))
      return fail(Code::kDataLoss, "the key journal is damaged at octet " + std::to_string(offset));
    offset += kFrameOverhead + body->size();
  }
  return offset;
}

}  // namespace quantumapi::keyring
