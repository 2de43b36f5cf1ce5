// SPDX-License-Identifier: Apache-2.0
#include "installer/drivers/kubectl/server_api.hpp"

#include "base/error.hpp"
#include "installer/drivers/kubectl/kubectl.hpp"
#include "kubernetes/api_document.hpp"

namespace sealift::installer {

std::string server_api(const release::Target& target) {
  const KubernetesSettings settings = server_settings(target);
  const std::string document = Kubectl(settings).demand({"get", "--raw", "/openapi/v2"});
  return blame(Errc::target_failed, "the server of Kubernetes",
               [&] { return kubernetes::reduced_api(document, "/openapi/v2"); });
}

}  // namespace sealift::installer
