// Rows of an audit log: 's' and the leaves of a segment, whose number comes from another
// column, or 'f' and a tree's edge. What is accepted writes back as it was.
#include <algorithm>
#include <cstdlib>

#include "audit/segment.h"
#include "audit/tree.h"

namespace {

using namespace quantumapi;

void check_leaves(std::size_t count, ByteView octets) {
  const auto leaves = audit::parse_leaves(octets, count);
  if (!leaves) return;
  Bytes again;
  for (const audit::Leaf& leaf : *leaves) audit::append_leaf(again, leaf.salt, leaf.record);
  if (leaves->size() != count || !std::ranges::equal(again, octets)) std::abort();
}

void check_frontier(ByteView octets) {
  auto frontier = audit::Frontier::decode(octets);
  if (!frontier) return;
  if (!std::ranges::equal(frontier->encode(), octets)) std::abort();
  (void)frontier->root();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  if (data[0] == 's') check_leaves(data[1], {data + 2, size - 2});
  if (data[0] == 'f') check_frontier({data + 1, size - 1});
  return 0;
}
