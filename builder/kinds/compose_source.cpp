// SPDX-License-Identifier: Apache-2.0
#include "builder/kinds/compose_source.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include "base/file.hpp"
#include "base/format.hpp"
#include "base/text.hpp"
#include "builder/kind/outputs.hpp"
#include "compose/project.hpp"
#include "compose/variables.hpp"
#include "release/templates/template.hpp"

namespace sealift::builder {

namespace {

// As Compose itself looks for it.
constexpr std::array kComposeFiles = {"compose.yaml", "compose.yml", "docker-compose.yaml",
                                      "docker-compose.yml"};

std::string known_names() {
  return joined({kComposeFiles.begin(), kComposeFiles.end()});
}

// The path of the first Compose file from the release's folder; empty where there is none, which
// compose_file() says. Compose takes the first of several, and so does this; compose_file() refuses
// several later.
std::string first_file(const release::ComponentEntry& entry, const fs::path& folder) {
  const fs::path source = entry.source;
  if (!dir_exists(folder / source)) return path_exists(folder / source) ? entry.source : "";
  for (const char* name : kComposeFiles) {
    if (path_exists(folder / source / name)) return (source / name).lexically_normal().string();
  }
  return "";
}

// Nothing where there is no such file: who asks decides whether that is a mistake.
std::optional<std::string> read_source(const fs::path& folder, const std::string& path) {
  if (!path_exists(folder / path)) return std::nullopt;
  return read_file(folder / path, release::kMaxTemplateBytes);
}

}  // namespace

bool ComposeSource::is_own(const std::string& path) const {
  return path != compose::kVariablesFile || !made.contains(path);
}

// A file that stands alone is carried byte for byte. Only one that others belong to is written
// anew, since a target has none of them. A .env is made only of variables that the file asks for.
ComposeSource compose_source(const release::ComponentEntry& entry, const Workshop& workshop) {
  ComposeSource source{.entry = entry, .made = {}, .replaced = {}};
  const fs::path& folder = workshop.release.folder;
  const std::string first = first_file(entry, folder);
  if (first.empty()) {
    if (entry.overlays.empty()) return source;
    throw Error(Errc::invalid_input,
                format("components.{}: {}: found no Compose file to lay others over", entry.name,
                       entry.source),
                format("name it, or a folder that has one of {}", known_names()));
  }
  std::string text = read_source(folder, first).value_or("");
  const bool is_folder = dir_exists(folder / entry.source);
  if (!entry.overlays.empty() || compose::needs_merge(text, first)) {
    std::vector<std::string> files = {first};
    files.insert(files.end(), entry.overlays.begin(), entry.overlays.end());
    try {
      compose::MergedProject merged = compose::merge_project(
          files, [&](const std::string& path) { return read_source(folder, path); });
      text = std::move(merged.file.text);
      source.origins = std::move(merged.file.origins);
      source.lines = std::move(merged.file.lines);
      for (const std::string& path : merged.paths) {
        source.replaced.insert(
            fs::path(path).lexically_relative(entry.source.empty() ? "." : entry.source).string());
      }
    } catch (const Error& error) {
      throw error.within(format("components.{}", entry.name));
    }
    source.made.emplace(fs::path(first).filename().string(), text);
    if (!is_folder) source.entry.source.clear();
  }
  const bool has_own = is_folder && path_exists(folder / entry.source / compose::kVariablesFile);
  std::set<std::string> names = compose::variables_in(text);
  if (text.find("profiles") != text.npos) names.insert(compose::kProfilesVariable);
  std::string variables = has_own ? "" : compose_variables(names, workshop.release);
  if (!variables.empty()) source.made.emplace(compose::kVariablesFile, std::move(variables));
  return source;
}

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
              format("it is named {}", known_names()));
}

}  // namespace sealift::builder
