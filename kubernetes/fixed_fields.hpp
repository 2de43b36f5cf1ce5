// SPDX-License-Identifier: Apache-2.0
#pragma once

// Fields that no server changes once an object exists: the template of a Job, the selector of a
// Deployment, the volumeClaimTemplates of a StatefulSet, the clusterIP of a Service. An object with
// the mark may be deleted and created with the new value; without it such a change is refused.

#include <string>
#include <string_view>

#include "base/error.hpp"
#include "kubernetes/object.hpp"

namespace sealift::kubernetes {

// An annotation of the object, whose only value is "true".
inline constexpr const char* kReplaceMark = "org.sealift.replace";

bool may_be_replaced(const Json& body);

// Adds what is wrong with an object's mark: another value, or an object that holds data, or gives
// up the claims on volumes that do.
void check_replace_mark(const Object& object, Problems& problems);

// Whether a StatefulSet has its claims on volumes deleted with it
// (persistentVolumeClaimRetentionPolicy.whenDeleted, Kubernetes 1.27). Of other kinds never.
bool gives_up_claims(const Json& body);

// The digest of an object's fixed fields, in hex; empty where it has none, or its kind is not one
// of Kubernetes' own. A server may know more of them than this: what it refuses is decisive.
std::string fixed_digest(const Json& body);

// Whether what kubectl said means that a server does not change a fixed field.
bool tells_of_fixed_field(std::string_view words);

}  // namespace sealift::kubernetes
