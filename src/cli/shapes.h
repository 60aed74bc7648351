// The JSON that commands print: the API's own member names.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/secret_bytes.h"
#include "cli/context.h"

namespace quantumapi::cli {

using Text = std::optional<std::string_view>;

// shown leaves an empty text out.
inline Text shown(std::string_view text) { return text.empty() ? Text() : Text(text); }

struct SecretShape {
  std::string_view id;
  std::string_view name;
  std::int64_t version = 0;
  Text value;
  Text description;
  Text content_type;
  std::optional<std::vector<std::string>> labels;
  bool is_active = true;
  Text created_at;
  Text updated_at;
  Text expires_at;
};
BOOST_DESCRIBE_STRUCT(SecretShape, (),
                      (id, name, version, value, description, content_type, labels, is_active,
                       created_at, updated_at, expires_at))

struct SecretPageShape {
  std::vector<SecretShape> secrets;
  std::int64_t total = 0;
  std::int64_t page = 1;
  std::int64_t page_size = 50;
  bool has_more = false;
};
BOOST_DESCRIBE_STRUCT(SecretPageShape, (), (secrets, total, page, page_size, has_more))

struct EncryptedShape {
  std::string_view encrypted_payload;
  std::string_view key_id;
  std::int64_t key_version = 0;
  std::string_view algorithm;
};
BOOST_DESCRIBE_STRUCT(EncryptedShape, (), (encrypted_payload, key_id, key_version, algorithm))

struct DecryptedShape {
  std::string_view plaintext;
};
BOOST_DESCRIBE_STRUCT(DecryptedShape, (), (plaintext))

struct RandomShape {
  std::string_view entropy;
  std::string_view format;
  std::string_view source;
  bool is_quantum = false;
};
BOOST_DESCRIBE_STRUCT(RandomShape, (), (entropy, format, source, is_quantum))

struct CheckShape {
  std::string_view name;
  std::string_view status;  // "pass", "fail", "not checked"
  std::string_view details;
};
BOOST_DESCRIBE_STRUCT(CheckShape, (), (name, status, details))

struct ChecksShape {
  std::vector<CheckShape> checks;
};
BOOST_DESCRIBE_STRUCT(ChecksShape, (), (checks))

struct VerifyShape {
  bool verified = false;
  std::int64_t first = 0;  // index of the first of the records
  std::int64_t records = 0;
  std::int64_t not_covered = 0;  // records that wait: nothing is claimed of them
  Text log;
  std::optional<std::int64_t> size;
  Text time;
  Text fault;
  std::optional<std::int64_t> index;
  Text message;
  Text follows;  // the log before this one, and how many of its events were there
  std::optional<std::int64_t> follows_size;
};
BOOST_DESCRIBE_STRUCT(VerifyShape, (),
                      (verified, first, records, not_covered, log, size, time, fault, index,
                       message, follows, follows_size))

struct HealthShape {
  std::string_view status;
  Text version;
};
BOOST_DESCRIBE_STRUCT(HealthShape, (), (status, version))

// print_json writes one JSON text and a newline; the text is wiped.
void print_line(Io& io, std::string_view line);
template <typename T>
void print_json(Io& io, const T& value) {
  WipingArena arena;
  std::pmr::string text(&arena);
  json::Writer writer(text);
  json::encode(writer, value);
  print_line(io, text);
}

}  // namespace quantumapi::cli
