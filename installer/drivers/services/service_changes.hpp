// SPDX-License-Identifier: Apache-2.0
#pragma once

// Which services the files of a plan concern. A component's globs say which of its files belong to
// a service; one that is added, changed or removed concerns it, however many components name it.

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "release/documents/file_table.hpp"
#include "release/text/glob.hpp"

namespace sealift::installer {

// Service -> globs.
using ServiceGlobs = std::map<std::string, std::vector<std::string>>;

struct ServiceChange {
  std::vector<std::string> files;  // the first that differ: "nginx/site.conf changed"
  std::uint64_t count = 0;         // of all that differ
  bool stood = false;              // the service had files of ours before
};

using ServiceChanges = std::map<std::string, ServiceChange>;

// "nginx/site.conf changed and 2 more"
std::string text(const ServiceChange& change);

// Looks on while the tables of one component are compared.
class ServiceWatch {
 public:
  // A file belongs to a service by what the component said before or by what it says now.
  ServiceWatch(const ServiceGlobs& before, const ServiceGlobs& now, ServiceChanges& changes);
  // Whether any file can concern a service.
  bool is_watching() const { return !globs_.empty(); }
  // `before` is null for a file that comes, `now` for one that goes.
  void see(release::Change kind, const release::FileEntry* before, const release::FileEntry* now);

 private:
  std::vector<std::pair<std::string, release::Glob>> globs_;
  ServiceChanges& changes_;
};

}  // namespace sealift::installer
