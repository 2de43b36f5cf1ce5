// SPDX-License-Identifier: Apache-2.0
#include "release/site_file/datadog_target.hpp"

#include "base/format.hpp"
#include "release/values/environment.hpp"

namespace sealift::release {

std::string datadog_api(const std::string& site) {
  return "https://api." + site;
}

std::string DatadogTarget::place() const {
  return api.empty() ? datadog_api(site) : api;
}

DatadogTarget read_datadog_target(const Json& value) {
  DatadogTarget target{.site = text_at(value, "site"),
                       .api = text_at(value, "api"),
                       .key = text_at(value, "key"),
                       .application_key = text_at(value, "application_key"),
                       .ca = text_at(value, "ca"),
                       .insecure = value.value("insecure", false)};
  while (target.api.ends_with('/')) target.api.pop_back();
  return target;
}

std::vector<std::string> datadog_mistakes(const DatadogTarget& target) {
  std::vector<std::string> mistakes;
  if (target.site.empty()) mistakes.emplace_back("found no site, which datadog needs");
  for (const auto& [name, key] :
       {std::pair("key", &target.key), std::pair("application_key", &target.application_key)}) {
    if (key->empty()) {
      mistakes.push_back(format("found no {}, which datadog needs", name));
    } else if (!is_value_name(*key)) {
      // It may be the key itself: it is not repeated.
      mistakes.push_back(format("{}: found text, expected the key of a secret", name));
    }
  }
  return mistakes;
}

Json to_json(const DatadogTarget& target) {
  return {{"site", target.site}, {"api", target.api},
          {"key", target.key},   {"applicationKey", target.application_key},
          {"ca", target.ca},     {"insecure", target.insecure}};
}

DatadogTarget datadog_target_from_json(const Json& value, const std::string& where) {
  Fields fields(value, where);
  DatadogTarget target{.site = fields.text("site"),
                       .api = fields.text("api"),
                       .key = fields.text("key"),
                       .application_key = fields.text("applicationKey"),
                       .ca = fields.text("ca"),
                       .insecure = fields.flag("insecure")};
  fields.done();
  return target;
}

}  // namespace sealift::release
