// SPDX-License-Identifier: Apache-2.0
#include "builder/kinds/flags.hpp"

#include <algorithm>

#include "base/format.hpp"
#include "base/nearest.hpp"
#include "base/path.hpp"
#include "builder/kind/tree.hpp"
#include "content/media_types.hpp"
#include "release/flags/flags_file.hpp"
#include "release/text/schema.hpp"

namespace sealift::builder {

namespace {

// Of an environment's file in the source; in the bundle it ends in ".json".
constexpr std::string_view kEnding = ".yaml";

// A file that no environment has would be one that somebody believes in.
void refuse_strangers(const Dir& folder, const std::string& source,
                      const std::vector<std::string>& environments, Problems& problems) {
  std::vector<std::string> wanted;
  wanted.reserve(environments.size());
  for (const std::string& name : environments) wanted.push_back(format("{}{}", name, kEnding));
  for (const Entry& entry : folder.entries()) {
    if (std::find(wanted.begin(), wanted.end(), entry.name) != wanted.end()) continue;
    const std::string near = nearest(entry.name, wanted);
    problems.add(format("{}/{}: belongs to no environment of the release", source,
                        printable(entry.name, 80)),
                 near.empty() ? "files here are named ENVIRONMENT.yaml"
                              : format("did you mean \"{}\"?", near));
  }
}

class Flags : public Kind {
 public:
  std::string_view name() const override { return "flags"; }

  BuiltComponent build(const release::ComponentEntry& entry,
                       const Workshop& workshop) const override {
    const fs::path folder = workshop.release.folder / entry.source;
    if (!dir_exists(folder)) {
      throw Error(Errc::invalid_input,
                  format("components.{}: {}: found no such folder in {}", entry.name, entry.source,
                         workshop.release.folder.string()),
                  "make it, with a file ENVIRONMENT.yaml for each environment");
    }
    const std::map<std::string, release::FlagsFile> files =
        read(Dir::open(folder), entry, workshop);
    std::map<std::string, std::string> texts;
    for (const auto& [environment, file] : files) {
      texts[environment + ".json"] = release::to_flagd(file.set);
    }
    const PackedTree packed = pack_texts(workshop, entry, media_type::kTree, std::move(texts));
    return {tree_component(entry, media_type::kFlags, packed), {}};
  }

 private:
  // All files are read before they are compared: a mistake in one would look like a missing flag in
  // all.
  static std::map<std::string, release::FlagsFile> read(const Dir& folder,
                                                        const release::ComponentEntry& entry,
                                                        const Workshop& workshop) {
    std::map<std::string, release::FlagsFile> files;
    std::vector<std::string> environments;
    Problems problems;
    for (const release::Environment& environment : workshop.release.environments) {
      const std::string& name = environment.name;
      environments.push_back(name);
      const std::string path = format("{}/{}{}", entry.source, name, kEnding);
      if (!folder.stat(name + std::string(kEnding))) {
        problems.add(format("{}: found no such file, which the environment {} needs", path, name),
                     "every environment has the same flags");
        continue;
      }
      try {
        const std::string text =
            read_file(workshop.release.folder / path, release::kMaxYamlBytes + 1);
        files.emplace(name, release::parse_flags(text, path));
      } catch (const Error& error) {
        if (error.code() != Errc::invalid_input) throw;
        problems.add(error);
      }
    }
    refuse_strangers(folder, entry.source, environments, problems);
    if (problems.empty()) compare_flags(files, problems);
    problems.throw_if_any(Errc::invalid_input);
    return files;
  }
};

}  // namespace

const Kind& flags_kind() {
  static const Flags kind;
  return kind;
}

}  // namespace sealift::builder
