// SPDX-License-Identifier: Apache-2.0
#pragma once

// A canary: of a Deployment or StatefulSet one pod of the new making runs first, and the others
// follow when it is ready. The object is held there by fields of its own that every server has, and
// not by a pause, which would come too late for the first pod or too early.

#include <string>
#include <vector>

#include "base/error.hpp"
#include "kubernetes/object.hpp"

namespace sealift::kubernetes {

// Adds names that no Deployment or StatefulSet has, and objects whose strategy replaces all pods at
// once or none.
void check_canaries(const std::vector<std::string>& names, const std::vector<Object>& objects,
                    Problems& problems);

// Whether the object is one of those named.
bool is_canary(const Reference& reference, const std::vector<std::string>& names);

// Whether a server that makes `merged` of `live` replaces pods, of which one can go first: a
// StatefulSet replaces a pod before its next one comes, so it needs two.
bool can_go_first(const Json& live, const Json& merged);

// The body with which a server makes one new pod and no more. A Deployment starts it beside the old
// pods, all of which stay; a StatefulSet replaces the last one. As many pods are wanted as `live`
// wants.
Json held_after_first(Json body, const Json& live);

// Whether a pod may need objects of that kind to start.
bool is_needed_by_pods(const std::string& kind);

}  // namespace sealift::kubernetes
