// SPDX-License-Identifier: Apache-2.0
#pragma once

// A Compose file (the Compose Specification) as far as it must be understood: which services it
// has, from which images, and which files of its own tree they read. Everything else is the
// engine's to understand. The builder judges a file with this before it is signed, the installer
// reads it with the same before it is run.

#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"
#include "release/allow.hpp"

namespace sealift::compose {

// A file or folder of the release's own tree that a Compose file names.
struct OwnFile {
  enum class Use { mount, read, read_if_there };
  std::string path;  // relative, normalised
  Use use;
  std::string where;  // "compose.yaml:7: services.api.volumes[0]", for messages

  friend bool operator<(const OwnFile& a, const OwnFile& b) { return a.path < b.path; }
};

struct ComposeService {
  std::string name;
  std::string image;           // as the file says it
  std::string image_place;     // where it says it, for messages
  std::vector<OwnFile> files;  // which it mounts or reads: sorted, each path once
  unsigned replicas = 1;
  Json definition;  // as the file says it, with what it refers to
};

struct ComposeFile {
  std::string version;  // of the form; empty: not said
  // Those that start by themselves: without a profile.
  std::vector<ComposeService> services;
  std::vector<std::string> other_images;  // of the other services, as the file says them
  std::vector<release::Claim> claims;     // what it asks of the host

  // Error{invalid_input} with every mistake: no service, one without an image, and what would reach
  // outside of the release.
  static ComposeFile parse(std::string_view text, const std::string& name);
};

}  // namespace sealift::compose
