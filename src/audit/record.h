// RecordView: the members of an audit record, read without building a tree.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace quantumapi::audit {

// RecordView views the text members of a record as they stand there, between
// their quotes and still escaped; absent ones are empty. docs/formats/audit.md
// says what each means.
struct RecordView {
  std::string_view account;
  std::string_view action;
  std::string_view actor_type;
  std::string_view algorithm;
  std::string_view api_key;
  std::string_view category;
  std::string_view channel;
  std::string_view error;
  std::string_view outcome;
  std::string_view personal;  // base64
  std::string_view request;
  std::string_view resource;
  std::string_view resource_name;
  std::string_view resource_type;
  std::string_view tenant;
  std::string_view time;
  std::optional<std::int64_t> batch_size;
  std::optional<std::int64_t> failed_items;
  std::optional<std::int64_t> key_version;

  // parse reads what base::encode_record writes: one object of texts and whole
  // numbers. Members it does not know are passed over. kDataLoss otherwise.
  static Result<RecordView> parse(std::string_view record);
};

// RecordTerms is what the sequencer needs of each record; `key` is the resource
// of an event about a key, else empty.
struct RecordTerms {
  std::string_view action;
  std::string_view category;
  std::string_view key;
  std::string_view time;

  // find reads canonical records only, in one pass that stops at each member it
  // wants. kDataLoss when one is missing.
  static Result<RecordTerms> find(std::string_view record);
};

// unescape gives the text that a member's escaped form stands for.
std::string unescape(std::string_view escaped);

}  // namespace quantumapi::audit
