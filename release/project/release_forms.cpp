// SPDX-License-Identifier: Apache-2.0
#include "release/project/release_forms.hpp"

namespace sealift::release {

std::optional<CacheClass> read_cache(const Json& rule) {
  if (!rule.contains("cache")) return std::nullopt;
  return CacheClass::from_json(rule["cache"]);
}

std::vector<std::string> read_chart_values(const Json& chart) {
  const Json values = chart.value("values", Json::array());
  if (values.is_string()) return {values.text()};
  std::vector<std::string> files;
  for (const Json& each : values) {
    if (each.is_string()) files.push_back(each.text());
  }
  return files;
}

std::optional<std::string> read_kustomize(const Json& component) {
  const Json said = component.value("kustomize", Json(false));
  if (said.is_string()) return without_slash(said.text());
  if (said.is_boolean() && said.get<bool>()) return "";
  return std::nullopt;
}

Json read_scan_rows(const Json& image) {
  Json list = image.value("scan", Json::array());
  if (!list.is_array()) list = Json::array({list});
  for (Json& item : list) {
    if (item.is_string()) item = {{"report", item}};
  }
  return list;
}

std::string without_slash(std::string path) {
  if (path.size() > 1 && path.ends_with('/')) path.pop_back();
  return path;
}

}  // namespace sealift::release
