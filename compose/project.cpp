// SPDX-License-Identifier: Apache-2.0
#include "compose/project.hpp"

#include <algorithm>
#include <array>

#include "base/file.hpp"
#include "base/format.hpp"
#include "base/path.hpp"
#include "base/text.hpp"
#include "compose/merge.hpp"
#include "compose/template_tags.hpp"
#include "compose/variables.hpp"

namespace sealift::compose {

namespace {

constexpr std::size_t kMaxProjectFiles = 64;

// The parts of a file that an include brings.
constexpr std::array kIncludedParts = {"services", "networks", "volumes",
                                       "configs",  "secrets",  "models"};

// A path from the folder that another is in; both from the project's.
std::string path_from(const std::string& folder, const std::string& path) {
  std::string plain = (fs::path(folder) / path).lexically_normal().string();
  while (plain.size() > 1 && plain.ends_with('/')) plain.pop_back();
  return plain;
}

std::string folder_of(const std::string& path) {
  return fs::path(path).parent_path().string();
}

// Paths of a file that lies elsewhere, as they are from the project's first file.
class PathMover {
 public:
  explicit PathMover(std::string folder) : folder_(std::move(folder)) {}

  void move(Node& root) const {
    if (folder_.empty() || folder_ == ".") return;
    for_each_of(root, "services", [&](Node& service) { move_service(service); });
    for (const char* sort : {"configs", "secrets"}) {
      for_each_of(root, sort, [&](Node& entry) { move_at(entry, "file"); });
    }
    for_each_of(root, "volumes", [&](Node& volume) {
      at(volume, "driver_opts", [&](Node& options) {
        at(options, "device", [&](Node& device) {
          if (device.text().starts_with('.')) move_text(device);
        });
      });
    });
  }

 private:
  template <typename Visit>
  static void at(Node& object, std::string_view key, Visit&& visit) {
    if (Node* found = object.find(key)) visit(*found);
  }

  template <typename Visit>
  static void for_each_of(Node& root, std::string_view key, Visit&& visit) {
    at(root, key, [&](Node& part) {
      for (auto& [name, each] : part.mapping) visit(each);
    });
  }

  void move_service(Node& service) const {
    for (const char* key : {"env_file", "label_file"}) {
      at(service, key, [&](Node& files) {
        move_item(files);
        for (Node& each : files.list) move_item(each);
      });
    }
    at(service, "volumes", [&](Node& volumes) {
      for (Node& each : volumes.list) move_volume(each);
    });
    at(service, "build", [&](Node& build) {
      move_text(build);
      move_at(build, "context");
    });
  }

  void move_item(Node& item) const {
    move_text(item);
    move_at(item, "path");
  }

  void move_volume(Node& volume) const {
    if (volume.kind == Node::Kind::mapping) {
      if (volume.text_at("type") == "bind") move_at(volume, "source");
      return;
    }
    const std::string text = volume.text();
    const std::string source = volume_source(text);
    if (source.starts_with('.')) {
      volume.scalar = "./" + path_from(folder_, source) + text.substr(source.size());
    }
  }

  void move_at(Node& object, std::string_view key) const {
    at(object, key, [&](Node& path) { move_text(path); });
  }

  // What begins with a variable is somewhere else.
  void move_text(Node& node) const {
    const std::string path = node.text();
    if (path.empty() || std::string_view("/~$").find(path.front()) != std::string_view::npos ||
        path.find("://") != path.npos) {
      return;
    }
    node.scalar = "./" + path_from(folder_, path);
  }

  std::string folder_;
};

// What an entry of `include` names: a file, or a mapping with the path of one or several.
std::vector<Node> read_paths(const Node& entry) {
  if (entry.kind != Node::Kind::mapping) return {entry};
  const Node* path = entry.find("path");
  if (path == nullptr) return {};
  return path->kind == Node::Kind::list ? path->list : std::vector<Node>{*path};
}

class ProjectMerger {
 public:
  explicit ProjectMerger(const ReadProjectFile& read) : read_(read) {}

  MergedProject merge(const std::vector<std::string>& files) {
    project_ = folder_of(files.front());
    const Node root = merge_over(files, "", {});
    problems_.throw_if_any(Errc::invalid_input);
    return {write_yaml(root, [&](const std::string& text) { return tags_.put_back(text); }),
            std::move(paths_)};
  }

 private:
  using Chain = std::vector<std::string>;

  Node merge_over(const std::vector<std::string>& files, const std::string& folder,
                  const Chain& chain) {
    Node whole = load(files.front(), folder, chain);
    for (std::size_t i = 1; i < files.size(); ++i) {
      whole = merge_files(std::move(whole), load(files[i], folder, chain), problems_);
    }
    return settled(std::move(whole));
  }

