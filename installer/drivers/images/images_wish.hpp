// SPDX-License-Identifier: Apache-2.0
#pragma once

// What a driver of images is told beside what every driver is (installer/driver/driver.hpp).

#include <vector>

#include "installer/driver/driver.hpp"
#include "installer/records/placed_image.hpp"

namespace sealift::installer {

struct ImagesWish {
  std::vector<PlacedImage> images;
};

// None where the wish is for something else, or the component goes.
inline const std::vector<PlacedImage>& images_in(const Wish& wish) {
  static const ImagesWish none;
  return (wish.images == nullptr ? none : *wish.images).images;
}

}  // namespace sealift::installer
