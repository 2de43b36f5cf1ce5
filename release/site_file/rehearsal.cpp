// SPDX-License-Identifier: Apache-2.0
#include "release/site_file/rehearsal.hpp"

#include <algorithm>
#include <array>

#include "base/error.hpp"
#include "base/format.hpp"
#include "release/documents/workload.hpp"
#include "release/text/yaml.hpp"

namespace sealift::release {

namespace {

constexpr std::array<std::string_view, 3> kLyingInFolders = {"directory", "oci-layout",
                                                             "image-folder"};
constexpr std::array<std::string_view, 3> kEngines = {"docker", "podman", "containerd"};

constexpr const char* kElsewhere =
    "rehearse on a machine of its own: sealift-installer site restore ARCHIVE";
constexpr const char* kStart =
    "give --start: a project of its own is started, which gets values and secrets of this site; "
    "those that lead to what must not be touched are replaced by --set and --secret";

bool is_one_of(const auto& drivers, const std::string& driver) {
  return std::find(drivers.begin(), drivers.end(), driver) != drivers.end();
}

// "postgresql://user@host:5432/main?sslmode=require" -> ".../main_LABEL?sslmode=require"
std::string with_label(const std::string& url, const std::string& label) {
  const std::size_t end = std::min(url.find('?'), url.size());
  return format("{}_{}{}", url.substr(0, end), label, url.substr(end));
}

// Names of images that nobody runs, so that what the real site calls so stays as it is. A registry
// that stands in one of the site's own names becomes a part of it.
Json read_map(const Json& target, const std::string& name) {
  const std::string front = format("localhost/{}/", name);
  if (!target.contains("map")) return {{"", front}};
  Json map = Json::object();
  for (const auto& [from, to] : target["map"].items()) {
    std::string part = to;
    std::replace(part.begin(), part.end(), ':', '-');
    map[from] = front + part;
  }
  return map;
}

// Each target in a folder or a project of its own.
class TargetReader {
 public:
  TargetReader(const Rehearsal& rehearsal, Problems& problems)
      : rehearsal_(rehearsal), problems_(problems) {}

  void read_targets(Json& targets) {
    for (auto& [target, said] : targets.items()) {
      const std::string driver = said["driver"];
      const bool is_engine = is_one_of(kEngines, driver);
      if (is_engine || driver == kCompose) {
        if (rehearsal_.runs == Runs::nothing) {
          problems_.add(format("target {}: {} would start containers", target, driver), kStart);
        }
      } else if (!is_one_of(kLyingInFolders, driver)) {
        problems_.add(format("target {}: {} cannot be had twice on one host", target, driver),
                      kElsewhere);
      }
      if (is_engine) {
        said["map"] = read_map(said, rehearsal_.name);
      } else {
        said["path"] = (rehearsal_.place / "targets" / target).string();
      }
      if (driver != kCompose) continue;
      said["project"] = format("{}-{}", rehearsal_.name, ++projects_);
      said["isolated"] = true;
    }
  }

 private:
  const Rehearsal& rehearsal_;
  Problems& problems_;
  std::size_t projects_ = 0;
};

void read_databases(Json& databases, const Rehearsal& rehearsal, Problems& problems) {
  for (auto& [database, said] : databases.items()) {
    if (said.contains("path")) {
      said["path"] = (rehearsal.place / "databases" / (database + ".db")).string();
    } else if (!said.contains("backup")) {
      said["url"] = with_label(said["url"], rehearsal.label);
    } else {
      problems.add(format("database {}: programs of its own restore it", database), kElsewhere);
    }
  }
}

Json read_as_rehearsal(Json root, const Rehearsal& rehearsal) {
  Problems problems;
  if (root.contains("targets")) {
    TargetReader(rehearsal, problems).read_targets(root["targets"]);
  }
  if (root.contains("databases")) read_databases(root["databases"], rehearsal, problems);
  problems.throw_if_any(Errc::incompatible);
  for (const char* key : {"fence", "services", "windows", "exports", "notify", "metrics"})
    root.erase(key);
  if (root.contains("backups")) {
    root["backups"].erase("copies");
    if (root["backups"].empty()) root.erase("backups");
  }
  for (const auto& [key, file] : rehearsal.secrets) root["secrets"][key] = {{"file", file}};
  return root;
}

}  // namespace

std::string rehearsal_settings(std::string_view text, const std::string& name,
                               const Rehearsal& rehearsal) {
  return to_pretty(read_as_rehearsal(YamlDocument::parse(text, name).value(), rehearsal));
}

}  // namespace sealift::release
