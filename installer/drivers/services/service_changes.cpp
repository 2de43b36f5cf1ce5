// SPDX-License-Identifier: Apache-2.0
#include "installer/drivers/services/service_changes.hpp"

#include <set>
#include <string_view>

#include "base/format.hpp"
#include "base/path.hpp"
#include "base/text.hpp"

namespace sealift::installer {

namespace {

constexpr std::size_t kNamed = 3;

std::string_view word(release::Change kind) {
  switch (kind) {
    case release::Change::added:
      return "added";
    case release::Change::changed:
      return "changed";
    case release::Change::removed:
      return "removed";
    case release::Change::same:
      break;
  }
  return "unchanged";
}

}  // namespace

std::string text(const ServiceChange& change) {
  const std::string named = joined(change.files);
  return change.count <= change.files.size()
             ? named
             : format("{} and {} more", named, change.count - change.files.size());
}

ServiceWatch::ServiceWatch(const ServiceGlobs& before, const ServiceGlobs& now,
                           ServiceChanges& changes)
    : changes_(changes) {
  for (const ServiceGlobs* globs : {&before, &now}) {
    for (const auto& [service, patterns] : *globs) {
      for (const std::string& pattern : patterns) globs_.emplace_back(service, pattern);
    }
  }
}

void ServiceWatch::see(release::Change kind, const release::FileEntry* before,
                       const release::FileEntry* now) {
  const release::FileEntry* entry = now != nullptr ? now : before;
  if (globs_.empty() || entry->type == EntryType::directory) return;
  const std::string& path = entry->path.str();
  std::set<std::string_view> seen;
  for (const auto& [service, glob] : globs_) {
    if (!glob.matches(path) || !seen.insert(service).second) continue;
    ServiceChange& change = changes_[service];
    if (before != nullptr) change.stood = true;
    if (kind == release::Change::same) continue;
    if (change.files.size() < kNamed) {
      change.files.push_back(format("{} {}", printable(path, 200), word(kind)));
    }
    ++change.count;
  }
}

}  // namespace sealift::installer
