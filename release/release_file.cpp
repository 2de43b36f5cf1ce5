// SPDX-License-Identifier: Apache-2.0
#include "release/release_file.hpp"

#include <algorithm>
#include <set>

#include "base/format.hpp"
#include "base/path.hpp"
#include "release/schema.hpp"
#include "release/yaml.hpp"

namespace sealift::release {

namespace {

constexpr std::uint64_t kMaxNotes = 1U << 20;

std::string string_at(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

// "config/" and "config" are the same folder.
std::string without_slash(std::string path) {
  if (path.size() > 1 && path.ends_with('/')) path.pop_back();
  return path;
}

// Checks that JSON Schema cannot express, over whatever of the document is there.
class Rules {
 public:
  explicit Rules(const YamlDocument& document)
      : document_(document), mistakes_(check_schema(document, "release.schema.json")) {}

  template <typename Check>
  void hold(const std::string& pointer, Check&& check) {
    try {
      check();
    } catch (const Error& error) {
      add(pointer, error.message(), error.hint());
    }
  }

  void add(const std::string& pointer, const std::string& found, const std::string& hint = {}) {
    mistakes_.push_back(
        {document_.line_of(pointer), {format("{}: {}", document_.where(pointer), found), hint}});
  }

  void check() {
    const Json& root = document_.value();
    if (!root.is_object()) return;
    if (const std::string version = string_at(root, "version"); !version.empty()) {
      hold("/version", [&] { Version::parse(version); });
    }
    const auto requires_ = root.find("requires");
    if (requires_ != root.end() && requires_->is_object()) {
      for (const char* key : {"upgrade_from", "installer"}) {
        const std::string range = string_at(*requires_, key);
        if (range.empty()) continue;
        hold(format("/requires/{}", key), [&] { VersionRange::parse(range); });
      }
    }
    for (const char* key : {"notes", "trust"}) {
      const std::string path = string_at(root, key);
      if (!path.empty()) hold(format("/{}", key), [&] { check_inside(path); });
    }
    const auto components = root.find("components");
    if (components == root.end() || !components->is_array()) return;
    for (std::size_t i = 0; i < components->size(); ++i) {
      if ((*components)[i].is_object())
        check_component((*components)[i], format("/components/{}", i));
    }
  }

  std::vector<Mistake> take() { return std::move(mistakes_); }

 private:
  static void check_inside(const std::string& path) {
    try {
      RelPath::parse(path);
    } catch (const Error& error) {
      throw Error(Errc::invalid_input, error.message(),
                  "paths are relative to release.yaml, without \"..\"");
    }
  }

  void check_component(const Json& component, const std::string& pointer) {
    if (const std::string source = string_at(component, "source"); !source.empty()) {
      hold(pointer + "/source", [&] { check_inside(without_slash(source)); });
    }
    if (const std::string name = string_at(component, "name");
        !name.empty() && !names_.insert(name).second) {
      add(pointer + "/name", format("two components are named \"{}\"", printable(name, 80)));
    }
    if (const std::string target = string_at(component, "target");
        !target.empty() && !targets_.insert(target).second) {
      add(pointer + "/target",
          format("two components go to the target \"{}\"", printable(target, 80)),
          "give each component a target of its own");
    }
  }

  const YamlDocument& document_;
  std::vector<Mistake> mistakes_;
  std::set<std::string> names_;
  std::set<std::string> targets_;
};

std::vector<ComponentEntry> read_components(const YamlDocument& document) {
  std::vector<ComponentEntry> components;
  for (const Json& item : document.value()["components"]) {
    components.push_back({.name = item["name"],
                          .kind = item["kind"],
                          .source = without_slash(item["source"]),
                          .exclude = item.value("exclude", std::vector<std::string>{}),
                          .target = item["target"],
                          .optional = item.value("optional", false),
                          .line = document.line_of(format("/components/{}", components.size()))});
  }
  return components;
}

}  // namespace

Release load_release(const fs::path& file) {
  const YamlDocument document = YamlDocument::load(file);
  Rules rules(document);
  rules.check();
  throw_mistakes(rules.take());

  const Json& root = document.value();
  const Json requires_ = root.value("requires", Json::object());
  Release release{.folder = file.parent_path().empty() ? "." : file.parent_path(),
                  .name = root["name"],
                  .version = Version::parse(root["version"].get<std::string>()),
                  .source_revision = root.value("/source/revision"_json_pointer, std::string()),
                  .environments = {},
                  .upgrade_from = string_at(requires_, "upgrade_from"),
                  .installer = string_at(requires_, "installer"),
                  .arch = requires_.value("arch", std::vector<std::string>{}),
                  .notes = {},
                  .trust = {},
                  .components = read_components(document)};
  Problems problems;
  const auto gather = [&](auto&& work) {
    try {
      work();
    } catch (const Error& error) {
      problems.add(error);
    }
  };
  for (const Json& name : root["environments"]) {
    const fs::path path = release.folder / "environments" / (name.get<std::string>() + ".yaml");
    gather([&] { release.environments.push_back(load_environment(path, name)); });
  }
  if (const std::string notes = string_at(root, "notes"); !notes.empty()) {
    gather([&] { release.notes = read_file(release.folder / notes, kMaxNotes); });
  }
  if (const std::string trust = string_at(root, "trust"); !trust.empty()) {
    release.trust = release.folder / trust;
  }
  problems.throw_if_any(Errc::invalid_input);
  return release;
}

}  // namespace sealift::release
