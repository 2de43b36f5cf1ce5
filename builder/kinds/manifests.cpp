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
#include "builder/kind/templates.hpp"
#include "builder/kinds/compose_source.hpp"
#include "builder/kinds/secret_filters.hpp"
#include "builder/rendering/render_source.hpp"
#include "content/media_types.hpp"
#include "kubernetes/manifests.hpp"

namespace sealift::builder {

namespace {

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

// Files in folders are what units read, or drop-ins.
void check_units(const release::ComponentEntry& entry, const std::set<std::string>& files) {
  check_unit_names(entry, files);
  if (std::any_of(files.begin(), files.end(), release::is_unit_name)) return;
  throw Error(Errc::invalid_input,
              format("components.{}: {}: found no unit of systemd", entry.name, entry.source),
              format("units lie directly in the folder and end in {}",
                     ".service, .socket, .timer, .target or .path"));
}

void check_manifests(const release::ComponentEntry& entry, const std::set<std::string>& files) {
  if (std::any_of(files.begin(), files.end(), kubernetes::is_manifest)) return;
  throw Error(Errc::invalid_input,
              format("components.{}: {}: found no manifest", entry.name, entry.source),
              "manifests of Kubernetes end in .yaml, .yml or .json");
}

using Executables = std::map<std::string, std::string>;  // path -> how each begins

// A program must be one for every machine that the release is for. Without requires.arch a warning:
// the release may be for sites that are all of one machine.
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

// Of a file that several make, messages name the one that a person wrote. Lines of the merged file
// are counted by the templates; nobody has that file to look at.
void name_origins(const ComposeSource& source, BuiltComponent& built) {
  if (source.lines.empty()) return;
  std::map<std::string, std::string> places;
  for (std::size_t i = 0; i < source.lines.size(); ++i) {
    places.emplace(format("{}:{}", built.component.document.workload->file, i + 1),
                   format("{}:{}", source.lines[i].name, source.lines[i].line));
  }
  for (ValueUse& use : built.uses) {
    if (const auto place = places.find(use.where); place != places.end()) {
      use.where = place->second;
    }
  }
  built.origins = source.origins;
}

class Manifests : public Kind {
 public:
  std::string_view name() const override { return "manifests"; }

  BuiltComponent build(const release::ComponentEntry& entry,
                       const Workshop& workshop) const override {
    const bool is_compose = entry.workload.runtime == release::kCompose;
    const bool is_kubernetes = entry.workload.runtime == release::kKubernetes;
    RenderedSource rendered;
    ComposeSource source = is_compose ? compose_source(entry, workshop)
                                      : ComposeSource{.entry = entry, .made = {}, .replaced = {}};
    if (!entry.rendering.program.empty()) {
      rendered = render_source(entry, workshop);
      source.made = std::move(rendered.files);
      source.entry.source.clear();
      source.entry.exclude.clear();
      source.entry.raw.clear();
    }
    std::set<std::string> files;
    const SecretFilters filters(workshop.release);
    Problems secrets;
    BuiltComponent built = build_templates(
        source.entry, workshop, media_type::kManifests, source.made,
        [&](const std::string& path, const std::string& text) {
          if (source.is_own(path)) files.insert(path);
          if (is_kubernetes && kubernetes::is_manifest(path)) filters.check(path, text, secrets);
        },
        [&](PackedTree& packed) {
          release::Workload workload = entry.workload;
          if (is_compose) {
            workload.file = compose_file(entry, files);
          } else if (workload.runtime == release::kSystemd) {
            check_units(entry, files);
          } else if (is_kubernetes) {
            check_manifests(entry, files);
            workload.rendered_by = rendered.program;
          } else {
            check_commands(entry, files, packed.executables, workshop.release.arch);
          }
          packed.document.workload = std::move(workload);
        },
        source.replaced);
    if (!secrets.empty()) throw Error(Errc::invalid_input, secrets.all());
    if (is_compose || is_kubernetes) {
      // Images are read where they stand, in whatever spelling: see check_compose() and
      // check_kubernetes().
      built.image_references.clear();
    }
    if (is_compose) name_origins(source, built);
    return built;
  }
};

}  // namespace

const Kind& manifests_kind() {
  static const Manifests kind;
  return kind;
}

}  // namespace sealift::builder
