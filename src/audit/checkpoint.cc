#include "audit/checkpoint.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/encoding.h"

namespace quantumapi::audit {
namespace {

constexpr std::size_t kMaxText = 8 * 1024;  // a signature in base64 is 4,412 characters

std::unexpected<Error> malformed(std::string_view what) {
  return fail(Code::kInvalidArgument, fmt::format("the checkpoint is malformed: {}", what));
}

// take_line gives the text up to the next newline and moves past it.
Result<std::string_view> take_line(std::string_view& rest) {
  const std::size_t end = rest.find('\n');
  if (end == std::string_view::npos) return malformed("a line is missing");
  const std::string_view line = rest.substr(0, end);
  rest.remove_prefix(end + 1);
  return line;
}

template <typename Number>
Result<Number> number_of(std::string_view text) {
  Number number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return malformed("a number");
  return number;
}

Result<Digest> digest_of(std::string_view text) {
  TRY_ASSIGN(const Bytes octets, base::base64_decode(text, base::Base64::kStandard));
  Digest digest;
  if (octets.size() != digest.size()) return malformed("the root");
  std::ranges::copy(octets, digest.begin());
  return digest;
}

// parse_body moves `text` to what follows the empty line.
Result<Checkpoint> parse_body(std::string_view& text) {
  Checkpoint checkpoint;
  TRY_ASSIGN(const auto origin, take_line(text));
  if (!origin.starts_with(kCheckpointOrigin)) return malformed("the first line");
  TRY_ASSIGN(checkpoint.log, Uuid::parse(origin.substr(kCheckpointOrigin.size())));
  TRY_ASSIGN(const auto size, take_line(text));
  TRY_ASSIGN(checkpoint.size, number_of<std::uint64_t>(size));
  TRY_ASSIGN(const auto root, take_line(text));
  TRY_ASSIGN(checkpoint.root, digest_of(root));
  TRY_ASSIGN(const auto time, take_line(text));
  TRY_ASSIGN(checkpoint.time, WallTime::parse(time));
  TRY_ASSIGN(const auto key, take_line(text));
  const std::size_t space = key.find(' ');
  if (space == std::string_view::npos) return malformed("the key");
  TRY_ASSIGN(checkpoint.key, KeyId::parse(key.substr(0, space)));
  TRY_ASSIGN(checkpoint.key_version, number_of<std::uint32_t>(key.substr(space + 1)));
  TRY_ASSIGN(const auto empty, take_line(text));
  if (!empty.empty()) return malformed("the empty line is missing");
  return checkpoint;
}

}  // namespace

std::string body_text(const Checkpoint& checkpoint) {
  return fmt::format("{}{}\n{}\n{}\n{}\n{} {}\n\n", kCheckpointOrigin, checkpoint.log.to_string(),
                     checkpoint.size, base::base64_encode(checkpoint.root, base::Base64::kStandard),
                     checkpoint.time.to_string(), checkpoint.key.to_string(),
                     checkpoint.key_version);
}

Result<std::string> sign(const Checkpoint& checkpoint, const crypto::MlDsaPrivateKey& key) {
  std::string text = body_text(checkpoint);
  TRY_ASSIGN(const Bytes signature, key.sign(as_bytes(text), kCheckpointContext));
  text += base::base64_encode(signature, base::Base64::kStandard);
  text += '\n';
  return text;
}

Result<Checkpoint> parse_statement(std::string_view text) { return parse_body(text); }

Result<Checkpoint> verify(std::string_view text, const crypto::MlDsaPublicKey& key) {
  if (text.size() > kMaxText) return malformed("too long");
  std::string_view rest = text;
  auto parsed = parse_body(rest);
  if (!parsed) return std::unexpected(Error{Code::kInvalidArgument, parsed.error().message});
  const std::string_view body = text.substr(0, text.size() - rest.size());
  // One statement has one text: no other case, zone, or leading zero passes.
  if (body_text(*parsed) != body) return malformed("not in its one form");
  if (!rest.ends_with('\n')) return malformed("the signature line");
  rest.remove_suffix(1);
  const auto signature = base::base64_decode(rest, base::Base64::kStandard);
  if (!signature) return malformed("the signature");
  if (key.parameter_set != crypto::MlDsa::k65 ||
      !crypto::ml_dsa_verify(key.parameter_set, key.encoded, as_bytes(body), kCheckpointContext,
                             *signature))
    return fail(Code::kDataLoss, "the checkpoint's signature does not verify", "bad_signature");
  return parsed;
}

}  // namespace quantumapi::audit
