// TestAuthority: a platform in this process whose authority issues and revokes real certificates,
// for the tests of the SDK.
#pragma once

#include <atomic>
#include <chrono>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/encoding.h"
#include "client/test_platform.h"
#include "client/times.h"
#include "x509/crl.h"
#include "x509/issue.h"
#include "x509/request.h"

namespace quantumapi::sdk {

class TestAuthority {
 public:
  // TestAuthority has a root of its own for each `octet`.
  explicit TestAuthority(const sdk::Clock& clock = sdk::Clock::system(), std::uint8_t octet = 1)
      : clock_(clock),
        root_key_(key(octet)),
        next_octet_(static_cast<std::uint8_t>(octet + 1)),
        platform_([this](const Received& request) { return answer(request); }) {
    add_issuer("issuer", life_);
  }

  std::unique_ptr<Client> client(std::chrono::milliseconds timeout = std::chrono::seconds(10)) {
    return platform_.client("qapi_test", 0, timeout);
  }
  std::vector<std::string> lines() { return platform_.lines(); }
  std::vector<Received> received() { return platform_.received(); }
  [[nodiscard]] int issued() const { return issued_; }

  void set_down(bool down) { down_ = down; }
  // set_slow keeps whoever asks for a certificate, or to renew one, waiting.
  void set_slow(std::chrono::milliseconds wait) { slow_ = wait; }
  void set_lifetime(std::chrono::seconds lifetime) { lifetime_ = lifetime; }
  // set_other_key lets the next certificates be for a key that nobody asked for.
  void set_other_key(bool other) { other_key_ = other; }
  // forget lets it know no certificate that it issued, as from an older backup.
  void forget() {
    const std::scoped_lock lock(mutex_);
    holders_.clear();
  }
  // renew_issuer puts a new intermediate below the same root; the one before stays listed.
  void renew_issuer() {
    const std::scoped_lock lock(mutex_);
    add_issuer("issuer-" + std::to_string(++issuers_made_),
               {now() - kBackdate, std::chrono::hours(24 * 300)});
  }
  // restore lets it know the newest issuer no more, nor any certificate, as from an older backup.
  void restore() {
    const std::scoped_lock lock(mutex_);
    issuers_.pop_back();
    holders_.clear();
  }
  // set_slow_issuers keeps whoever asks for the issuers waiting.
  void set_slow_issuers(std::chrono::milliseconds wait) { slow_issuers_ = wait; }
  void revoke(const std::string& serial_hex) {
    const std::scoped_lock lock(mutex_);
    revoked_.push_back({base::from_hex(serial_hex).value(), now(), {}});
    ++list_number_;
  }
  // set_signer_ahead lets lists be signed by a replica whose clock is ahead by so much, or behind.
  void set_signer_ahead(std::chrono::seconds by) { signer_ahead_ = by; }
  // set_lag lets lists come from a replica that has not heard of the last so many revocations.
  void set_lag(std::size_t count) { lag_ = count; }
  // renumber lets the next list have that number, as from an older backup.
  void renumber(std::uint64_t number) {
    const std::scoped_lock lock(mutex_);
    list_number_ = number;
  }

  static std::string uri_of(const std::string& identity) {
    return "spiffe://example.org/ns/" + identity + "/sa/" + identity;
  }

 private:
  struct Authority {
    std::string id;
    crypto::SigningKey key;
    Bytes certificate;
  };

  static constexpr std::chrono::seconds kBackdate{660};  // as the platform's

  static crypto::SigningKey key(std::uint8_t octet) {
    return crypto::SigningKey::create("ML-DSA-65", SecretBytes::copy_of(Bytes(32, octet))).value();
  }
  [[nodiscard]] WallTime now() const { return {wall_time_of(clock_.wall()).seconds() * 1'000'000}; }

  http::Reply answer(const Received& request) {
    if (down_)
      return TestPlatform::json(R"({"error":"service_unavailable","message":"down"})", 503);
    if (request.line.starts_with("POST ")) std::this_thread::sleep_for(slow_.load());
    if (request.line.ends_with("/issuers")) std::this_thread::sleep_for(slow_issuers_.load());
    const std::scoped_lock lock(mutex_);
    if (request.line == "POST /api/v1/certificates")
      return issue(text_of(request.body, "identity"), request);
    for (const auto& [serial, identity] : holders_)
      if (request.line == "POST /api/v1/certificates/" + serial + "/renew")
        return issue(identity, request);
    for (const Authority& issuer : issuers_) {
      const std::string of_issuer = "GET /api/v1/cas/" + issuer.id;
      if (request.line == of_issuer + "/issuers") return issuers();
      if (request.line == of_issuer + "/crl") return revocation_list(issuer, request);
    }
    return TestPlatform::json(R"({"error":"not_found"})", 404);
  }

