// SPDX-License-Identifier: Apache-2.0
#include "builder/kinds/compose_source.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include "base/file.hpp"
#include "base/format.hpp"
#include "base/text.hpp"
#include "builder/kind/outputs.hpp"
#include "builder/kind/selection.hpp"
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

// The first of `files` that lies in the source's folder, which it is relative to; else empty.
std::string name_in_source(const release::ComponentEntry& entry,
                           const std::vector<std::string>& files) {
  if (files.empty()) return "";
  const fs::path source = entry.source.empty() ? "." : entry.source;
  const std::string name = fs::path(files.front()).lexically_relative(source).string();
  return name.find('/') == name.npos && !name.starts_with('.') ? name : "";
}

// The path of the first Compose file from the release's folder; empty where there is none, which
// compose_file() says. Compose takes the first of several, and so does this; compose_file() refuses
// several later. What `exclude` names is not there: a folder that has no other is that of the first
// file of the list.
std::string first_file(const release::ComponentEntry& entry, const fs::path& folder) {
  const fs::path source = entry.source;
  if (!dir_exists(folder / source)) return path_exists(folder / source) ? entry.source : "";
  const Selection selection = selection_of(entry);
  const auto has = [&](const std::string& name) {
    return path_exists(folder / source / name) && !selection.excludes(name);
  };
  for (const char* name : kComposeFiles) {
    if (has(name)) return (source / name).lexically_normal().string();
  }
  const std::string name = name_in_source(entry, entry.overlays);
  return !name.empty() && has(name) ? entry.overlays.front() : "";
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
                format("name it, or a folder that has one of {}, or it behind its own folder",
                       known_names()));
  }
  std::string text = read_source(folder, first).value_or("");
  const bool is_folder = dir_exists(folder / entry.source);
  const bool is_alone =
      entry.overlays.empty() || (entry.overlays.size() == 1 && entry.overlays.front() == first);
  if (!is_alone || compose::needs_merge(text, first)) {
    std::vector<std::string> files = {first};
    for (const std::string& path : entry.overlays) {
      if (path != first) files.push_back(path);
    }
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
  std::string named = name_in_source(entry, entry.overlays);
  if (found.empty() && files.contains(named)) return named;
  throw Error(Errc::invalid_input,
              format("components.{}: {}: found {}, expected one Compose file", entry.name,
                     entry.source, found.empty() ? "none of these names" : joined(found)),
              found.empty()
                  ? format("name it behind its folder, source: [deploy/, deploy/FILE], or "
                           "call it {}",
                           known_names())
                  : "take the others out of the release: exclude: [FILE]");
}

}  // namespace sealift::builder
