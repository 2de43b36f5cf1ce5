// SPDX-License-Identifier: Apache-2.0
#pragma once

// What a Compose file calls by names of the whole host, so that a second project with the same file
// would use, or stop, what belongs to the first one.

#include <functional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "compose/document.hpp"

namespace sealift::compose {

// Names of containers, and names of networks, volumes, configs and secrets that are external or
// have a name of their own. `where` turns the pointer of a value into its place, for messages.
std::vector<Problem> host_names(const Document& document,
                                const std::function<std::string(const std::string&)>& where);

}  // namespace sealift::compose