  // With all that it extends and includes. `folder`: where its paths begin, from the project's.
  Node load(const std::string& path, const std::string& folder, Chain chain) {
    if (std::find(chain.begin(), chain.end(), path) != chain.end()) {
      chain.push_back(path);
      problems_.add(format("{}: includes itself: {}", path, joined(chain, " -> ")),
                    "take one include out of the circle");
      return {.kind = Node::Kind::mapping};
    }
    chain.push_back(path);
    Node root = load_alone(path, folder);
    if (Node* services = root.find("services")) {
      for (auto& [name, service] : services->mapping) {
        service = extended(service, {path, folder, &services->mapping}, {name_in(path, name)});
      }
    }
    if (std::optional<Node> entries = root.take("include")) {
      if (entries->kind != Node::Kind::list) {
        entries = {.kind = Node::Kind::list, .list = {*entries}};
      }
      for (const Node& entry : entries->list) take_included(entry, path, root, chain);
    }
    return root;
  }

  Node load_alone(const std::string& path, const std::string& folder) {
    const Node nothing{.kind = Node::Kind::mapping, .origin = {path, 1}};
    if (!paths_.insert(path).second) {
      // Read before, in another place of the project perhaps.
    } else if (paths_.size() > kMaxProjectFiles) {
      throw Error(Errc::invalid_input,
                  format("{}: found more than {} Compose files", path, kMaxProjectFiles));
    }
    const std::optional<std::string> text = read_(path);
    if (!text) {
      problems_.add(format("{}: found no such file", path),
                    "paths in source begin at the folder of release.yaml, those of extends and "
                    "include at their own file");
      return nothing;
    }
    try {
      const std::string plain = tags_.taken_from(*text, path, problems_);
      Node root = node_of(release::YamlDocument::parse(plain, path, release::Yaml::tagged), path,
                          problems_);
      if (root.kind != Node::Kind::mapping) {
        problems_.add(format("{}: found no mapping", root.where()));
        return nothing;
      }
      PathMover(folder).move(root);
      return root;
    } catch (const Error& error) {
      problems_.add(error);
      return nothing;
    }
  }

  struct Scope {
    std::string path;
    std::string folder;
    const Node::Mapping* services;
  };

  static std::string name_in(const std::string& path, const std::string& service) {
    return format("{} in {}", service, path);
  }

  // A service with what it extends.
  Node extended(Node service, const Scope& scope, const Chain& chain) {
    const std::optional<Node> taken = service.take("extends");
    if (!taken) return service;
    const Node& extends = *taken;
    const std::string name =
        extends.kind == Node::Kind::mapping ? extends.text_at("service") : extends.text();
    const std::string other = extends.text_at("file");
    const std::optional<std::string> path =
        other.empty() ? scope.path : path_of(other, extends, scope.path);
    if (!path) return service;
    Chain longer = chain;
    longer.push_back(name_in(*path, name));
    if (std::find(chain.begin(), chain.end(), longer.back()) != chain.end()) {
      problems_.add(format("{}: extends itself: {}", extends.where(), joined(longer, " -> ")),
                    "take one extends out of the circle");
      return service;
    }
    Node loaded;
    Scope from = scope;
    if (!other.empty() && *path != scope.path) {
      from = {*path, from_project(folder_of(*path)), nullptr};
      loaded = load_alone(from.path, from.folder);
      from.services = &loaded.mapping_at("services");
    }
    const auto base = from.services->find(name);
    if (base == from.services->end()) {
      problems_.add(format("{}: extends the service {}, which {} does not have", extends.where(),
                           name.empty() ? "\"\"" : printable(name, 80), from.path),
                    "correct extends: {file: FILE, service: NAME}");
      return service;
    }
    return merge_services(settled(extended(base->second, from, longer)), std::move(service),
                          problems_);
  }

  // The folder of a file as it is from that of the project's first file.
  std::string from_project(const std::string& folder) const {
    return fs::path(folder.empty() ? "." : folder)
        .lexically_relative(project_.empty() ? "." : project_)
        .string();
  }

  // Nothing where it is refused.
  std::optional<std::string> path_of(const std::string& said, const Node& by,
                                     const std::string& path) {
    const bool is_fetched = said.find("://") != said.npos || said.starts_with("git@");
    std::string plain = path_from(folder_of(path), said);
    if (!is_fetched && !said.starts_with('/') && said.find('$') == said.npos &&
        plain.find("SEALIFT-TAG-") == plain.npos && plain != ".." && !plain.starts_with("../")) {
      return plain;
    }
    problems_.add(format("{}: names {}, expected a file below the folder of release.yaml",
                         by.where(), printable(tags_.put_back(said), 200)),
                  is_fetched ? "nothing is fetched while a release is built: copy it there"
                             : "a release is made of its own project: copy it there");
    return std::nullopt;
  }

