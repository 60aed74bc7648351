// POST /qrng/entropy.
#include <algorithm>
#include <array>
#include <new>

#include "base/encoding.h"
#include "base/json_request.h"
#include "encryption/handlers.h"
#include "encryption/wire.h"
#include "keyring/octets.h"

namespace quantumapi::encryption {
namespace {

using http::Call;
using http::Reply;
using json::Value;

constexpr std::int64_t kMaxBytes = 65'536;
constexpr std::int64_t kDefaultBytes = 32;
// Where there is no quota: the published clients want a number, and this one is not reached.
constexpr double kUnlimitedMb = EntropyQuota::kMaxMegabytes;

double megabytes(std::int64_t octets) {
  return static_cast<double>(octets) / EntropyQuota::kMegabyte;
}

// Format is how the octets are given; `unit` octets make one item.
struct Format {
  std::string_view name;
  std::int64_t unit;
};
constexpr std::array<Format, 5> kFormats{
    {{"raw", 1}, {"hex", 1}, {"uuid", 16}, {"int32", 4}, {"int64", 8}}};

std::unexpected<Error> refuse(std::string field, std::string message, std::string reason) {
  auto error = fail_field(std::move(field), std::move(message));
  error.error().reason = std::move(reason);
  return error;
}

struct Wanted {
  Format format;
  std::int64_t bytes;
};

Result<Wanted> wanted_of(const EntropyRequest& request) {
  const std::string_view name = request.format.value_or("raw");
  const auto format =
      std::ranges::find_if(kFormats, [&](const Format& each) { return each.name == name; });
  if (format == kFormats.end())
    return refuse("format", "must be raw, hex, uuid, int32 or int64", "invalid_format");
  const std::int64_t bytes = request.bytes.value_or(kDefaultBytes);
  if (bytes < 1 || bytes > kMaxBytes)
    return refuse("bytes", "must be between 1 and 65536", "invalid_request");
  if (bytes % format->unit != 0)
    return refuse("bytes",
                  "must be a multiple of " + std::to_string(format->unit) + " in this format",
                  "invalid_request");
  return Wanted{*format, bytes};
}

// draw gives quantum octets, or the generator's where the caller allows them.
Result<crypto::Drawn> draw(crypto::EntropyPool& entropy, std::size_t size, const Call& call) {
  auto drawn = entropy.draw_quantum(size);
  if (drawn || drawn.error().reason != "qrng_unavailable") return drawn;
  if (call.request().header("X-Allow-Csprng").value_or("") != "true") return drawn;
  return entropy.draw(size);
}

// All texts and arrays lie in the request's arena, which is wiped.
Value text_value(std::string_view text) {
  Value value;
  value.kind = Value::Kind::kString;
  value.text = text;
  return value;
}

Value raw_value(ByteView octets, Call& call) {
  const SecretBytes encoded = base::base64_encode_secret(octets, base::Base64::kStandard);
  char* const text = static_cast<char*>(call.arena().allocate(encoded.size(), 1));
  encoded.reveal_text(SecretAccess{}).copy(text, encoded.size());
  return text_value({text, encoded.size()});
}

// hex without a table: no address depends on what is to be kept secret.
char digit(unsigned nibble) {
  return static_cast<char>(nibble + '0' + ((9U - nibble) >> 8 & ('a' - '0' - 10)));
}

Value hex_value(ByteView octets, Call& call) {
  const std::size_t size = octets.size() * 2;
  char* const text = static_cast<char*>(call.arena().allocate(size, 1));
  for (std::size_t i = 0; i < octets.size(); ++i) {
    text[2 * i] = digit(octets[i] >> 4);
    text[2 * i + 1] = digit(octets[i] & 15U);
  }
  return text_value({text, size});
}

// uuid_value is a UUID of version 4 (RFC 9562 section 5.4): 122 of its bits are random.
Value uuid_value(ByteView octets, Call& call) {
  Uuid uuid;
  std::ranges::copy(octets, uuid.octets.begin());
  uuid.octets[6] = static_cast<std::uint8_t>((uuid.octets[6] & 0x0F) | 0x40);
  uuid.octets[8] = static_cast<std::uint8_t>((uuid.octets[8] & 0x3F) | 0x80);
  char* const text = static_cast<char*>(call.arena().allocate(Uuid::kTextSize, 1));
  uuid.write_to(text);
  base::wipe(&uuid, sizeof uuid);
  return text_value({text, Uuid::kTextSize});
}

// integer_value is signed and little-endian, of four or eight octets.
Value integer_value(ByteView octets) {
  std::uint64_t number = 0;
  for (std::size_t i = octets.size(); i-- > 0;) number = number << 8 | octets[i];
  Value value;
  value.kind = Value::Kind::kInt;
  value.integer =
      octets.size() == 4 ? static_cast<std::int32_t>(number) : static_cast<std::int64_t>(number);
  return value;
}

Value entropy_value(const Format& format, ByteView octets, Call& call) {
  if (format.name == "raw") return raw_value(octets, call);
  if (format.name == "hex") return hex_value(octets, call);
  const auto unit = static_cast<std::size_t>(format.unit);
  const std::size_t count = octets.size() / unit;
  auto* const items =
      static_cast<Value*>(call.arena().allocate(count * sizeof(Value), alignof(Value)));
  for (std::size_t i = 0; i < count; ++i) {
    const ByteView item = octets.subspan(i * unit, unit);
    new (items + i) Value(format.name == "uuid" ? uuid_value(item, call) : integer_value(item));
  }
  Value value;
  value.kind = Value::Kind::kArray;
  value.items = {items, count};
  return value;
}

}  // namespace

// The quota is asked before the sources are, so that what is refused draws nothing, and charged
// for what was drawn: a source that does not answer costs nothing. Of calls at once that all
// found enough left, take refuses those that are too many.
Result<Reply> handle_entropy(crypto::EntropyPool& entropy, EntropyQuota& quota, Call& call) {
  TRY_ASSIGN(const auto request,
             json::decode_request<EntropyRequest>(call.request().body, call.arena()));
  TRY_ASSIGN(const Wanted wanted, wanted_of(request));
  const TenantId tenant = call.principal().tenant;
  TRY_ASSIGN(auto left, quota.ask(tenant, wanted.bytes, call.now()));
  TRY_ASSIGN(const crypto::Drawn drawn,
             draw(entropy, static_cast<std::size_t>(wanted.bytes), call));
  if (left.limit) {
    TRY_ASSIGN(left, quota.take(tenant, wanted.bytes, call.now()));
  }
  const std::string_view sources = drawn.state.sources;
  const EntropyReply reply{
      .entropy = entropy_value(wanted.format, drawn.octets.reveal(SecretAccess{}), call),
      .format = wanted.format.name,
      .source = drawn.state.quantum ? "qrng" : "csprng",
      .source_details = {drawn.state.quantum ? "qrng" : sources, drawn.state.quantum, call.now()},
      .consumed_bytes = wanted.bytes,
      .quota_limit_mb = left.limit ? megabytes(*left.limit) : kUnlimitedMb,
      .quota_remaining_mb = left.limit ? megabytes(left.remaining()) : kUnlimitedMb,
      .request_id = call.request().id.to_string()};
  call.audit(call.event());
  return Reply::json(call.request(), reply);
}

}  // namespace quantumapi::encryption