  static std::string member(const std::string& name, const std::string& text) {
    std::string out = "\"" + name + "\":\"";
    for (const char c : text) out += c == '\n' ? std::string("\\n") : std::string(1, c);
    return out + "\"";
  }
  static std::string text_of(const std::string& body, const std::string& name) {
    WipingArena arena;
    const auto parsed = json::parse(body, arena);
    const json::Value* const found = parsed ? parsed->find(name) : nullptr;
    return found == nullptr ? std::string() : std::string(found->text);
  }

  http::Reply issue(const std::string& identity, const Received& request) {
    const Authority& issuer = issuers_.back();
    auto asked = x509::parse_request(text_of(request.body, "csr"));
    if (!asked) return TestPlatform::json(R"({"error":"bad_csr"})", 400);
    if (other_key_) {
      x509::SubjectNames names;
      names.common_name = "other";
      asked = x509::parse_request(x509::make_request(names, key(9)).value());
    }
    asked->names.common_name = identity;
    asked->names.uris = {uri_of(identity)};
    const x509::Validity validity{now() - kBackdate, lifetime_.load() + kBackdate};
    const auto tbs = x509::prepare_leaf(*asked, {}, issuer.certificate, validity).value();
    const Bytes leaf = x509::sign_certificate(tbs, issuer.key).value();
    const std::string serial = base::to_hex(tbs.serial);
    holders_[serial] = identity;
    ++issued_;
    return TestPlatform::json(
        "{" + member("id", serial) + "," + member("serialNumber", serial) + "," +
            member("identity", identity) + "," + member("status", "active") + "," +
            member("keyType", "ML-DSA-65") + "," + member("spiffeId", uri_of(identity)) + "," +
            member("caId", issuer.id) + "," + member("notBefore", tbs.not_before.to_string()) +
            "," + member("notAfter", tbs.not_after.to_string()) + "," +
            member("createdAt", now().to_string()) + "," +
            member("chainPem",
                   x509::certificate_pem(leaf) + x509::certificate_pem(issuer.certificate)) +
            "," + member("caPem", x509::certificate_pem(root_)) + "}",
        201);
  }

  void add_issuer(std::string id, x509::Validity life) {
    auto issuer_key = key(next_octet_++);
    const auto tbs = x509::prepare_intermediate("Test " + id, issuer_key, root_, life).value();
    issuers_.push_back(
        {std::move(id), std::move(issuer_key), x509::sign_certificate(tbs, root_key_).value()});
  }

  http::Reply issuers() {
    std::string all;
    for (const Authority& issuer : issuers_)
      all += (all.empty() ? "{" : ",{") + member("id", issuer.id) + "," +
             member("certificatePem", x509::certificate_pem(issuer.certificate)) + "}";
    return TestPlatform::json(R"({"issuers":[)" + all + "]}");
  }

  http::Reply revocation_list(const Authority& issuer, const Received& request) {
    if (now() - signed_at_ > std::chrono::hours(12)) {
      signed_at_ = now();
      ++list_number_;
    }
    const std::uint64_t number = list_number_ - lag_;
    const WallTime signed_at = now() + signer_ahead_.load();
    const std::string tag = "\"" + std::to_string(number) + "\"";
    const auto asked = request.headers.find("if-none-match");
    http::Reply reply = http::Reply::empty(304);
    if (asked == request.headers.end() || asked->second != tag) {
      const x509::RevocationList list{
          .number = number,
          .this_update = signed_at,
          .next_update = signed_at + std::chrono::hours(24),
          .revoked = {revoked_.begin(), revoked_.end() - static_cast<std::ptrdiff_t>(lag_)}};
      reply = http::Reply::text(
          base::as_text(x509::make_crl(list, issuer.certificate, issuer.key).value()),
          "application/pkix-crl");
    }
    reply.headers.emplace_back("ETag", tag);
    return reply;
  }

  const sdk::Clock& clock_;
  crypto::SigningKey root_key_;
  std::uint8_t next_octet_;
  x509::Validity life_{now() - std::chrono::hours(24), std::chrono::hours(24 * 365)};
  Bytes root_ = x509::sign_certificate(x509::prepare_root("Test root", root_key_, 1, life_).value(),
                                       root_key_)
                    .value();

  std::atomic<bool> down_ = false;
  std::atomic<bool> other_key_ = false;
  std::atomic<std::chrono::milliseconds> slow_{};
  std::atomic<std::chrono::milliseconds> slow_issuers_{};
  std::atomic<std::chrono::seconds> signer_ahead_{};
  std::atomic<std::size_t> lag_ = 0;
  std::atomic<int> issued_ = 0;
  std::atomic<std::chrono::seconds> lifetime_{std::chrono::hours(24)};
  std::mutex mutex_;  // guards what follows
  std::vector<Authority> issuers_;
  int issuers_made_ = 1;
  std::map<std::string, std::string> holders_;  // the identities of certificates, by serial
  std::vector<x509::RevokedCertificate> revoked_;
  std::uint64_t list_number_ = 1;
  WallTime signed_at_;
  TestPlatform platform_;
};

}  // namespace quantumapi::sdk
