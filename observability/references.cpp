// SPDX-License-Identifier: Apache-2.0
#include "observability/references.hpp"

#include <algorithm>
#include <array>

namespace sealift::observability {

namespace {

constexpr std::string_view kMonitorIds = "monitor_ids";
constexpr std::array<std::string_view, 2> kIdFields = {"slo_id", "alert_id"};
constexpr std::string_view kQuery = "query";
constexpr std::string_view kBetween = " \t\r\n()!&|,\"'";  // what names in a query stand between

// Which monitors refer to others in their query, and to what.
struct Referring {
  std::string_view type;
  Family to;
};
constexpr std::array kReferring = {Referring{"composite", Family::monitor},
                                   Referring{"slo alert", Family::slo}};

bool is_reference(std::string_view text) {
  return text.starts_with("monitors/") || text.starts_with("slos/");
}

bool is_reference(const Json& value) {
  return value.is_string() && is_reference(std::string_view(value.text()));
}

// What becomes of a reference.
using Replace = std::function<std::string(const Reference&)>;

std::string replaced_in(const std::string& query, Family to, const Replace& replace) {
  std::string text;
  for (std::size_t at = 0; at < query.size();) {
    const std::size_t end = std::min(query.find_first_of(kBetween, at), query.size());
    const std::string word = query.substr(at, end - at);
    text += is_reference(std::string_view(word)) ? replace({word, to}) : word;
    if (end < query.size()) text += query[end];
    at = end + 1;
  }
  return text;
}

void replace_in_query(Json& body, const Replace& replace) {
  if (!body.is_object()) return;
  const std::string type = text_at(body, "type");
  const auto query = body.find(kQuery);
  if (query == body.end() || !query->is_string()) return;
  for (const Referring& each : kReferring) {
    if (each.type != type) continue;
    std::string text = replaced_in(query->text(), each.to, replace);
    *query = Json(std::move(text));
    return;
  }
}

void replace_in_fields(Json& value, const Replace& replace) {
  if (value.is_array()) {
    for (Json& item : value) replace_in_fields(item, replace);
    return;
  }
  if (!value.is_object()) return;
  for (auto& [key, field] : value.items()) {
    if (key == kMonitorIds && field.is_array()) {
      for (Json& item : field) {
        // A number, as the API has it.
        if (is_reference(item)) item = Json::parse(replace({item.text(), Family::monitor}));
      }
    } else if (std::find(kIdFields.begin(), kIdFields.end(), key) != kIdFields.end() &&
               is_reference(field)) {
      field = Json(replace({field.text(), std::nullopt}));
    } else {
      replace_in_fields(field, replace);
    }
  }
}

Json replaced(Json body, const Replace& replace) {
  replace_in_query(body, replace);
  replace_in_fields(body, replace);
  return body;
}

}  // namespace

std::vector<Reference> references_in(const Json& body) {
  std::vector<Reference> found;
  replaced(body, [&](const Reference& each) {
    found.push_back(each);
    return std::string("0");
  });
  return found;
}

Json with_ids(Json body, const std::function<std::string(const std::string& name)>& id_of) {
  return replaced(std::move(body), [&](const Reference& each) { return id_of(each.name); });
}

}  // namespace sealift::observability
