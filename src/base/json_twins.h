// Members of one object with the same name, or with names that fold to the
// same.
#pragma once

#include <memory_resource>
#include <span>

#include "base/json.h"

namespace quantumapi::base::json {

// settle_twins drops members that repeat a name with the same value, marks
// those that agree only folded and differ in value as ambiguous, and gives how
// many members remain, at the front in their order. kInvalidArgument, naming
// the field, where one name has two values. O(n log n); scratch from `alloc`.
Result<std::size_t> settle_twins(std::span<Member> members,
                                 std::pmr::polymorphic_allocator<> alloc);

}  // namespace quantumapi::base::json
