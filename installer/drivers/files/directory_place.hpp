// SPDX-License-Identifier: Apache-2.0
#pragma once

// The path of a target on the disk, as the directory driver lays it out (directory.hpp): what is
// there now, whose it is, and where PATH/current leads.

#include <string>
#include <string_view>
#include <vector>

#include "base/file.hpp"
#include "installer/driver/driver.hpp"

namespace sealift::installer {

inline constexpr std::string_view kReleases = "releases";
inline constexpr std::string_view kCurrent = "current";
inline constexpr std::string_view kMarker = ".sealift-target";
inline constexpr unsigned kDirectoryMode = 0755;

// A directory that we made has the mode that we gave it; of one that was there the operator
// decides.
enum class Maker { us, others };

// What PATH/.sealift-target says: canonical JSON and a line end.
std::string marker_text(const std::string& site, const std::string& target, Maker maker);
// Whether PATH has a marker, and it names this site and target.
bool has_marker_of(const fs::path& path, const std::string& site, const std::string& target);
// Error{corrupt} where the marker is none of ours.
Maker maker_of(const fs::path& path);

// Takes an empty or missing PATH for this target, before its data comes back. Nothing happens where
// it is that target's already; Error{incompatible} where it holds something else.
void claim(const fs::path& path, const std::string& site, const std::string& target);

// Where PATH/current leads, relative to PATH; empty where there is no such link. Other tools write
// absolute links: one that stays in PATH is as good.
std::string current_in(const fs::path& path);

// What is at the path of a wish now.
struct Observation {
  std::vector<std::string> missing;  // directories of the path that do not exist, outermost first
  bool managed = false;              // the path is this target's already
  std::string current;               // as current_in(); empty where it is not managed
};

// Changes nothing. Error{incompatible} where the path is another target's, or holds what sealift
// did not put there and the wish is not to adopt it.
Observation observe(const Wish& wish);

}  // namespace sealift::installer
