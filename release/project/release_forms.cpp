// SPDX-License-Identifier: Apache-2.0
#include "release/project/release_forms.hpp"

namespace sealift::release {

std::optional<CacheClass> read_cache(const Json& rule) {
  if (!rule.contains("cache")) return std::nullopt;
  return CacheClass::from_json(rule["cache"]);
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
