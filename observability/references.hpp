// SPDX-License-Identifier: Apache-2.0
#pragma once

// What an object of Datadog says of others in the same component: "monitors/latency" or
// "slos/checkout" in the place of an id, which only a site knows. It may stand in monitor_ids, in
// slo_id and alert_id of widgets, and in the query of a monitor that is composite or an alert of an
// SLO: "monitors/latency && !monitors/deploying", error_budget("slos/checkout").

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "observability/objects.hpp"

namespace sealift::observability {

struct Reference {
  std::string name;
  std::optional<Family> of;  // what it must be; nothing: a monitor or an SLO
};

// In their order.
std::vector<Reference> references_in(const Json& body);

// The same object with ids. `id_of` is asked for each name. monitor_ids become numbers, others
// texts, as the API has them.
Json with_ids(Json body, const std::function<std::string(const std::string& name)>& id_of);

}  // namespace sealift::observability
