// SPDX-License-Identifier: Apache-2.0
#include "installer/site_archive/kept_archives.hpp"

#include <algorithm>
#include <set>
#include <tuple>

#include "base/error.hpp"
#include "base/format.hpp"
#include "base/log.hpp"

namespace sealift::installer {

namespace {

std::string name_of(const SiteArchive& archive) {
  return archive.file().filename().string();
}

}  // namespace

std::vector<SiteArchive> archives_in(const fs::path& folder) {
  std::vector<SiteArchive> archives;
  for (const Entry& each : Dir::open(folder).entries()) {
    if (each.type != EntryType::file || !each.name.ends_with(kSiteArchiveEnding)) continue;
    try {
      archives.emplace_back(folder / each.name);
    } catch (const Error& error) {
      log::warning(error.message());
    }
  }
  // Of one second the one that knows more of the audit log, which grows with each.
  std::stable_sort(archives.begin(), archives.end(), [](const auto& a, const auto& b) {
    const SiteManifest& earlier = a.manifest();
    const SiteManifest& later = b.manifest();
    return std::tie(earlier.made, earlier.audit_lines) < std::tie(later.made, later.audit_lines);
  });
  return archives;
}

SiteArchive archive_at(const fs::path& folder, const std::optional<Time>& at,
                       const std::string& key) {
  std::vector<SiteArchive> archives = archives_in(folder);
  const auto is_later = [&](const SiteArchive& each) { return at && each.manifest().made > *at; };
  archives.erase(std::remove_if(archives.begin(), archives.end(), is_later), archives.end());
  if (archives.empty()) {
    throw Error(Errc::usage,
                format("{}: has no site archive{}", folder.string(),
                       at ? format(" of {} or before", to_text(*at)) : ""),
                "name the folder, or one archive in it");
  }
  const bool is_one = std::all_of(archives.begin(), archives.end(), [&](const SiteArchive& each) {
    return each.manifest().site == archives.back().manifest().site;
  });
  if (is_one) return archives.back();
  const auto wanted =
      std::find_if(archives.rbegin(), archives.rend(),
                   [&](const SiteArchive& each) { return each.manifest().key.id() == key; });
  if (wanted != archives.rend()) return *wanted;
  throw Error(Errc::usage, format("{}: has archives of several sites", folder.string()),
              "name one archive, or give the key of its site with --key");
}

std::vector<std::string> remove_old_archives(const fs::path& folder, const release::KeepRule& rule,
                                             const std::string& site, Time now) {
  std::vector<SiteArchive> archives = archives_in(folder);
  std::set<std::string> needed;
  std::vector<std::string> removed;
  std::size_t newer = 0;
  std::uint64_t bytes = 0;
  const Dir dir = Dir::open(folder);
  for (auto each = archives.rbegin(); each != archives.rend(); ++each) {
    if (each->manifest().site != site) continue;
    bytes += file_bytes(each->file());
    const std::int64_t age = now.seconds - each->manifest().made.seconds;
    const std::string name = name_of(*each);
    if (rule.keeps(newer++, bytes, age) || needed.contains(name)) {
      for (const ArchivedFile& file : each->manifest().files) {
        if (!file.archive.empty()) needed.insert(file.archive);
      }
      continue;
    }
    dir.remove(name);
    removed.push_back(name);
  }
  dir.sync();
  return removed;
}

}  // namespace sealift::installer
