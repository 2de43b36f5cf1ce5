// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the ending of a web file's name says of it. Names are those of IANA.

#include <string_view>

namespace sealift::release {

// "text/javascript"; empty for an ending that this table does not have.
std::string_view content_type_of(std::string_view path);
// True for types whose files are text, or otherwise become much smaller. "text/css; charset=utf-8"
// is text/css.
bool is_compressible(std::string_view content_type);

}  // namespace sealift::release
