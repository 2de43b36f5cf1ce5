// SPDX-License-Identifier: Apache-2.0
#pragma once

// What a driver of files is told beside what every driver is (installer/driver/driver.hpp).

#include <cstdint>
#include <map>
#include <string>

#include "installer/driver/driver.hpp"
#include "release/site_file/site.hpp"

namespace sealift::installer {

struct FilesWish {
  std::string owner = {};  // "UID:GID" or empty
  // Whether files of the installed release may be shared with the new one.
  release::Sharing sharing = release::Sharing::automatic;
  std::uint64_t count = 0;                          // of files
  std::map<std::string, std::string> persist = {};  // as in its placement
  // Of those, what the installed release has in its own directory, by its path below PATH.
  std::map<std::string, std::string> found_data = {};
  bool has_kept = false;  // this site has kept files of earlier releases there before
};

// A wish that says nothing of files asks for nothing special.
inline const FilesWish& files_in(const Wish& wish) {
  static const FilesWish none;
  return wish.files == nullptr ? none : *wish.files;
}

}  // namespace sealift::installer
