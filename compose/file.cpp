// SPDX-License-Identifier: Apache-2.0
#include "compose/file.hpp"

#include <optional>
#include <set>

#include "base/file.hpp"
#include "base/format.hpp"
#include "base/path.hpp"
#include "compose/claims.hpp"
#include "release/yaml.hpp"

namespace sealift::compose {

namespace {

constexpr std::size_t kMaxComposeServices = 256;
constexpr unsigned kMaxReplicas = 1000;
constexpr int kMaxMerges = 8;

// `<<` of a mapping: the keys of others, where it has none itself.
Json merged(Json value, int depth = 0) {
  if (value.is_array()) {
    for (Json& item : value) item = merged(std::move(item), depth);
    return value;
  }
  if (!value.is_object() || depth > kMaxMerges) return value;
  if (const auto base = value.find("<<"); base != value.end()) {
    const Json bases = base->is_array() ? *base : Json::array({*base});
    value.erase(base);
    for (const Json& each : bases) {
      const Json other = merged(each, depth + 1);
      if (!other.is_object()) continue;
      for (const auto& [key, one] : other.items()) value.emplace(key, one);
    }
  }
  for (Json& one : value) one = merged(std::move(one), depth);
  return value;
}

// A path of the tree's own; nothing for volumes, other places of the host, and what is none.
std::optional<std::string> inside(const std::string& path) {
  if (path.empty() || path.front() == '/' || path.front() == '~') return std::nullopt;
  std::string plain = fs::path(path).lexically_normal().string();
  while (plain.size() > 1 && plain.ends_with('/')) plain.pop_back();
  if (plain.starts_with("..")) return std::nullopt;
  return plain;
}

class ComposeReader {
 public:
  explicit ComposeReader(const release::YamlDocument& document)
      : document_(document), root_(merged(document.value())) {}

  ComposeFile read() {
    ComposeFile file;
    file.version = root_.is_object() ? text_at(root_, "version") : "";
    const auto services = root_.is_object() ? root_.find("services") : root_.end();
    if (services == root_.end() || !services->is_object() || services->empty()) {
      throw Error(
          Errc::invalid_input,
          format("{}: found no services, expected a mapping of at least one", document_.where("")));
    }
    if (services->size() > kMaxComposeServices) {
      throw Error(Errc::invalid_input,
                  format("{}: found {} services, expected at most {}", document_.where("/services"),
                         services->size(), kMaxComposeServices));
    }
    if (root_.contains("include")) {
      add("/include", "reaches into other files", "put the services into this one");
    }
    for (const auto& [name, definition] : services->items()) {
      const std::string pointer = "/services/" + name;
      if (!definition.is_object()) {
        add(pointer, "found no mapping");
      } else if (definition.value("profiles", Json::array()).empty()) {
        file.services.push_back(service(name, definition, pointer));
      } else if (std::string image = text_at(definition, "image"); !image.empty()) {
        file.other_images.push_back(std::move(image));
      }
    }
    problems_.throw_if_any(Errc::invalid_input);
    file.claims = compose_claims(root_);
    return file;
  }

 private:
  void add(const std::string& pointer, const std::string& found, const std::string& hint = {}) {
    problems_.add(format("{}: {}", document_.where(pointer), found), hint);
  }

