// SPDX-License-Identifier: Apache-2.0
#pragma once

// Where targets of a site are, for templates: {{target.NAME.path}} is the path of the target that
// site.yaml has under that name. What is served lies below it, in `current`.

#include <string>
#include <string_view>

namespace sealift::release {

// "target.web.path" of the target web.
std::string target_value(std::string_view target);
// The NAME in "target.NAME.path"; empty for any other name of a value.
std::string_view target_name(std::string_view value_name);

}  // namespace sealift::release
