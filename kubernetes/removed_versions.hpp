// SPDX-License-Identifier: Apache-2.0
#pragma once

// Versions of APIs that servers no longer have.

#include <string_view>

#include "kubernetes/object.hpp"

namespace sealift::kubernetes {

struct RemovedVersion {
  std::string_view api_version;
  std::string_view kind;
  std::string_view since;    // the first Kubernetes without it: "1.22"
  std::string_view instead;  // "networking.k8s.io/v1"; empty: nothing
};

// Null where no release of Kubernetes has removed it, as far as is known here.
const RemovedVersion* removed_version(const Reference& reference);

}  // namespace sealift::kubernetes
