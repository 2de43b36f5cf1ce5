// SPDX-License-Identifier: Apache-2.0
// Objects as the API server of a cluster gives them, and what is judged by them.
#include "base/json.hpp"
#include "installer/drivers/kubernetes/changed_fields.hpp"
#include "installer/drivers/kubernetes/pod_state.hpp"
#include "installer/drivers/kubernetes/readiness.hpp"
#include "tests/fuzz/target.hpp"

namespace sealift::fuzz {

const Target kClusterObject("cluster_object", [](std::string_view bytes) {
  const Json list = parse_json(bytes, "answer");
  if (!list.is_array()) return;
  const installer::Objects all(list.begin(), list.end());
  for (const Json& each : all) {
    (void)installer::judge_object(each, all);
    (void)installer::state_of_pod(each);
    require(installer::changed_fields(each, each).empty(), "what is the same has no differences");
    (void)installer::changed_fields(each, all.front());
  }
});

}  // namespace sealift::fuzz
