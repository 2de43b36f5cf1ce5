// SPDX-License-Identifier: Apache-2.0
#pragma once

// What an object of Datadog says of others in the same component: "monitors/latency" or
// "slos/checkout" in the place of an id, which only a site knows. It may stand in monitor_ids, and
// in slo_id and alert_id of widgets.

#include <functional>
#include <string>
#include <vector>

#include "base/json.hpp"

namespace sealift::observability {

// The names that it refers to, in their order.
std::vector<std::string> references_in(const Json& body);

// The same object with ids. `id_of` is asked for each name. monitor_ids become numbers, others
// texts, as the API has them.
Json with_ids(Json body, const std::function<std::string(const std::string& name)>& id_of);

}  // namespace sealift::observability
