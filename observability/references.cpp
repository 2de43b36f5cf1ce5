// SPDX-License-Identifier: Apache-2.0
#include "observability/references.hpp"

#include <algorithm>
#include <array>

namespace sealift::observability {

namespace {

constexpr std::string_view kMonitorIds = "monitor_ids";
constexpr std::array<std::string_view, 2> kIdFields = {"slo_id", "alert_id"};

bool is_reference(const Json& value) {
  return value.is_string() &&
         (value.text().starts_with("monitors/") || value.text().starts_with("slos/"));
}

// Calls `each` with every value that is a reference, and whether the API wants a number there.
enum class Wanted { number, text };
template <typename Each>
void for_each_reference(Json& value, const Each& each) {
  if (value.is_array()) {
    for (Json& item : value) for_each_reference(item, each);
    return;
  }
  if (!value.is_object()) return;
  for (auto& [key, field] : value.items()) {
    if (key == kMonitorIds && field.is_array()) {
      for (Json& item : field) {
        if (is_reference(item)) each(item, Wanted::number);
      }
    } else if (std::find(kIdFields.begin(), kIdFields.end(), key) != kIdFields.end() &&
               is_reference(field)) {
      each(field, Wanted::text);
    } else {
      for_each_reference(field, each);
    }
  }
}

}  // namespace

std::vector<std::string> references_in(const Json& body) {
  std::vector<std::string> names;
  Json copy = body;
  for_each_reference(copy, [&](Json& value, Wanted) { names.push_back(value.text()); });
  return names;
}

Json with_ids(Json body, const std::function<std::string(const std::string& name)>& id_of) {
  for_each_reference(body, [&](Json& value, Wanted wanted) {
    const std::string id = id_of(value.text());
    value = wanted == Wanted::number ? Json::parse(id) : Json(id);
  });
  return body;
}

}  // namespace sealift::observability
