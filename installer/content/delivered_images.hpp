// SPDX-License-Identifier: Apache-2.0
#pragma once

// The images that a release delivers to a site.

#include <vector>

#include "installer/records/placed_image.hpp"
#include "release/documents/manifest.hpp"
#include "release/site_file/site.hpp"

namespace sealift::installer {

// The images of a component as this site names them. Error{incompatible} with every image that it
// has no name for, or that is for another host. In the order of the component's document.
std::vector<PlacedImage> images_on(const release::Component& component,
                                   const release::Target& target);

}  // namespace sealift::installer
