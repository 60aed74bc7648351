// What batches have in common: their items, and what fails one item or the whole call.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json_request.h"
#include "encryption/wire.h"
#include "http/route.h"

namespace quantumapi::encryption {

inline constexpr std::size_t kMaxBatch = 1000;
inline constexpr std::size_t kMaxPureBatch = 8;  // more belong on the pool

// check_batch: kInvalidArgument naming items unless they are an array of 1 to
// 1,000; kWouldBlock when they are too many for an I/O thread.
Status check_batch(const json::Value& items, const http::Call& call);

// check_bound_nowhere refuses what ciphertexts are bound to (`name`) beside the items: each item
// has its own, and ignored it would bind none.
Status check_bound_nowhere(const std::optional<json::Value>& beside, std::string_view name);

// text_of gives the member of an item: nothing where it may be absent and is.
// kInvalidArgument names it when it is missing, no text, or given twice.
Result<std::string_view> text_of(const json::Value& item, std::string_view folded,
                                 std::string_view name);
Result<std::optional<std::string_view>> optional_text_of(const json::Value& item,
                                                         std::string_view folded,
                                                         std::string_view name);

// fails_call is true for what concerns more than the item it was met at: a key
// version below its minimum, the store, a defect.
bool fails_call(const Error& error);
ItemError item_error(const Error& error);

// note_error writes what an item's error is in its result.
inline void note_error(std::optional<ItemError>& out, const Error& error) {
  out = item_error(error);
}
inline void note_error(std::optional<std::string>& out, const Error& error) { out = error.message; }

// perform_items lets `perform` fill in a result for each item, counts those that failed, and
// answers an error of which `fails` holds for the whole call.
template <typename AnyResult, typename Perform>
Result<std::size_t> perform_items(const json::Value& items, std::vector<AnyResult>& results,
                                  const Perform& perform,
                                  bool (*fails)(const Error&) = fails_call) {
  results.resize(items.items.size());
  std::size_t failed = 0;
  for (std::size_t i = 0; i < results.size(); ++i) {
    results[i].index = static_cast<std::int64_t>(i);
    const Status done = perform(items.items[i], results[i]);
    if (!done && fails(done.error())) return std::unexpected(done.error());
    failed += !done;
    if (!done) note_error(results[i].error, done.error());
  }
  return failed;
}

}  // namespace quantumapi::encryption
