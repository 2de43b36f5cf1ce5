// SPDX-License-Identifier: Apache-2.0
#pragma once

// A Compose file (the Compose Specification) as far as it must be understood: which services it
// has, from which images, and which files of its own tree they read. Everything else is the
// engine's to understand.

#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"
#include "release/allow.hpp"

namespace sealift::installer {

struct ComposeService {
  std::string name;
  std::string image;               // as the file says it
  std::vector<std::string> files;  // of the tree, which it mounts or reads: relative, normalised
  unsigned replicas = 1;
  Json definition;  // as the file says it, with what it refers to
};

struct ComposeFile {
  std::string version;  // of the form; empty: not said
  // Those that start by themselves: without a profile.
  std::vector<ComposeService> services;
  std::vector<release::Claim> claims;  // what it asks of the host

  // Error{invalid_input} with every mistake: no service, one without an image, and what would reach
  // outside of the release.
  static ComposeFile parse(std::string_view text, const std::string& name);
};

}  // namespace sealift::installer
