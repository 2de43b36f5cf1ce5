// SPDX-License-Identifier: Apache-2.0
#include "release/site_file/target.hpp"

#include <algorithm>
#include <array>
#include <functional>

#include "base/format.hpp"
#include "base/path.hpp"
#include "release/documents/persist.hpp"
#include "release/documents/workload.hpp"
#include "release/site_file/kept_things.hpp"
#include "release/text/schema.hpp"

namespace sealift::release {

namespace {

bool contains(const std::string& outer, const std::string& inner) {
  return inner == outer || inner.starts_with(outer + "/");
}

bool needs_a_path(const std::string& driver) {
  return driver == "directory" || driver == "oci-layout" || driver == "image-folder" ||
         is_runtime(driver);
}

// What only one driver has.
constexpr std::array kOfDrivers = {std::pair{"project", kCompose},
                                   std::pair{"engine", kCompose},
                                   std::pair{"volumes", kCompose},
                                   std::pair{"isolated", kCompose},
                                   std::pair{"units", kSystemd},
                                   std::pair{"namespace", kKubernetes},
                                   std::pair{"context", kKubernetes},
                                   std::pair{"kubeconfig", kKubernetes},
                                   std::pair{"kubectl", kKubernetes},
                                   std::pair{"take_over", kKubernetes},
                                   std::pair{"endpoint", kS3},
                                   std::pair{"bucket", kS3},
                                   std::pair{"prefix", kS3},
                                   std::pair{"region", kS3},
                                   std::pair{"style", kS3},
                                   std::pair{"credentials", kS3},
                                   std::pair{"cdn", kS3},
                                   std::pair{"site", kDatadog},
                                   std::pair{"api", kDatadog},
                                   std::pair{"key", kDatadog},
                                   std::pair{"application_key", kDatadog}};

constexpr std::string_view kTimeout = "timeout";

// How names of images begin on the site: with a host, and then parts of a repository.
void check_prefix(const std::string& prefix) {
  const content::ImageName name =
      content::ImageName::parse(prefix + (prefix.ends_with('/') ? "x" : "/x"));
  if (!prefix.starts_with(name.host)) {
    throw Error(
        Errc::invalid_input,
        format("map: found \"{}\", expected a host first, such as registry.site:5000/mirror/",
               printable(prefix, 200)));
  }
}

// What a key that is left out means stands here: the schema has no defaults.
Target read_target(const Json& value) {
  return {
      .driver = value["driver"],
      .path = value.contains("path") ? normalised(value["path"]) : "",
      .owner = value.value("owner", ""),
      .sharing = value.value("sharing", "auto") == "never" ? Sharing::never : Sharing::automatic,
      .command = value.value("command", std::vector<std::string>{}),
      .ca = value.value("ca", ""),
      .insecure = value.value("insecure", false),
      .project = value.value("project", ""),
      .engine = value.value("engine", std::vector<std::string>{}),
      .units = value.contains("units") ? normalised(value["units"]) : "",
      .timeout = value.value("timeout", 300U),
      .map = value.value("map", std::map<std::string, std::string>{}),
      .name_space = text_at(value, "namespace"),
      .context = text_at(value, "context"),
      .kubeconfig = value.contains("kubeconfig") ? normalised(value["kubeconfig"]) : "",
      .kubectl = value.value("kubectl", std::vector<std::string>{}),
      .take_over = value.value("take_over", std::vector<std::string>{}),
      .backup = value.value("backup", std::vector<std::string>{}),
      .volumes = value.value("volumes", std::vector<std::string>{}),
      .isolated = value.value("isolated", false),
      .s3 = value["driver"] == kS3 ? std::optional(read_s3_target(value)) : std::nullopt,
      .datadog =
          value["driver"] == kDatadog ? std::optional(read_datadog_target(value)) : std::nullopt};
}

// Folders of data belong to targets of files, and are written as a release writes them.
void check_backup(const YamlDocument& document, const std::string& target_at, const Target& target,
                  std::vector<Mistake>& mistakes) {
  const bool has_data =
      target.driver == "directory" ||
      (is_runtime(target.driver) && target.driver != kKubernetes && target.driver != kDatadog);
  if (!target.backup.empty() && !has_data) {
    mistakes.push_back({document.line_of(target_at),
                        {format("{}: found backup, which {} does not have: it keeps no folders of "
                                "data",
                                document.where(target_at), target.driver),
                         {}}});
  }
  for (const PersistMistake& mistake : persist_mistakes(target.backup)) {
    const std::string place = format("{}/backup/{}", target_at, mistake.index);
    mistakes.push_back({document.line_of(place),
                        {format("{}: {}", document.where(place), mistake.found),
                         "write a folder as the release's persist does, such as uploads"}});
  }
}

// A target by itself, and beside `others`. `refuse` takes each mistake.
void check_target(const std::string& name, const Target& target, const Json& said,
                  const std::map<std::string, Target>& others,
                  const std::function<void(const std::string&)>& refuse) {
  const bool has_path = !target.path.empty();
  if (const bool needs_path = needs_a_path(target.driver); has_path != needs_path) {
    refuse(format("found {} path, expected {}", has_path ? "a" : "no",
                  needs_path ? "one" : format("none for {}", target.driver)));
  }
  for (const auto& [key, driver] : kOfDrivers) {
    if (!said.contains(key) || target.driver == driver) continue;
    refuse(format("found {}, which {} does not have", key, target.driver));
  }
  if (target.s3) {
    for (const std::string& mistake : s3_mistakes(*target.s3)) refuse(mistake);
  }
  if (target.datadog) {
    for (const std::string& mistake : datadog_mistakes(*target.datadog)) refuse(mistake);
  }
  if (target.driver == kKubernetes && target.name_space.empty()) {
    refuse("found no namespace, which kubernetes needs");
  }
  // What exec may take stands in the release.
  const bool has_timeout =
      is_runtime(target.driver) && target.driver != kExec && target.driver != kDatadog;
  if (!has_timeout && said.contains(kTimeout)) {
    refuse(format("found {}, which {} does not have", kTimeout, target.driver));
  }
  try {
    check_name(name);
    if (has_path) RelPath::parse(std::string_view(target.path).substr(1));
    for (const auto& [from, to] : target.map) check_prefix(to);
  } catch (const Error& error) {
    refuse(error.message());
  }
  for (const auto& [other_name, other] : others) {
    if (target.s3 && other.s3 && target.s3->overlaps(*other.s3)) {
      refuse(format("its prefix and that of target {} overlap in the bucket {}",
                    printable(other_name), target.s3->bucket));
    }
    if (!has_path || other.path.empty()) continue;
    if (contains(other.path, target.path) || contains(target.path, other.path)) {
      refuse(format("its path {} and that of target {}, {}, overlap", printable(target.path),
                    printable(other_name), printable(other.path)));
    }
  }
}

}  // namespace

// Each target is compared with those before it, so that of two that overlap the second is named.
void read_targets(const YamlDocument& document, Site& site, std::vector<Mistake>& mistakes) {
  for (const auto& [name, value] : object_at(document.value(), "targets").items()) {
    const std::string pointer = "/targets/" + name;
    const auto refuse = [&](const std::string& found) {
      mistakes.push_back(
          {document.line_of(pointer), {format("{}: {}", document.where(pointer), found), {}}});
    };
    Target target = read_target(value);
    check_backup(document, pointer, target, mistakes);
    check_target(name, target, value, site.targets, refuse);
    site.targets.emplace(name, std::move(target));
  }
}

std::optional<std::string> Target::mapped(const content::ImageName& name) const {
  const std::string text = name.str();
  if (map.empty()) return text;
  const std::pair<const std::string, std::string>* longest = nullptr;
  for (const auto& each : map) {
    if (!text.starts_with(each.first)) continue;
    if (longest == nullptr || each.first.size() > longest->first.size()) longest = &each;
  }
  if (longest == nullptr) return std::nullopt;
  return content::ImageName::parse(longest->second + text.substr(longest->first.size())).str();
}

}  // namespace sealift::release
