// Exports line by line, and their records: a report never passes what its checkpoint does not
// cover.
#include <cstdlib>
#include <string>

#include "audit/record.h"
#include "audit/verify.h"

namespace {

using namespace quantumapi;

// The seeds are signed by the key of this seed.
crypto::MlDsaPublicKey fuzz_key() {
  auto key =
      crypto::MlDsaPrivateKey::create(crypto::MlDsa::k65, SecretBytes::copy_of(Bytes(32, 7)));
  return {crypto::MlDsa::k65, key->public_key()};
}

void require(bool holds) {
  if (!holds) std::abort();
}

audit::VerifyReport verify(std::string_view text, const std::optional<audit::Remembered>& kept,
                           std::uint64_t from_index = UINT64_MAX) {
  static const crypto::MlDsaPublicKey key = fuzz_key();
  return audit::verify_export(
      [&]() -> std::optional<std::string> {
        if (text.empty()) return std::nullopt;
        const std::size_t end = std::min(text.find('\n'), text.size());
        std::string line(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
        return line;
      },
      key, kept, from_index);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = as_text({data, size});
  const auto record = audit::RecordView::parse(text);
  if (record) (void)audit::unescape(record->resource_name);
  const auto report = verify(text, std::nullopt);
  require(report.ok == report.fault.empty());
  if (!report.ok) return 0;
  require(report.checkpoint && report.first + report.records == report.checkpoint->size);
  require(verify(text, std::nullopt, 0).ok == (report.first == 0));
  auto kept = audit::Remembered{report.checkpoint->log, report.checkpoint->size + 1, {}};
  require(verify(text, kept).fault == "truncated");
  return 0;
}