  ComposeService service(const std::string& name, const Json& definition,
                         const std::string& pointer) {
    ComposeService service{.name = name,
                           .image = text_at(definition, "image"),
                           .image_place = document_.where(pointer + "/image"),
                           .files = {},
                           .definition = definition};
    if (definition.contains("extends")) {
      add(pointer + "/extends", "takes from another service",
          "write it out, or use an anchor and <<: *name");
    }
    if (service.image.empty()) {
      add(pointer,
          definition.contains("build") ? "is built where it runs, and has no image"
                                       : "found no image",
          "name an image that the release carries");
    } else if (service.image.find('$') != std::string::npos) {
      add(pointer + "/image", "found a variable, expected the image's name",
          "name it as the release does, or with {{image...}}");
    }
    const std::string policy = text_at(definition, "pull_policy");
    if (!policy.empty() && policy != "never" && policy != "missing" && policy != "if_not_present") {
      add(pointer + "/pull_policy", format("found \"{}\", expected never", printable(policy, 40)));
    }
    service.files = files_of(definition, pointer);
    service.replicas = replicas(definition, pointer);
    service.definition["sealift.shared"] = {{"networks", root_.value("networks", Json())},
                                            {"volumes", root_.value("volumes", Json())}};
    return service;
  }

  unsigned replicas(const Json& definition, const std::string& pointer) {
    const Json deploy = definition.value("deploy", Json::object());
    Json count = definition.value("scale", Json(1U));
    if (deploy.is_object()) count = deploy.value("replicas", count);
    if (count.is_number_unsigned() && count.get<std::uint64_t>() <= kMaxReplicas) {
      return count.get<unsigned>();
    }
    add(pointer, format("found {} replicas, expected a number up to {}",
                        printable(count.dump(), 40), kMaxReplicas));
    return 1;
  }

  // Mounts, files of variables, configurations and secrets that come from a file.
  std::vector<OwnFile> files_of(const Json& definition, const std::string& pointer) {
    std::set<OwnFile> found;
    const auto see = [&](const std::string& path, OwnFile::Use use, const std::string& at) {
      if (auto plain = inside(path)) found.insert({std::move(*plain), use, document_.where(at)});
    };
    for_each(definition, "volumes", pointer, [&](const Json& volume, const std::string& at) {
      if (volume.is_string()) {
        const std::string text = volume;
        if (text.starts_with('.')) see(text.substr(0, text.find(':')), OwnFile::Use::mount, at);
      } else if (text_at(volume, "type") == "bind") {
        see(text_at(volume, "source"), OwnFile::Use::mount, at);
      }
    });
    for_each(definition, "env_file", pointer, [&](const Json& file, const std::string& at) {
      const bool is_needed = !file.is_object() || file.value("required", Json(true)) != Json(false);
      see(file.is_string() ? file.get<std::string>() : text_at(file, "path"),
          is_needed ? OwnFile::Use::read : OwnFile::Use::read_if_there, at);
    });
    for (const char* sort : {"configs", "secrets"}) {
      const Json all = root_.value(sort, Json::object());
      for_each(definition, sort, pointer, [&](const Json& use, const std::string&) {
        const std::string name = use.is_string() ? use.get<std::string>() : text_at(use, "source");
        const auto entry = all.find(name);
        if (entry != all.end()) {
          see(text_at(*entry, "file"), OwnFile::Use::read, format("/{}/{}/file", sort, name));
        }
      });
    }
    return {found.begin(), found.end()};
  }

  // What a key lists, or its one value; what is neither text nor a mapping is the engine's to
  // refuse.
  template <typename Visit>
  static void for_each(const Json& object, const std::string& key, const std::string& pointer,
                       Visit&& visit) {
    const auto found = object.find(key);
    if (found == object.end()) return;
    const std::string at = format("{}/{}", pointer, key);
    if (!found->is_array()) {
      if (found->is_string() || found->is_object()) visit(*found, at);
      return;
    }
    for (std::size_t i = 0; i < found->size(); ++i) {
      const Json& item = (*found)[i];
      if (item.is_string() || item.is_object()) visit(item, format("{}/{}", at, i));
    }
  }

  const release::YamlDocument& document_;
  const Json root_;
  Problems problems_;
};

}  // namespace

ComposeFile ComposeFile::parse(std::string_view text, const std::string& name) {
  const release::YamlDocument document =
      release::YamlDocument::parse(text, name, release::Yaml::foreign);
  return ComposeReader(document).read();
}

}  // namespace sealift::compose
