// The stored formats of docs/formats.md, as another implementation writes them
// (tools/check_format_vectors.py): a change that can't read them is no change of version 1.
#include <boost/describe.hpp>
#include <fstream>

#include "base/encoding.h"
#include "base/json.h"
#include "keyring/file.h"
#include "keyring/object.h"
#include "keyring/personal.h"
#include "keyring/testing/test_keyring.h"

namespace quantumapi::keyring {
namespace {

using testing::expect;
using testing::expect_code;

struct WrapVector {
  std::string purpose;
  TenantId tenant;
  Uuid object;
  std::int64_t version = 0;
  std::string material;
  std::string wrapped;
};
BOOST_DESCRIBE_STRUCT(WrapVector, (), (purpose, tenant, object, version, material, wrapped))

struct ObjectVector {
  std::string kind;
  TenantId tenant;
  Uuid object;
  std::int64_t version = 0;
  KeyId key_id;
  std::int64_t key_version = 0;
  std::string plaintext;
  std::string sealed;
};
BOOST_DESCRIBE_STRUCT(ObjectVector, (),
                      (kind, tenant, object, version, key_id, key_version, plaintext, sealed))

struct PersonalVector {
  Uuid principal;
  std::string key;
  std::string label;
  std::string address;
  std::string user_agent;
  std::string sealed;
};
BOOST_DESCRIBE_STRUCT(PersonalVector, (), (principal, key, label, address, user_agent, sealed))

struct Vectors {
  std::string root_key;
  RootKeyId root_key_id;
  Uuid installation;
  std::string kem_material;
  std::vector<WrapVector> wraps;
  std::vector<ObjectVector> objects;
  PersonalVector personal;
};
BOOST_DESCRIBE_STRUCT(Vectors, (),
                      (root_key, root_key_id, installation, kem_material, wraps, objects, personal))

std::string path_of(std::string_view name) {
  return QUANTUMAPI_SOURCE_DIR "/src/keyring/testdata/" + std::string(name);
}

std::string content_of(std::string_view name) {
  std::ifstream file(path_of(name), std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

SecretBytes secret(std::string_view hex) {
  return SecretBytes::copy_of(ByteView(expect(base::from_hex(hex))));
}

class Formats : public ::testing::Test {
 protected:
  Vectors vectors_ = [] {
    WipingArena arena;
    return expect(json::decode<Vectors>(content_of("formats_v1.json"), arena));
  }();
  RootKey root_ = expect(RootKey::create(vectors_.root_key_id, secret(vectors_.root_key)));
};

TEST_F(Formats, WrapsOfEachPurposeUnwrap) {
  ASSERT_EQ(vectors_.wraps.size(), 7U);
  for (const WrapVector& vector : vectors_.wraps) {
    const WrapContext context{expect(parse_purpose(vector.purpose)), vector.tenant, vector.object,
                              static_cast<std::uint32_t>(vector.version)};
    const Bytes wrapped = expect(base::from_hex(vector.wrapped));
    EXPECT_EQ(base::to_hex(expect(root_.unwrap(context, wrapped)).reveal(SecretAccess{})),
              vector.material);
    WrapContext elsewhere = context;
    ++elsewhere.version;
    expect_code(root_.unwrap(elsewhere, wrapped), Code::kDataLoss);
  }
}

TEST_F(Formats, ARootKeyFileOpens) {
  const testing::TemporaryFolder folder;
  const std::string path = folder.file("root.seal");
  std::ofstream(path, std::ios::binary) << content_of("root_key_v1.seal");
  std::filesystem::permissions(path, std::filesystem::perms(0600));
  const RootKey opened = expect(open_file_seal(path));
  EXPECT_EQ(opened.id(), root_.id());
  EXPECT_TRUE(equal_constant_time(opened.derive("x"), root_.derive("x")));
}

TEST_F(Formats, AKeyJournalGivesItsEntries) {
  const testing::TemporaryFolder folder;
  const std::string path = folder.file("keys.journal");
  std::ofstream(path, std::ios::binary) << content_of("journal_v1.bin");
  std::filesystem::permissions(path, std::filesystem::perms(0600));
  const auto journal = expect(KeyJournal::open(path, vectors_.installation, root_));
  std::vector<JournalEntry> entries;
  expect(journal->each([&](const JournalEntry& entry) -> Status {
    entries.push_back(entry);
    return {};
  }));
  using Kind = JournalEntry::Kind;
  const Kind kinds[] = {Kind::kKeyVersion,    Kind::kKeyVersion,    Kind::kKeyDeleted,
                        Kind::kApiKeyRevoked, Kind::kSecretDeleted, Kind::kPrincipalErased};
  ASSERT_EQ(entries.size(), std::size(kinds));
  for (std::size_t i = 0; i < entries.size(); ++i) {
    EXPECT_EQ(entries[i].kind, kinds[i]);
    EXPECT_EQ(entries[i].time, WallTime{1'800'000'000'000'000});
  }
  EXPECT_EQ(entries[0].algorithm, "ML-KEM-768");
  EXPECT_EQ(entries[0].version, 3U);
  EXPECT_EQ(base::to_hex(entries[0].wrapped), vectors_.wraps[0].wrapped);
  EXPECT_EQ(entries[1].purpose, Purpose::kSearch);
  EXPECT_EQ(journal->id().to_string(), "01920000-0000-7000-8000-0000000000c0");
}

TEST_F(Formats, SealedObjectsOpenInTheirPlace) {
  const Bytes material = expect(base::from_hex(vectors_.kem_material));
  for (const ObjectVector& vector : vectors_.objects) {
    const EncryptionVersion version{
        .key = vector.key_id,
        .version = static_cast<std::uint32_t>(vector.key_version),
        .tenant = vector.tenant,
        .purpose = Purpose::kVault,
        .kem = expect(crypto::MlKemPrivateKey::create(
            crypto::MlKem::k768, SecretBytes::copy_of(ByteView(material).first(64)))),
        .secret = SecretBytes::copy_of(ByteView(material).subspan(64))};
    ObjectContext context{vector.kind, vector.tenant, vector.object,
                          static_cast<std::uint32_t>(vector.version)};
    const Bytes sealed = expect(base::from_hex(vector.sealed));
    EXPECT_EQ(base::to_hex(expect(open_object(version, context, sealed)).reveal(SecretAccess{})),
              vector.plaintext);
    ++context.version;
    expect_code(open_object(version, context, sealed), Code::kDataLoss);
  }
}

TEST_F(Formats, PersonalDataOpens) {
  const PersonalVector& vector = vectors_.personal;
  const Personal opened = expect(
      open_personal(secret(vector.key), vector.principal, expect(base::from_hex(vector.sealed))));
  EXPECT_EQ(opened.label, vector.label);
  EXPECT_EQ(opened.address, vector.address);
  EXPECT_EQ(opened.user_agent, vector.user_agent);
}

}  // namespace
}  // namespace quantumapi::keyring
