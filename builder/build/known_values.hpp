// SPDX-License-Identifier: Apache-2.0
#pragma once

// What a build knows of the values that templates will see on a site.

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "builder/kind/kind.hpp"
#include "release/project/release_file.hpp"
#include "release/values/environment.hpp"

namespace sealift::builder {

// What templates may use without any environment's saying so.
release::Values known_to_all(const std::vector<BuiltComponent>& built);

// Declared or sealed: either makes a value one that nobody here may see.
std::set<std::string> secrets_in(const release::Release& release,
                                 const release::Environment& environment);

// The values of an environment as templates see them before a site has said its own. A secret,
// which nobody here can read, is some text.
release::Values values_in(const release::Release& release, const release::Environment& environment);

// The same for a rendering: every value that is a secret, or that each site must set, has a
// stand-in. The two rounds have different ones, so that what is found in both hangs on none.
enum class StandIns { first, second };
release::Values stand_ins_in(const release::Release& release,
                             const release::Environment& environment, StandIns round);
// Leaves of `found` what was found `again` with the others. `says` is the member that tells
// findings apart.
template <typename Finding>
void keep_common(std::vector<Finding>& found, const std::vector<Finding>& again,
                 std::string Finding::*says) {
  std::erase_if(found, [&](const Finding& each) {
    return std::none_of(again.begin(), again.end(),
                        [&](const Finding& other) { return each.*says == other.*says; });
  });
}

}  // namespace sealift::builder
