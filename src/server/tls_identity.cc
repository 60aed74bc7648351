#include "server/tls_identity.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <filesystem>

#include "base/file.h"
#include "base/host_name.h"
#include "server/repository.h"
#include "x509/server_identity.h"

namespace quantumapi::server {
namespace {

using repository::ServerIdentityRow;

// Three years: the roots' keys are wiped after one signature, so a renewal
// means new roots at every client. Operators replace both by --tls.
constexpr std::chrono::hours kLifetime{3 * 365 * 24};
constexpr std::chrono::hours kWarnBefore{30 * 24};

constexpr std::array kTypes = {x509::KeyType::kMlDsa65, x509::KeyType::kEcdsaP256};

std::string_view to_string(x509::KeyType type) {
  return type == x509::KeyType::kMlDsa65 ? "ML-DSA-65" : "ECDSA-P-256";
}

keyring::WrapContext wrap_context(const Uuid& id) {
  return {keyring::Purpose::kServer, TenantId{}, id, 1};
}

std::vector<std::string> subject_names(const Config& config) {
  std::vector<std::string> names{"localhost", "127.0.0.1", "::1"};
  if (std::string host = base::host_name(); !host.empty() && host != "localhost")
    names.push_back(std::move(host));
  for (const std::string& name : config.hosts) names.push_back(name);
  return names;
}

Result<std::vector<ServerIdentityRow>> stored(Platform& platform) {
  return platform.database().read(
      [](store::Transaction& tx) { return repository::list_server_identities(tx); });
}

Result<ServerIdentityRow> make_identity(Platform& platform, const Config& config,
                                        x509::KeyType type, WallTime now) {
  TRY_ASSIGN(const auto root_seed, platform.entropy().draw(32));
  TRY_ASSIGN(const auto leaf_seed, platform.entropy().draw(32));
  // An hour back, so that a client whose clock is a little behind accepts it.
  TRY_ASSIGN(const auto made,
             x509::make_server_identity(type, subject_names(config), root_seed.octets,
                                        leaf_seed.octets, now - std::chrono::hours(1), kLifetime));
  ServerIdentityRow row{
      Uuid::v7(now), std::string(to_string(type)), made.leaf.chain_pem, made.root_pem, {}};
  TRY_ASSIGN(row.wrapped,
             platform.keyring().root().wrap(wrap_context(row.id), made.leaf.key_pkcs8_der));
  return row;
}

Status write_ca_file(Platform& platform, const Config& config) {
  TRY_ASSIGN(const auto rows, stored(platform));
  std::string text;
  for (const ServerIdentityRow& row : rows) text += row.root_pem;
  // Made beside and renamed: a link that stands at the name is replaced, not followed.
  const std::string path = config.data + "/ca.pem";
  const std::string made = path + ".new";
  ::unlink(made.c_str());
  const int file = ::open(made.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
  if (file < 0) return fail(Code::kUnavailable, "can't write " + made);
  const bool written =
      ::write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size()) &&
      ::fchmod(file, 0644) == 0 && ::fsync(file) == 0;
  ::close(file);
  if (!written || std::rename(made.c_str(), path.c_str()) != 0)
    return fail(Code::kUnavailable, "can't write " + path);
  return {};
}

void warn_of_expiry(const x509::Identity& identity, const Clock& clock, Logger& log) {
  const auto info = x509::describe_certificate(identity.chain_pem);
  if (!info || info->not_after - clock.wall() > kWarnBefore) return;
  const bool ended = info->not_after < clock.wall();
  log.warning(ended ? "a TLS certificate has ended" : "a TLS certificate ends within 30 days",
              {{"type", to_string(identity.type)}, {"not_after", info->not_after.to_string()}});
}

}  // namespace

Result<x509::Identity> load_tls_files(const TlsFiles& files) {
  TRY_ASSIGN(const std::string chain, base::read_file(files.chain));
  TRY_ASSIGN(std::string key_text, base::read_file(files.key));
  const SecretBytes key = SecretBytes::copy_of(key_text);
  base::wipe(key_text.data(), key_text.size());
  if (const Status usable = x509::check_server_key(key); !usable)
    return fail(usable.error().code, files.key + ": " + usable.error().message);
  auto identity = x509::load_identity(chain, key);
  if (!identity) return fail(identity.error().code, files.chain + ": " + identity.error().message);
  return identity;
}

Status check_tls_files(const TlsFiles& files, WallTime now) {
  TRY_ASSIGN(const x509::Identity identity, load_tls_files(files));
  TRY_ASSIGN(const auto chain, x509::describe_certificates(identity.chain_pem));
  for (const x509::CertificateInfo& one : chain)
    if (one.not_after < now)
      return fail(Code::kInvalidArgument,
                  files.chain + ": a certificate has ended, at " + one.not_after.to_string());
  return {};
}

Status ensure_tls_identities(Platform& platform, const Config& config, const Clock& clock) {
  TRY_ASSIGN(const auto rows, stored(platform));
  for (const x509::KeyType type : kTypes) {
    const auto same = [type](const ServerIdentityRow& row) {
      return row.key_type == to_string(type);
    };
    if (std::any_of(rows.begin(), rows.end(), same)) continue;
    const WallTime now = clock.wall();
    TRY_ASSIGN(const ServerIdentityRow row, make_identity(platform, config, type, now));
    TRY(platform.database().change(
        [&](store::Transaction& tx) { return repository::insert_server_identity(tx, row, now); }));
  }
  return write_ca_file(platform, config);
}

Result<std::shared_ptr<const http::TlsOptions>> load_tls(Platform& platform, const Config& config,
                                                         const Clock& clock, Logger& log) {
  auto options = std::make_shared<http::TlsOptions>();
  for (const TlsFiles& files : config.tls) {
    TRY_ASSIGN(auto identity, load_tls_files(files));
    options->identities.push_back(std::move(identity));
  }
  if (config.tls.empty()) {
    TRY_ASSIGN(const auto rows, stored(platform));
    for (const ServerIdentityRow& row : rows) {
      TRY_ASSIGN(auto key, platform.keyring().root().unwrap(wrap_context(row.id), row.wrapped));
      const auto type = row.key_type == to_string(x509::KeyType::kMlDsa65)
                            ? x509::KeyType::kMlDsa65
                            : x509::KeyType::kEcdsaP256;
      options->identities.push_back({type, row.chain_pem, std::move(key)});
    }
  }
  // ML-DSA first; those of one type stay in the order in which they were given.
  std::vector<x509::Identity> sorted;
  for (const x509::KeyType type : kTypes)
    for (x509::Identity& identity : options->identities)
      if (identity.type == type) sorted.push_back(std::move(identity));
  options->identities = std::move(sorted);
  for (const x509::Identity& identity : options->identities) warn_of_expiry(identity, clock, log);
  if (options->identities.empty())
    return fail(Code::kConflict,
                "there is no TLS certificate: run quantumapid init, or give --tls");
  return std::shared_ptr<const http::TlsOptions>(std::move(options));
}

}  // namespace quantumapi::server
