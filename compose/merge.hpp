// SPDX-License-Identifier: Apache-2.0
#pragma once

// The merge of Compose files, as the Compose Specification has it ("Merge Compose files"): mappings
// are merged, lists appended, and those whose items have a key keep one item for each: ports,
// volumes and devices by where they are in the container, variables and labels by name. command,
// entrypoint and the test of a healthcheck are replaced. !reset removes, !override replaces.

#include <string>

#include "base/error.hpp"
#include "compose/node.hpp"

namespace sealift::compose {

// What `later` says over `earlier`, whole files both; a list where the other has a mapping is added
// to `problems`. Problems name the places of both.
Node merge_files(Node earlier, Node later, Problems& problems);
// The same for one service.
Node merge_services(Node earlier, Node later, Problems& problems);

// What a file says by itself: all that is reset is gone.
Node settled(Node node);

// The source of a volume in its short form, "SOURCE:TARGET:MODE"; empty: it has none. A variable
// may hold colons.
std::string volume_source(const std::string& text);

}  // namespace sealift::compose
