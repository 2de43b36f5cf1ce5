// SPDX-License-Identifier: Apache-2.0
#pragma once

// The order of what comes after something else.

#include <cstddef>
#include <map>
#include <string>
#include <vector>

namespace sealift::release {

// Name -> the names that come before it. Names that nobody knows are left alone.
using After = std::map<std::string, std::vector<std::string>>;

// A circle, such as {a, b, a} where a comes after b and b after a; empty: there is none.
std::vector<std::string> circle_in(const After& after);

// The places of `names`, each behind all that it comes after, otherwise as they are. Needs to be
// without a circle.
std::vector<std::size_t> order_of(const std::vector<std::string>& names, const After& after);

}  // namespace sealift::release
