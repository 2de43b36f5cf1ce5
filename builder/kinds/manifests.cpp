// SPDX-License-Identifier: Apache-2.0
#include "builder/kinds/manifests.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "base/file.hpp"
#include "base/format.hpp"
#include "base/log.hpp"
#include "base/path.hpp"
#include "base/program_file.hpp"
#include "base/text.hpp"
#include "builder/kind/outputs.hpp"
#include "builder/kind/templates.hpp"
#include "compose/variables.hpp"
#include "content/media_types.hpp"

namespace sealift::builder {

namespace {

// As Compose itself looks for it.
constexpr std::array kComposeFiles = {"compose.yaml", "compose.yml", "docker-compose.yaml",
                                      "docker-compose.yml"};

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

// The text of the Compose file in the source, as it is there; empty where there is none, which
// compose_file() says.
std::string compose_source(const fs::path& source) {
  if (!dir_exists(source)) {
    return path_exists(source) ? read_file(source, release::kMaxTemplateBytes) : "";
  }
  for (const char* name : kComposeFiles) {
    if (path_exists(source / name)) return read_file(source / name, release::kMaxTemplateBytes);
  }
  return "";
}

// The values of the configuration for the variables of the Compose file, unless the source says
// them itself.
MadeFiles made_for(const release::ComponentEntry& entry, const Workshop& workshop) {
  const fs::path source = workshop.release.folder / entry.source;
  const bool has_own = dir_exists(source) && path_exists(source / compose::kVariablesFile);
  if (entry.workload.runtime != release::kCompose || has_own) return {};
  std::string variables =
      compose_variables(compose::variables_in(compose_source(source)), workshop.release);
  if (variables.empty()) return {};
  return {{compose::kVariablesFile, std::move(variables)}};
}

// A file that looks like a unit and would not be one is a mistake.
void check_unit_names(const release::ComponentEntry& entry, const std::set<std::string>& files) {
  constexpr std::array kOtherEndings = {".slice", ".mount", ".automount", ".swap"};
  Problems problems;
  for (const std::string& path : files) {
    if (path.find('/') != path.npos || release::is_unit_name(path)) continue;
    const std::string ending = fs::path(path).extension().string();
    const std::string where =
        format("components.{}: {}: {}", entry.name, entry.source, printable(path, 200));
    if (release::is_unit_name("a" + ending)) {
      problems.add(format("{}: found no name of a unit", where),
                   "it has letters, digits and : - _ . \\ @, and begins with none of - and .");
    } else if (std::find(kOtherEndings.begin(), kOtherEndings.end(), ending) !=
               kOtherEndings.end()) {
      problems.add(format("{}: found a {}, which a release cannot bring", where, ending.substr(1)),
                   "set it up on the host");
    }
  }
  problems.throw_if_any(Errc::invalid_input);
}

void check_units(const release::ComponentEntry& entry, const std::set<std::string>& files) {
  check_unit_names(entry, files);
  if (std::any_of(files.begin(), files.end(), release::is_unit_name)) return;
  throw Error(Errc::invalid_input,
              format("components.{}: {}: found no unit of systemd", entry.name, entry.source),
              format("units lie directly in the folder and end in {}",
                     ".service, .socket, .timer, .target or .path"));
}

using Executables = std::map<std::string, std::string>;  // path -> how each begins

// A program must be one for every machine that the release is for.
void check_machine(const std::string& where, const std::string& machine,
                   const std::vector<std::string>& arch, Problems& problems) {
  if (arch.empty()) {
    log::warning(
        format("{}: is a program for {}; requires: {{arch: [{}]}} in release.yaml keeps "
               "the release from other hosts",
               where, machine, machine));
  }
  for (const std::string& each : arch) {
    if (each == machine) continue;
    problems.add(format("{}: is a program for {}, and the release is for {}", where, machine, each),
                 format("build it for {}, or say requires: {{arch: [{}]}}", each, machine));
  }
}

// A program that is no file of the host's is one of the component's.
void check_commands(const release::ComponentEntry& entry, const std::set<std::string>& files,
                    const Executables& executables, const std::vector<std::string>& arch) {
  Problems problems;
  for (const auto& [key, command] : release::commands_of(entry.workload)) {
    const std::string program = release::program_in_tree(*command);
    if (program.empty()) continue;
    const std::string where =
        format("components.{}.{}: {}", entry.name, key, printable(command->front(), 200));
    const auto found = executables.find(program);
    if (found == executables.end()) {
      problems.add(format("{}: found {}", where,
                          files.contains(program) ? "a file that is not executable"
                                                  : "no such file in " + entry.source),
                   files.contains(program) ? "chmod +x, in the repository as well"
                                           : "the program of a command is looked for there");
      continue;
    }
    const std::string& head = found->second;
    if (const std::string flaw = program_flaw(head); !flaw.empty()) {
      problems.add(format("{}: cannot be started: it {}", where, flaw), flaw_hint(head));
    }
    const std::string machine = program_machine(head);
    if (!machine.empty()) check_machine(where, machine, arch, problems);
  }
  problems.throw_if_any(Errc::invalid_input);
}

class Manifests : public Kind {
 public:
  std::string_view name() const override { return "manifests"; }

  BuiltComponent build(const release::ComponentEntry& entry,
                       const Workshop& workshop) const override {
    std::set<std::string> files;
    MadeFiles made = made_for(entry, workshop);
    BuiltComponent built = build_templates(
        entry, workshop, media_type::kManifests, made,
        [&](const std::string& path, const std::string&) {
          if (!made.contains(path)) files.insert(path);
        },
        [&](PackedTree& packed) {
          release::Workload workload = entry.workload;
          if (workload.runtime == release::kCompose) {
            workload.file = compose_file(entry, files);
          } else if (workload.runtime == release::kSystemd) {
            check_units(entry, files);
          } else {
            check_commands(entry, files, packed.executables, workshop.release.arch);
          }
          packed.document.workload = std::move(workload);
        });
    // Of Compose the images are those of its services, in whatever spelling: see check_compose().
    if (entry.workload.runtime == release::kCompose) built.image_references.clear();
    return built;
  }
};

}  // namespace

const Kind& manifests_kind() {
  static const Manifests kind;
  return kind;
}

}  // namespace sealift::builder
