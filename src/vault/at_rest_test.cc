// What stands in the store: nothing that can be read, nothing that can be moved.
#include <algorithm>
#include <fstream>

#include "base/encoding.h"
#include "vault/service.h"
#include "vault/test_vault.h"

namespace quantumapi::vault {
namespace {

using VaultAtRest = VaultTest;
INSTANTIATE_TEST_SUITE_P(Engines, VaultAtRest, store::testing::engines(), store::testing::name_of);

constexpr std::string_view kValue = "correct horse battery staple 0123456789";
constexpr std::string_view kUsername = "a-rather-peculiar-user-name";

std::string url_encoded(std::string_view text) {
  std::string out;
  for (const char c : text) {
    out += '%';
    out += base::to_hex(as_bytes(std::string_view(&c, 1)));
  }
  return out;
}

// base64 of a text inside other text may begin at any of three places.
std::vector<std::string> base64_cores(std::string_view text, base::Base64 form) {
  std::vector<std::string> cores;
  for (std::size_t skip = 0; skip < 3; ++skip) {
    std::string_view part = text.substr(skip);
    part.remove_suffix(part.size() % 3);
    cores.push_back(base::base64_encode(as_bytes(part), form));
  }
  return cores;
}

std::vector<std::string> forms(std::string_view text) {
  std::vector<std::string> all{std::string(text), base::to_hex(as_bytes(text)), url_encoded(text)};
  for (const auto form : {base::Base64::kStandard, base::Base64::kUrl})
    for (auto& core : base64_cores(text, form)) all.push_back(std::move(core));
  std::string plus(text);
  std::ranges::replace(plus, ' ', '+');
  all.push_back(std::move(plus));
  return all;
}

std::string content(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

TEST_P(VaultAtRest, NoFileOfTheStoreHoldsAValueInAnyForm) {
  if (GetParam() != store::Dialect::kSqlite) return;  // PostgreSQL is sent the same octets
  const std::string fields = R"({"username":")" + std::string(kUsername) + "\"}";
  const SecretId id =
      expect(vault().create(mine(), {.name = "name-in-clear", .value = kValue, .fields = fields},
                            event("secret.create")))
          .id;
  expect(vault().put_value(mine(), id, kValue, event("secret.update")));
  EXPECT_EQ(read(mine(), id), kValue);
  std::string everything;
  for (const auto& file :
       std::filesystem::recursive_directory_iterator(store().options().directory))
    if (file.is_regular_file()) everything += content(file.path());
  ASSERT_TRUE(everything.contains("name-in-clear")) << "the search itself works";
  for (const std::string_view secret : {kValue, kUsername})
    for (const std::string& form : forms(secret)) EXPECT_FALSE(everything.contains(form)) << form;
}

TEST_P(VaultAtRest, ASealedValueCopiedToAnotherSecretDoesNotOpen) {
  static const store::Statement kCopy{"test.copy",
                                      "UPDATE secret_versions SET value = (SELECT value FROM "
                                      "secret_versions WHERE secret = :from AND version = 1) "
                                      "WHERE secret = :to AND version = 1"};
  const SecretId from = create(mine(), "from", "stolen").id;
  const SecretId to = create(mine(), "to", "own").id;
  expect(db().change(
      [&](store::Transaction& tx) { return tx.execute(kCopy, {{"from", from}, {"to", to}}); }));
  expect_code(vault().get(mine(), to, {}, true), Code::kDataLoss);
  EXPECT_EQ(read(mine(), from), "stolen");
}

TEST_P(VaultAtRest, AnOlderVersionPutInTheNewestPlaceDoesNotOpen) {
  static const store::Statement kBack{"test.back",
                                      "UPDATE secret_versions SET value = (SELECT value FROM "
                                      "secret_versions WHERE secret = :id AND version = 1) "
                                      "WHERE secret = :id AND version = 2"};
  const SecretId id = create(mine(), "db", "old").id;
  expect(vault().put_value(mine(), id, "new", event("secret.update")));
  expect(db().change([&](store::Transaction& tx) { return tx.execute(kBack, {{"id", id}}); }));
  expect_code(vault().get(mine(), id, {}, true), Code::kDataLoss);
  EXPECT_EQ(read(mine(), id, 1), "old");
}

TEST_P(VaultAtRest, SealedFieldsCopiedToAnotherSecretDoNotOpen) {
  static const store::Statement kCopy{
      "test.copy_fields",
      "UPDATE secrets SET fields = (SELECT fields FROM secrets WHERE id = :from) WHERE id = :to"};
  const auto with_fields = [&](std::string_view name) {
    return expect(vault().create(mine(), {.name = name, .value = "v", .fields = R"({"notes":"n"})"},
                                 event("secret.create")))
        .id;
  };
  const SecretId from = with_fields("from");
  const SecretId to = with_fields("to");
  expect(db().change(
      [&](store::Transaction& tx) { return tx.execute(kCopy, {{"from", from}, {"to", to}}); }));
  expect_code(vault().get(mine(), to, {}, true, true), Code::kDataLoss);
  EXPECT_EQ(read(mine(), to), "v") << "the value alone still opens";
}

TEST_P(VaultAtRest, ARowGivenToAnotherTenantDoesNotOpen) {
  static const store::Statement kGive{"test.give",
                                      "UPDATE secrets SET tenant = :tenant WHERE id = :id"};
  const SecretId id = create(mine(), "db", "v").id;
  expect(db().change([&](store::Transaction& tx) {
    return tx.execute(kGive, {{"tenant", other().tenant}, {"id", id}});
  }));
  const auto opened = vault().get(other(), id, {}, true);
  EXPECT_FALSE(opened);
}

TEST_P(VaultAtRest, EveryChangedOctetOfAValueIsRefused) {
  static const store::Statement kValueOf{
      "test.value", "SELECT value FROM secret_versions WHERE secret = :id AND version = 1"};
  static const store::Statement kPut{
      "test.put", "UPDATE secret_versions SET value = :value WHERE secret = :id AND version = 1"};
  const SecretId id = create(mine(), "db", "v").id;
  Bytes sealed;
  expect(db().read([&](store::Transaction& tx) {
    return tx.one(kValueOf, {{"id", id}}, [&](const store::Row& row) -> Status {
      sealed = row.bytes(0);
      return {};
    });
  }));
  ASSERT_GT(sealed.size(), 64U);
  // Each part once: format, key id, version, KEM ciphertext, nonce, tag.
  for (const std::size_t at : {std::size_t{0}, std::size_t{1}, std::size_t{20}, std::size_t{100},
                               sealed.size() - 20, sealed.size() - 1}) {
    Bytes changed = sealed;
    changed[at] ^= 1;
    expect(db().change([&](store::Transaction& tx) {
      tx.touch("secrets", id.uuid);
      return tx.execute(kPut, {{"id", id}, {"value", changed}});
    }));
    EXPECT_FALSE(vault().get(mine(), id, {}, true)) << at;
  }
}

}  // namespace
}  // namespace quantumapi::vault
