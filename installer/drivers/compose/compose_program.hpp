// SPDX-License-Identifier: Apache-2.0
#pragma once

// Compose as a program of the host: which one there is, and how it is called. Its generations
// differ in what they understand.

#include <chrono>
#include <string>
#include <vector>

#include "base/process.hpp"
#include "release/site_file/site.hpp"

namespace sealift::installer {

// Words of settings in journals: they are never changed.
inline constexpr const char* kV1 = "v1";
inline constexpr const char* kV2 = "v2";
inline constexpr const char* kPodman = "podman-compose";

struct ComposeProgram {
  std::vector<std::string> command;
  std::string generation;  // one of the above
};

// The one that site.yaml names, or the first that works; Error{incompatible}.
ComposeProgram find_compose(const release::Target& target);
// What it speaks to: as site.yaml says it, or its own program without the word that makes it
// Compose.
std::vector<std::string> engine_of(const release::Target& target,
                                   const std::vector<std::string>& compose);
// Runs it with an environment that says where the engine is, and PWD, the folder of the file; and
// nothing else. Error{target_failed} where the program is gone.
Outcome run_compose(const std::vector<std::string>& words, const fs::path& folder,
                    std::chrono::seconds timeout);

}  // namespace sealift::installer
