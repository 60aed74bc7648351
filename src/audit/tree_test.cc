#include "audit/tree.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/encoding.h"

namespace quantumapi::audit {
namespace {

// The leaves and roots that Certificate Transparency implementations share as
// test vectors; an empty salt makes our leaf hash theirs.
const std::vector<std::string> kLeaves = {"",
                                          "00",
                                          "10",
                                          "2021",
                                          "3031",
                                          "40414243",
                                          "5051525354555657",
                                          "606162636465666768696a6b6c6d6e6f"};
const std::vector<std::string> kRoots = {
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"};

Digest leaf(std::size_t i) {
  const Bytes data = base::from_hex(kLeaves[i % kLeaves.size()]).value();
  return leaf_hash({}, as_text(data));
}

// root_of is the definition of RFC 9162 section 2.1.1, written down as it stands.
Digest root_of(std::span<const Digest> leaves) {
  if (leaves.empty()) return crypto::sha256(ByteView());
  if (leaves.size() == 1) return leaves[0];
  std::size_t k = 1;
  while (k * 2 < leaves.size()) k *= 2;
  return node_hash(root_of(leaves.first(k)), root_of(leaves.subspan(k)));
}

TEST(Frontier, OfNoLeavesHasTheHashOfNothing) {
  EXPECT_EQ(base::to_hex(Frontier().root()),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST(Frontier, GivesTheRootsOfTheKnownVectors) {
  Frontier tree;
  for (std::size_t i = 0; i < kRoots.size(); ++i) {
    tree.append(leaf(i));
    EXPECT_EQ(base::to_hex(tree.root()), kRoots[i]) << i + 1;
  }
}

TEST(Frontier, AgreesWithTheDefinitionAtEverySize) {
  Frontier tree;
  std::vector<Digest> leaves;
  for (std::size_t i = 0; i < 600; ++i) {
    leaves.push_back(leaf_hash({}, std::to_string(i)));
    tree.append(leaves.back());
    ASSERT_EQ(tree.root(), root_of(leaves)) << i + 1;
  }
}

TEST(Frontier, GrowsByWholeSubtreesAsByTheirLeaves) {
  Frontier by_leaf;
  Frontier by_subtree;
  for (int segment = 0; segment < 5; ++segment) {
    std::optional<Digest> completed;
    for (int i = 0; i < 256; ++i)
      completed = by_leaf.append_subtree(leaf_hash({}, std::to_string(segment * 256 + i)), 0, 8);
    ASSERT_TRUE(completed);
    EXPECT_EQ(by_subtree.append_subtree(*completed, 8, 8), completed);
    EXPECT_EQ(by_subtree.root(), by_leaf.root());
    EXPECT_EQ(by_subtree.size(), by_leaf.size());
  }
}

TEST(Frontier, TellsOnlyOfSubtreesThatAreComplete) {
  Frontier tree;
  for (int i = 1; i <= 64; ++i)
    EXPECT_EQ(tree.append_subtree(leaf(0), 0, 3).has_value(), i % 8 == 0) << i;
}

TEST(Frontier, ComesBackFromItsOctets) {
  Frontier tree;
  for (std::size_t i = 0; i < 300; ++i) {
    auto again = Frontier::decode(tree.encode());
    ASSERT_TRUE(again);
    EXPECT_EQ(again->root(), tree.root());
    EXPECT_EQ(again->size(), tree.size());
    tree.append(leaf(i));
  }
}

TEST(Frontier, RefusesOctetsThatDoNotMatchTheirSize) {
  Frontier tree;
  for (std::size_t i = 0; i < 7; ++i) tree.append(leaf(i));
  Bytes octets = tree.encode();
  for (std::size_t size = 0; size < octets.size(); ++size)
    EXPECT_FALSE(Frontier::decode(ByteView(octets).first(size))) << size;
  octets.push_back(0);
  EXPECT_FALSE(Frontier::decode(octets));
}

TEST(LeafHash, DependsOnSaltRecordAndKind) {
  const Bytes salt(16, 1);
  const Digest leaf_of_record = leaf_hash(salt, "record");
  EXPECT_NE(leaf_of_record, leaf_hash(Bytes(16, 2), "record"));
  EXPECT_NE(leaf_of_record, leaf_hash(salt, "recorD"));
  const Digest a = leaf_hash(salt, "a");
  const Digest b = leaf_hash(salt, "b");
  Bytes both;
  for (const Digest& child : {a, b}) base::append(both, child);
  EXPECT_NE(node_hash(a, b), leaf_hash({}, as_text(both)));  // a node is never a leaf
}

}  // namespace
}  // namespace quantumapi::audit
