// SPDX-License-Identifier: Apache-2.0
#pragma once

// What must hold between the parts of a release, once each part is sound: values and the templates
// that use them, images and the files that name them, and the sites that shall take it all.

#include <set>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "base/file.hpp"
#include "builder/kind/kind.hpp"
#include "release/project/release_file.hpp"
#include "release/templates/settings.hpp"

namespace sealift::builder {

// Every environment keeps the contract. A secret that is sealed counts as given.
void check_environments(const release::Release& release, Problems& problems);

// Every name that a template uses is declared, and everything that is declared is used by some
// template: by the contract, or where there is none by every environment.
void check_values(const release::Release& release, const std::vector<BuiltComponent>& built,
                  Problems& problems);

// Every image that a file names is carried, and every image that is carried is named somewhere:
// there, or among `used`.
void check_image_references(const std::vector<BuiltComponent>& built, std::set<std::string> used,
                            Problems& problems);

// What a target would refuse about the site's own file.
void check_site(const release::Release& release, const std::vector<BuiltComponent>& built,
                const fs::path& file, Problems& problems);

}  // namespace sealift::builder
