// SPDX-License-Identifier: Apache-2.0
// Manifests of Kubernetes, which a project or a chart of somebody else has written.
#include "kubernetes/manifests.hpp"
#include "tests/fuzz/target.hpp"

namespace sealift::fuzz {

const Target kKubernetesYaml("kubernetes_yaml", [](std::string_view bytes) {
  Problems problems;
  const kubernetes::Manifests read =
      kubernetes::read_manifests({{"app.yaml", std::string(bytes)}}, problems);
  problems.throw_if_any(Errc::invalid_input);
  require(read.objects.size() <= kubernetes::kMaxObjects, "there are not too many objects");
  for (const kubernetes::Object& object : read.objects) {
    require(!object.reference.kind.empty() && !object.reference.name.empty(),
            "each object says what it is");
  }
});

}  // namespace sealift::fuzz
