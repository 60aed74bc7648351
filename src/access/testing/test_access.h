// AccessTest: a tenant with its owner's key on a fresh store of either engine.
#pragma once

#include "access/service.h"
#include "keyring/testing/test_keyring.h"

namespace quantumapi::access::testing {

class AccessTest : public keyring::testing::KeyringTest {
 protected:
  void SetUp() override {
    KeyringTest::SetUp();
    keyring::testing::expect(keys().make_lookup_key());
    restart();
    tenant_ =
        keyring::testing::expect(service().create_tenant({.name = "acme"}, event("tenant.create")));
    owner_text_ = text_of(tenant_.owner_key);
  }
  void TearDown() override {
    keeper_.reset();
    service_.reset();
    KeyringTest::TearDown();
  }

  // restart makes a new service with empty caches, as another start of the program would.
  void restart() {
    keeper_.reset();
    service_ = std::make_unique<AccessService>(db(), keys(), entropy(), clock());
    keeper_ = std::make_unique<store::CacheKeeper>(db(), clock(), service_->caches());
  }

  static std::string text_of(const CreatedApiKey& key) {
    return std::string(key.text.reveal_text(SecretAccess()));
  }
  Result<std::shared_ptr<const Authenticated>> authenticate(std::string_view text,
                                                            bool may_block = true) {
    return service().authenticate(text, clock().wall(), may_block);
  }
  Principal principal(std::string_view text) {
    return keyring::testing::expect(authenticate(text))->principal;
  }
  Principal owner() { return principal(owner_text_); }
  CreatedApiKey make(const NewApiKey& key) {
    return keyring::testing::expect(service().create_key(owner(), key, event("apikey.create")));
  }
  CreatedApiKey make(std::string name, std::vector<std::string> scopes = {"secrets:read"}) {
    return make(NewApiKey{.name = std::move(name), .scopes = std::move(scopes)});
  }

  AccessService& service() { return *service_; }
  [[nodiscard]] const AccessService::CreatedTenant& tenant() const { return tenant_; }
  [[nodiscard]] const std::string& owner_text() const { return owner_text_; }

 private:
  std::unique_ptr<AccessService> service_;
  std::unique_ptr<store::CacheKeeper> keeper_;
  AccessService::CreatedTenant tenant_;
  std::string owner_text_;
};

}  // namespace quantumapi::access::testing
