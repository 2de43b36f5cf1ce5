// SPDX-License-Identifier: Apache-2.0
#pragma once

// What must hold between the parts of a release, once each part is sound: values and the templates
// that use them, images and the files that name them, and the sites that shall take it all.

#include <vector>

#include "base/error.hpp"
#include "base/file.hpp"
#include "builder/kinds/kind.hpp"
#include "release/release_file.hpp"

namespace sealift::builder {

// Every name that a template uses is declared by every environment, and every declared value is
// used by some template. Throws Error{invalid_input} with every mistake.
void check_values(const release::Release& release, const std::vector<BuiltComponent>& built);

// Every image that a compose file or manifest names is carried, and every image that is carried is
// named somewhere.
void check_image_references(const std::vector<BuiltComponent>& built, Problems& problems);

// What a target would refuse about the site's own file.
void check_site(const release::Release& release, const std::vector<BuiltComponent>& built,
                const fs::path& file, Problems& problems);

}  // namespace sealift::builder
