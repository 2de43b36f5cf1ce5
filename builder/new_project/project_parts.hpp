// SPDX-License-Identifier: Apache-2.0
#pragma once

// What a folder has that a release can be made of. Nothing is changed, and nothing outside of the
// folder is asked.

#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/file.hpp"

namespace sealift::builder {

enum class Part { web, nginx, compose, images, drizzle, systemd, flags, secrets };

// What init writes into the folder for configuration.
inline constexpr const char* kConfigFile = "app.env";

struct ProjectParts {
  std::set<Part> chosen;
  // Where each is, from the folder; empty: nowhere yet.
  std::string web;      // a folder with an index.html
  std::string nginx;    // a file
  std::string compose;  // a file
  std::string drizzle;  // a folder with meta/_journal.json
  std::string systemd;  // a folder of units
  bool is_sqlite = false;
  std::string config = "config";  // a new folder for configuration
  std::set<std::string> images;   // that services of the Compose file name
  std::set<std::string> built;    // of those, what developers build
  std::vector<std::string> dotenv_files;
  // By environment, of .env files; a key that a file names alone is empty.
  std::map<std::string, std::map<std::string, std::string>> values;
  std::set<std::string> secrets;  // keys of values that nobody but a site may read

  bool has(Part part) const { return chosen.contains(part); }
};

// The word of a part, such as "nginx".
std::string_view name(Part part);
// Error{usage} for another word.
Part part_named(const std::string& word);

// Where the parts that are one file or folder are.
std::vector<std::pair<const std::string*, Part>> places_of(const ProjectParts& parts);

// All that `folder` has is chosen. A missing folder has nothing. Error{invalid_input} for a .env or
// Compose file with mistakes.
ProjectParts find_parts(const fs::path& folder);

}  // namespace sealift::builder
