#include "base/json_twins.h"

#include <algorithm>
#include <numeric>
#include <tuple>

namespace quantumapi::base::json {
namespace {

using Kind = Value::Kind;
using Order = std::span<const std::size_t>;

// same goes down no further than kMaxDepth, as both were parsed.
bool same(const Value& a, const Value& b) {
  if (a.kind != b.kind) return false;
  switch (a.kind) {
    case Kind::kNull:
      return true;
    case Kind::kBool:
      return a.boolean == b.boolean;
    case Kind::kInt:
      return a.integer == b.integer;
    case Kind::kDouble:
      return a.number == b.number;
    case Kind::kString:
      return a.text == b.text;
    case Kind::kArray:
      return std::ranges::equal(a.items, b.items, same);
    case Kind::kObject:
      return std::ranges::equal(a.members, b.members, [](const Member& x, const Member& y) {
        return x.name == y.name && same(x.value, y.value);
      });
  }
  return false;
}

// all_distinct decides the usual small object without scratch or sorting.
bool all_distinct(std::span<const Member> members) {
  constexpr std::size_t kSmall = 16;
  if (members.size() > kSmall) return false;
  for (std::size_t i = 1; i < members.size(); ++i)
    for (std::size_t k = 0; k < i; ++k)
      if (members[i].folded == members[k].folded) return false;
  return true;
}

// settle_group handles the members of one folded name, which `group` lists by
// name and position: of each name the first stays.
Status settle_group(std::span<Member> members, Order group, std::span<bool> dropped) {
  const Member* first = &members[group[0]];
  bool ambiguous = false;
  for (const std::size_t i : group.subspan(1)) {
    const Member& member = members[i];
    const bool equal = same(member.value, first->value);
    if (member.name == first->name) {
      if (!equal)
        return fail_field(detail::excerpt(member.name), "is given twice with different values");
      dropped[i] = true;
      continue;
    }
    ambiguous = ambiguous || !equal;
    first = &member;
  }
  for (const std::size_t i : group) members[i].ambiguous = ambiguous;
  return {};
}

std::size_t remove_dropped(std::span<Member> members, std::span<const bool> dropped) {
  std::size_t kept = 0;
  for (std::size_t i = 0; i < members.size(); ++i)
    if (!dropped[i]) members[kept++] = members[i];
  return kept;
}

}  // namespace

Result<std::size_t> settle_twins(std::span<Member> members,
                                 std::pmr::polymorphic_allocator<> alloc) {
  if (all_distinct(members)) return members.size();
  // Sorted, twins stand side by side: no square of a large object's size.
  std::pmr::vector<std::size_t> order(members.size(), alloc);
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::sort(
      order, {}, [&](std::size_t i) { return std::tuple(members[i].folded, members[i].name, i); });
  const std::span<bool> dropped(alloc.allocate_object<bool>(members.size()), members.size());
  std::ranges::fill(dropped, false);
  for (std::size_t begin = 0; begin < order.size();) {
    std::size_t end = begin + 1;
    while (end < order.size() && members[order[end]].folded == members[order[begin]].folded) ++end;
    TRY(settle_group(members, Order(order).subspan(begin, end - begin), dropped));
    begin = end;
  }
  return remove_dropped(members, dropped);
}

}  // namespace quantumapi::base::json
