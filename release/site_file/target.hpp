// SPDX-License-Identifier: Apache-2.0
#pragma once

// The targets of site.yaml.

#include <vector>

#include "release/site_file/site.hpp"
#include "release/text/schema.hpp"
#include "release/text/yaml.hpp"

namespace sealift::release {

// Of a document that has passed the schema; what is wrong beyond that is added to `mistakes`.
void read_targets(const YamlDocument& document, Site& site, std::vector<Mistake>& mistakes);

}  // namespace sealift::release
