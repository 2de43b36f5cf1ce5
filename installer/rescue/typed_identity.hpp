// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "signing/age.hpp"

namespace sealift::installer {

// The identity of age in a file that a person names, as age-keygen writes it.
signing::AgeIdentity identity_from(const std::string& file);

}  // namespace sealift::installer