  void take_included(const Node& entry, const std::string& path, Node& root, const Chain& chain) {
    const std::vector<Node> listed = read_paths(entry);
    if (listed.empty()) {
      problems_.add(format("{}: include has no path", entry.where()), "write path: FILE");
    }
    std::vector<std::string> files;
    for (const Node& each : listed) {
      if (auto file = path_of(each.text(), each, path)) files.push_back(std::move(*file));
    }
    if (files.empty()) return;
    const std::string own = entry.text_at("project_directory");
    const std::optional<std::string> folder =
        own.empty() ? folder_of(files.front()) : path_of(own, entry, path);
    if (!folder) return;
    refuse_variables(entry, files, *folder);
    const Node included = merge_over(files, from_project(*folder), chain);
    for (const char* part : kIncludedParts) {
      const Node* all = included.find(part);
      if (all == nullptr) continue;
      Node& own_part =
          root.mapping.try_emplace(part, Node{.kind = Node::Kind::mapping, .origin = all->origin})
              .first->second;
      if (own_part.is_null()) own_part.kind = Node::Kind::mapping;
      for (const auto& [name, each] : all->mapping) {
        const auto [there, is_new] = own_part.mapping.emplace(name, each);
        if (is_new || is_alike(there->second, each)) continue;
        problems_.add(format("{}: {}.{} is in {} as well", there->second.where(), part,
                             printable(name, 80), each.where()),
                      "name one of them otherwise; what changes an included service belongs into a "
                      "file over this one: source: [FILE, FILE]");
      }
    }
  }

  static bool is_alike(const Node& a, const Node& b) {
    const auto text = [](const Node& node) {
      return write_yaml(node, [](const std::string& same) { return same; }).text;
    };
    return text(a) == text(b);
  }

  // Compose has other variables for what is included from another folder; a release has one
  // configuration.
  void refuse_variables(const Node& entry, const std::vector<std::string>& files,
                        const std::string& folder) {
    const char* const hint =
        "give them values in environments/NAME.yaml: a release has one configuration";
    if (entry.has("env_file")) {
      problems_.add(
          format("{}: include has an env_file, which gives it variables of its own", entry.where()),
          hint);
      return;
    }
    if (folder == project_) return;
    const std::optional<std::string> text = read_(path_from(folder, kVariablesFile));
    if (!text) return;
    std::vector<std::string> both;
    try {
      for (const auto& [name, unused] : read_variables(*text)) {
        const bool is_used =
            std::any_of(files.begin(), files.end(), [&, &key = name](const std::string& file) {
              const auto own = read_(file);
              return own && variables_in(*own).contains(key);
            });
        if (is_used) both.push_back(name);
      }
    } catch (const Error& error) {
      problems_.add(error.within(folder));
      return;
    }
    if (both.empty()) return;
    problems_.add(format("{}: {} gives what is included variables of its own: {}", entry.where(),
                         path_from(folder, kVariablesFile), joined(both)),
                  format("{}, and remove them there", hint));
  }

  const ReadProjectFile& read_;
  std::string project_;  // the folder of the first file
  TemplateTags tags_;
  std::set<std::string> paths_;
  Problems problems_;
};

bool has_rules(const Node& node) {
  return node.rule != Node::Rule::merge ||
         std::any_of(node.list.begin(), node.list.end(), has_rules) ||
         std::any_of(node.mapping.begin(), node.mapping.end(),
                     [](const auto& each) { return has_rules(each.second); });
}

}  // namespace

bool needs_merge(std::string_view text, const std::string& name) {
  Problems problems;
  TemplateTags tags;
  try {
    const std::string plain = tags.taken_from(text, name, problems);
    const Node root =
        node_of(release::YamlDocument::parse(plain, name, release::Yaml::tagged), name, problems);
    if (!problems.all().empty()) return false;
    const Node::Mapping& services = root.mapping_at("services");
    return root.has("include") || has_rules(root) ||
           std::any_of(services.begin(), services.end(),
                       [](const auto& each) { return each.second.has("extends"); });
  } catch (const Error&) {  // its reader says why
    return false;
  }
}

MergedProject merge_project(const std::vector<std::string>& files, const ReadProjectFile& read) {
  return ProjectMerger(read).merge(files);
}

}  // namespace sealift::compose
