// SPDX-License-Identifier: Apache-2.0
#pragma once

// The files that `sealift init` writes: those of templates/starter, release.yaml and environments
// made of what was found, sites/example.yaml, and a practice site below practice/, which git is
// told to ignore.

#include <string>
#include <vector>

#include "base/file.hpp"
#include "builder/new_project/project_parts.hpp"

namespace sealift::builder {

struct NewFile {
  std::string path;  // from the project's folder
  std::string content;
  FileMode mode = FileMode::plain;
};

// `folder` is absolute: the practice site is below it. The last is release.yaml, for a folder that
// has it is a project.
std::vector<NewFile> new_project(const std::string& name, const fs::path& folder,
                                 const ProjectParts& parts);

}  // namespace sealift::builder
