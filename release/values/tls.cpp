// SPDX-License-Identifier: Apache-2.0
#include "release/values/tls.hpp"

#include "base/format.hpp"

namespace sealift::release {

std::string_view tls_name(std::string_view value_name) {
  constexpr std::string_view kBegin = "tls.";
  if (!value_name.starts_with(kBegin)) return "";
  for (const std::string_view end : {".certificate", ".key"}) {
    if (!value_name.ends_with(end) || value_name.size() <= kBegin.size() + end.size()) continue;
    const std::string_view name =
        value_name.substr(kBegin.size(), value_name.size() - kBegin.size() - end.size());
    return is_value_name(name) ? name : std::string_view();
  }
  return "";
}

Values tls_values(const std::map<std::string, TlsEntry>& tls) {
  Values values;
  for (const auto& [name, entry] : tls) {
    values[format("tls.{}.certificate", name)] = entry.certificate;
    values[format("tls.{}.key", name)] = entry.key;
  }
  return values;
}

}  // namespace sealift::release
