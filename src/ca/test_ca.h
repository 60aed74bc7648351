// CaTest: a tenant with a certificate authority on a fresh store, for the tests of this room.
#pragma once

#include "access/testing/test_access.h"
#include "ca/service.h"
#include "x509/issue.h"
#include "x509/verify.h"

namespace quantumapi::ca {

using keyring::testing::expect;
using keyring::testing::expect_code;
using std::chrono::seconds;

// CaTest is the fixture of suites that run on both engines.
class CaTest : public access::testing::AccessTest {
 protected:
  void SetUp() override {
    AccessTest::SetUp();
    restart_ca();
    expect(ca().create_first(tenant().tenant.id, false, event("ca.create")));
  }
  void TearDown() override {
    ca_keeper_.reset();
    ca_.reset();
    AccessTest::TearDown();
  }

  // restart_ca makes a new service with empty caches, as another replica would be.
  void restart_ca(CaService::Options options = {}) {
    ca_keeper_.reset();
    ca_ = make_ca(std::move(options));
    ca_keeper_ = std::make_unique<store::CacheKeeper>(db(), clock(), ca_->caches());
  }
  std::unique_ptr<CaService> make_ca(CaService::Options options = {}) {
    return std::make_unique<CaService>(db(), keys(), service(), entropy(), clock(), metrics_,
                                       std::move(options));
  }

  // account makes a service account with a key that may get certificates.
  Principal account(const std::string& name, Role role = Role::kMember) {
    return principal(text_of(make(access::NewApiKey{
        .name = name,
        .role = role,
        .scopes = {"certificates:issue", "certificates:read", "certificates:revoke"}})));
  }

  // identity makes one of `holder`'s that may have the name.
  Identity identity(const Principal& holder, const std::string& name) {
    return expect(ca().create_identity(owner(), wanted(holder, name), event("identity.create")));
  }
  static CaService::NewIdentity wanted(const Principal& holder, const std::string& name) {
    CaService::NewIdentity identity;
    identity.name = name;
    identity.service_account = holder.account.to_string();
    identity.dns_names = {name + ".internal", "*." + name + ".internal"};
    return identity;
  }

  static crypto::SigningKey new_key(std::string_view algorithm = "ML-DSA-65",
                                    std::uint8_t fill = 1) {
    return expect(crypto::SigningKey::create(algorithm, SecretBytes::copy_of(Bytes(32, fill))));
  }
  static std::string csr(const x509::SubjectNames& names, std::uint8_t fill = 1,
                         std::string_view algorithm = "ML-DSA-65") {
    return expect(x509::make_request(names, new_key(algorithm, fill)));
  }
  Result<Issued> try_issue(const Principal& by, std::string_view name, std::string_view request,
                           std::optional<seconds> lifetime = {}) {
    return ca().issue(by, {name, request, lifetime}, event("certificate.issue"));
  }
  Issued issue(const Principal& by, const std::string& name, std::uint8_t fill = 1) {
    return expect(try_issue(by, name, csr({.common_name = name}, fill)));
  }

  // verify holds a certificate against the roots that came with it.
  auto verify(const Issued& issued, std::vector<Bytes> roots = {}) {
    if (roots.empty()) roots = issued.roots;
    std::string pem;
    for (const Bytes& root : roots) pem += x509::certificate_pem(root);
    const auto trust = expect(x509::TrustStore::create(pem));
    std::vector<ByteView> chain{issued.certificate};
    for (const Bytes& one : issued.intermediates) chain.emplace_back(one);
    return trust.verify(chain, x509::Usage::kClient, clock().wall());
  }

  // revoked_serials are those in the authority's list, which its certificate must verify.
  std::vector<std::string> revoked_serials(CaService& by, AuthorityId id) {
    const auto row = expect(by.revocation_list(id, true));
    const auto chain = expect(by.public_chain(id));
    std::vector<std::string> serials;
    for (const auto& one : expect(x509::parse_crl(row->der, chain.front().certificate)).revoked)
      serials.push_back(x509::serial_hex(one.serial));
    return serials;
  }

  // certificates counts the rows in a state.
  std::int64_t count(std::string_view state) {
    static const store::Statement kCount{"test.count_certificates",
                                         "SELECT COUNT(*) FROM certificates WHERE state = :state"};
    std::int64_t counted = -1;
    expect(db().read([&](store::Transaction& tx) {
      return tx.each(kCount, {{"state", state}}, [&](const store::Row& row) -> Status {
        counted = row.integer(0);
        return {};
      });
    }));
    return counted;
  }

  CaService& ca() { return *ca_; }
  Metrics& metrics() { return metrics_; }

 private:
  Metrics metrics_;
  std::unique_ptr<CaService> ca_;
  std::unique_ptr<store::CacheKeeper> ca_keeper_;
};

}  // namespace quantumapi::ca
