#include "quantumapi/encryption_service.h"

#include <algorithm>
#include <atomic>
#include <system_error>
#include <thread>

#include "base/encoding.h"
#include "base/search_text.h"
#include "client/deadline.h"
#include "client/encryption.h"
#include "client/error.h"
#include "crypto/hash.h"

namespace quantumapi::sdk {
namespace {

// What a request holds at most where it holds several fields, as JSON, well below the platform's
// limit.
constexpr std::size_t kRequestOctets = 1024 * 1024;

// cut splits the fields, in their order, into what one request each can take.
template <typename Field>
std::vector<std::span<const Field>> cut(std::span<const Field> fields, std::size_t most) {
  std::vector<std::span<const Field>> parts;
  std::size_t begin = 0;
  std::size_t octets = 0;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const std::size_t size = size_of(fields[i]);
    if (i > begin && (i - begin == most || octets + size > kRequestOctets)) {
      parts.push_back(fields.subspan(begin, i - begin));
      begin = i;
      octets = 0;
    }
    octets += size;
  }
  if (begin < fields.size()) parts.push_back(fields.subspan(begin));
  return parts;
}

// for_each_index runs work(0) … work(count - 1) on up to `parallel` threads, this one among them;
// on those that can be made, where the process may have no more.
template <typename Work>
void for_each_index(std::size_t count, std::size_t parallel, const Work& work) {
  std::atomic<std::size_t> next = 0;
  const auto run = [&] {
    for (std::size_t i = next++; i < count; i = next++) work(i);
  };
  std::vector<std::jthread> helpers;
  try {
    for (std::size_t i = 1; i < std::min(parallel, count); ++i) helpers.emplace_back(run);
  } catch (const std::system_error&) {
  }
  run();
}

// each_failed gives each of so many fields the same error.
template <typename T>
std::vector<Result<T>> each_failed(std::size_t count, const Error& error) {
  std::vector<Result<T>> results;
  results.reserve(count);
  for (std::size_t i = 0; i < count; ++i) results.push_back(std::unexpected(error));
  return results;
}

// all_fields sends the parts and joins their results in order; where a request failed, each of
// its fields has that error.
template <typename T, typename Field, typename Send>
std::vector<Result<T>> all_fields(std::span<const Field> fields, std::size_t most,
                                  std::size_t parallel, const Send& send) {
  if (parallel > EncryptionService::kMaxParallel)
    return each_failed<T>(
        fields.size(),
        invalid_option("parallel", "is at most " + std::to_string(EncryptionService::kMaxParallel))
            .error());
  const auto parts = cut(fields, most);
  std::vector<std::vector<Result<T>>> answered(parts.size());
  for_each_index(parts.size(), parallel, [&](std::size_t i) {
    auto results = send(parts[i]);
    answered[i] = results ? *std::move(results) : each_failed<T>(parts[i].size(), results.error());
  });
  std::vector<Result<T>> joined;
  joined.reserve(fields.size());
  for (auto& part : answered)
    for (auto& result : part) joined.push_back(std::move(result));
  return joined;
}

}  // namespace

Result<std::string> plain_search_hash(std::string_view text) {
  const auto normal = base::search_text(text);
  if (!normal) return fail(Kind::kInvalid, "invalid_request", normal.error().message);
  return base::to_hex(crypto::sha3_256(normal->reveal(SecretAccess{})));
}

EncryptionService::EncryptionService(Client& client) : EncryptionService(client, Options()) {}

EncryptionService::EncryptionService(Client& client, Options options)
    : client_(client), options_(options) {
  options_.fields_per_request =
      std::clamp<std::size_t>(options_.fields_per_request, 1, Encryption::kMaxBatch);
}

std::vector<Result<std::string>> EncryptionService::encrypt_fields(
    std::span<const Plaintext> fields, const Call& call) const {
  const Deadline deadline(call, client_.timeout());
  return all_fields<std::string>(
      fields, options_.fields_per_request, options_.parallel,
      [&](auto part) { return client_.encryption(deadline.rest()).encrypt_batch(part); });
}

std::vector<Result<SecretString>> EncryptionService::decrypt_fields(std::span<const Sealed> fields,
                                                                    const Call& call) const {
  const Deadline deadline(call, client_.timeout());
  return all_fields<SecretString>(
      fields, options_.fields_per_request, options_.parallel,
      [&](auto part) { return client_.encryption(deadline.rest()).decrypt_batch(part); });
}

Result<std::string> EncryptionService::searchable_hash(std::string_view value,
                                                       const Call& call) const {
  if (options_.search_hash == SearchHash::kPlain) return plain_search_hash(value);
  return client_.encryption(call).search_hash(value);
}

}  // namespace quantumapi::sdk
