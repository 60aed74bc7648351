#include "cli/named_certificate.h"

#include <algorithm>
#include <filesystem>

#include "base/ids.h"
#include "cli/cert_verify.h"
#include "x509/issue.h"
#include "x509/serial.h"

namespace quantumapi::cli {
namespace {

constexpr std::ptrdiff_t kWholeNumber = 2 * std::ptrdiff_t{x509::Serial().size()};

// path_of takes an id, or a serial number as any program shows it.
std::optional<std::string> path_of(std::string_view certificate) {
  if (Uuid::parse(certificate)) return "/certificates/" + std::string(certificate);
  const auto serial = x509::parse_serial(certificate);
  if (!serial) return {};
  return "/certificates/" + Uuid{*serial}.to_string();
}

// is_whole is true for what can't be meant as anything but an id or a number.
bool is_whole(std::string_view certificate) {
  const auto colons = std::ranges::count(certificate, ':');
  return Uuid::parse(certificate).has_value() || std::ssize(certificate) - colons >= kWholeNumber;
}

// is_file is true for a link to nothing too: its name is no number for that.
bool is_file(const std::string& path) {
  std::error_code unknown;
  return path == "-" || std::filesystem::exists(std::filesystem::symlink_status(path, unknown));
}

}  // namespace

Try<NamedCertificate> certificate_named(Context& context, const std::string& certificate) {
  auto path = path_of(certificate);
  const bool whole = path && is_whole(certificate);
  if (whole || !is_file(certificate)) {
    if (!path)
      return give_up(kUsage, "a certificate is named by its file, its id or its serial number");
    return NamedCertificate{*std::move(path), {}, {}};
  }
  TRY_ASSIGN(const std::string pem, read_certificates(context, certificate));
  auto info = x509::describe_certificate(pem);
  if (!info) return give_up(kUsage, "the file holds no certificate: " + certificate);
  path = path_of(info->serial_hex);
  if (!path)
    return give_up(kUsage,
                   "the certificate is of another platform: serial number " + info->serial_hex);
  const auto chain = x509::certificate_chain_der(pem);
  if (!chain) return give_up(kUsage, "the file holds no certificate: " + certificate);
  return NamedCertificate{*std::move(path), *std::move(info),
                          x509::certificate_pem(chain->front())};
}

}  // namespace quantumapi::cli
