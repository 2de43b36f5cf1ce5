// SPDX-License-Identifier: Apache-2.0
#include "release/values/target_values.hpp"

#include "base/format.hpp"
#include "release/values/value_names.hpp"

namespace sealift::release {

namespace {

constexpr std::string_view kBeforeTarget = "target.";
constexpr std::string_view kBehindTarget = ".path";

}  // namespace

std::string target_value(std::string_view target) {
  return format("{}{}{}", kBeforeTarget, target, kBehindTarget);
}

std::string_view target_name(std::string_view value_name) {
  if (value_name.size() <= kBeforeTarget.size() + kBehindTarget.size() ||
      !value_name.starts_with(kBeforeTarget) || !value_name.ends_with(kBehindTarget)) {
    return {};
  }
  value_name.remove_prefix(kBeforeTarget.size());
  value_name.remove_suffix(kBehindTarget.size());
  return is_plain_name(value_name) ? value_name : std::string_view();
}

}  // namespace sealift::release
