// SPDX-License-Identifier: Apache-2.0
#pragma once

// A component's source that is a chart of Helm or a kustomization, rendered where the release is
// built: `helm template` and `kubectl kustomize`, without a cluster, without the network and
// without what the user of this host has configured for them. The same source gives the same files.

#include <string>

#include "builder/kind/kind.hpp"
#include "builder/kind/tree.hpp"

namespace sealift::builder {

struct RenderedSource {
  MadeFiles files;      // templates
  std::string program;  // "helm v3.17.2"
};

// Error{invalid_input} with every mistake of the source; Error{incompatible} where the program is
// not installed. Precondition: the component says `chart` or `kustomize`.
RenderedSource render_source(const release::ComponentEntry& entry, const Workshop& workshop);

}  // namespace sealift::builder
