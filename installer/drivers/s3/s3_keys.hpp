// SPDX-License-Identifier: Apache-2.0
#pragma once

// How a target lies in its bucket. Below its prefix:
//   PATH                            what users fetch
//   .sealift/target                 which site manages the prefix
//   .sealift/current                the directory of the release that users see
//   .sealift/attempt                the directory of a release that was taken back, and what users
//   saw .sealift/releases/LABEL/files   what that release has: the inventory (s3_object.hpp)
//   .sealift/releases/LABEL/tree/PATH   its held files
// "releases/LABEL" is the directory of a placement.

#include <string>
#include <string_view>

#include "base/format.hpp"

namespace sealift::installer {

inline constexpr std::string_view kOwnFolder = ".sealift/";
inline constexpr std::string_view kFilesName = "/files";

struct S3Keys {
  std::string prefix;  // empty, or ends with '/'

  std::string shown(std::string_view path) const { return format("{}{}", prefix, path); }
  std::string own() const { return shown(kOwnFolder); }
  std::string marker() const { return own() + "target"; }
  std::string current() const { return own() + "current"; }
  std::string attempt() const { return own() + "attempt"; }
  std::string releases() const { return own() + "releases/"; }
  std::string inventory(std::string_view directory) const {
    return format("{}{}{}", own(), directory, kFilesName);
  }
  std::string tree(std::string_view directory) const {
    return format("{}{}/tree/", own(), directory);
  }
  std::string held(std::string_view directory, std::string_view path) const {
    return tree(directory) + std::string(path);
  }
};

}  // namespace sealift::installer
