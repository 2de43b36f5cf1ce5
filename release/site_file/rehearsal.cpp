// SPDX-License-Identifier: Apache-2.0
#include "release/site_file/rehearsal.hpp"

#include <algorithm>
#include <array>

#include "base/error.hpp"
#include "base/format.hpp"
#include "release/text/yaml.hpp"

namespace sealift::release {

namespace {

constexpr std::array<std::string_view, 3> kLyingInFolders = {"directory", "oci-layout",
                                                             "image-folder"};

constexpr const char* kElsewhere =
    "rehearse on a machine of its own: sealift-installer site restore ARCHIVE";

// "postgresql://user@host:5432/main?sslmode=require" -> ".../main_LABEL?sslmode=require"
std::string with_label(const std::string& url, const std::string& label) {
  const std::size_t end = std::min(url.find('?'), url.size());
  return format("{}_{}{}", url.substr(0, end), label, url.substr(end));
}

// Each target in a folder of its own below `place`.
void read_targets(Json& targets, const fs::path& place, Problems& problems) {
  for (auto& [target, said] : targets.items()) {
    const std::string driver = said["driver"];
    if (std::find(kLyingInFolders.begin(), kLyingInFolders.end(), driver) ==
        kLyingInFolders.end()) {
      problems.add(format("target {}: {} cannot be had twice on one host", target, driver),
                   kElsewhere);
      continue;
    }
    said["path"] = (place / "targets" / target).string();
  }
}

void read_databases(Json& databases, const fs::path& place, const std::string& label,
                    Problems& problems) {
  for (auto& [database, said] : databases.items()) {
    if (said.contains("path")) {
      said["path"] = (place / "databases" / (database + ".db")).string();
    } else if (!said.contains("backup")) {
      said["url"] = with_label(said["url"], label);
    } else {
      problems.add(format("database {}: programs of its own restore it", database), kElsewhere);
    }
  }
}

Json read_as_rehearsal(Json root, const fs::path& place, const std::string& label) {
  Problems problems;
  if (root.contains("targets")) read_targets(root["targets"], place, problems);
  if (root.contains("databases")) read_databases(root["databases"], place, label, problems);
  problems.throw_if_any(Errc::incompatible);
  for (const char* key : {"fence", "services", "windows", "exports"}) root.erase(key);
  return root;
}

}  // namespace

std::string rehearsal_settings(std::string_view text, const std::string& name,
                               const fs::path& place, const std::string& label) {
  return to_pretty(read_as_rehearsal(YamlDocument::parse(text, name).value(), place, label));
}

}  // namespace sealift::release
