// SPDX-License-Identifier: Apache-2.0
#pragma once

// Evidence as one page of HTML for people: no script, nothing that is loaded, light and dark, and
// on paper. It says how to check the files beside it with tools of others.

#include <string>

#include "installer/evidence/evidence.hpp"

namespace sealift::installer {

std::string page_of(const Evidence& evidence);

}  // namespace sealift::installer
