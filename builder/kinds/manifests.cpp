// SPDX-License-Identifier: Apache-2.0
#include "builder/kinds/manifests.hpp"

#include <array>
#include <set>

#include "base/format.hpp"
#include "base/text.hpp"
#include "builder/kinds/templates.hpp"
#include "content/media_types.hpp"

namespace sealift::builder {

namespace {

// As Compose itself looks for it.
constexpr std::array kComposeFiles = {"compose.yaml", "compose.yml", "docker-compose.yaml",
                                      "docker-compose.yml"};
constexpr std::array kUnitEndings = {".service", ".socket", ".timer", ".target", ".path"};

bool has_slash(const std::string& path) {
  return path.find('/') != std::string::npos;
}

// The source is one file, or a folder with a file of a name that Compose knows.
std::string compose_file(const release::ComponentEntry& entry, const std::set<std::string>& files) {
  if (files.size() == 1) return *files.begin();
  std::vector<std::string> found;
  for (const char* name : kComposeFiles) {
    if (files.contains(name)) found.emplace_back(name);
  }
  if (found.size() == 1) return found.front();
  throw Error(Errc::invalid_input,
              format("components.{}: {}: found {}, expected one Compose file", entry.name,
                     entry.source, found.empty() ? "none of these names" : joined(found)),
              format("it is named {}", joined({kComposeFiles.begin(), kComposeFiles.end()})));
}

void check_units(const release::ComponentEntry& entry, const std::set<std::string>& files) {
  for (const std::string& path : files) {
    if (has_slash(path)) continue;
    for (const char* ending : kUnitEndings) {
      if (path.ends_with(ending)) return;
    }
  }
  throw Error(Errc::invalid_input,
              format("components.{}: {}: found no unit of systemd", entry.name, entry.source),
              format("units lie directly in the folder and end in {}",
                     joined({kUnitEndings.begin(), kUnitEndings.end()})));
}

class Manifests : public Kind {
 public:
  std::string_view name() const override { return "manifests"; }

  BuiltComponent build(const release::ComponentEntry& entry,
                       const Workshop& workshop) const override {
    std::set<std::string> files;
    return build_templates(
        entry, workshop, media_type::kManifests, {},
        [&](const std::string& path, const std::string&) { files.insert(path); },
        [&](release::ComponentDocument& document) {
          document.workload = entry.workload;
          if (entry.workload.runtime == release::kCompose) {
            document.workload->file = compose_file(entry, files);
          } else if (entry.workload.runtime == release::kSystemd) {
            check_units(entry, files);
          }
        });
  }
};

}  // namespace

const Kind& manifests_kind() {
  static const Manifests kind;
  return kind;
}

}  // namespace sealift::builder
