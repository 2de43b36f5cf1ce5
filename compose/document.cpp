// SPDX-License-Identifier: Apache-2.0
#include "compose/document.hpp"

#include <algorithm>
#include <array>

#include "base/format.hpp"

namespace sealift::compose {

namespace {

// Keys of a service that any value of makes it more than an ordinary container.
constexpr std::array kRightsKeys = {"cap_add",       "devices",        "device_cgroup_rules",
                                    "gpus",          "runtime",        "use_api_socket",
                                    "cgroup_parent", "credential_spec"};

// Whether a key is there and says something.
bool is_asked(const Json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end() || found->is_null()) return false;
  if (found->is_boolean()) return found->get<bool>();
  if (found->is_string()) return *found != "" && *found != "false";
  return !found->is_structured() || !found->empty();
}

// Whether a key is there and says no.
bool is_denied(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && *found == Json(false);
}

std::string text_of(const Json& value) {
  return value.is_string() ? value.text() : value.dump();
}

// Each of what a key lists, with its place; its one value, where it is no list.
template <typename Visit>
void for_each(const Json& object, const char* key, Visit&& visit) {
  const auto found = object.find(key);
  if (found == object.end() || found->is_null()) return;
  if (!found->is_array()) {
    visit(*found, std::string(key));
    return;
  }
  for (std::size_t i = 0; i < found->size(); ++i) visit((*found)[i], format("{}/{}", key, i));
}

// What a list or the keys of a mapping name.
std::vector<NamedPart> read_names(const Json& service, const char* key) {
  std::vector<NamedPart> names;
  if (const auto found = service.find(key); found != service.end() && found->is_object()) {
    for (const auto& [name, unused] : found->items()) {
      names.push_back({name, format("{}/{}", key, name)});
    }
    return names;
  }
  for_each(service, key, [&](const Json& item, const std::string& place) {
    names.push_back(
        {item.is_object() ? text_at(item, "source") : text_of(item), place, item.is_string()});
  });
  return names;
}

std::vector<Dependency> read_dependencies(const Json& service) {
  std::vector<Dependency> dependencies;
  const Json& conditions = object_at(service, "depends_on");
  for (NamedPart& each : read_names(service, "depends_on")) {
    const Json& how = object_at(conditions, each.name);
    dependencies.push_back(
        {.name = std::move(each.name),
         .place = std::move(each.place),
         .is_needed = !is_denied(how, "required"),
         .waits_for_end = text_at(how, "condition") == "service_completed_successfully"});
  }
  return dependencies;
}

std::vector<Mount> read_mounts(const Json& service) {
  std::vector<Mount> mounts;
  for_each(service, "volumes", [&](const Json& item, const std::string& place) {
    if (item.is_string()) {
      mounts.push_back({.text = item.text(), .type = {}, .source = {}, .place = place});
    } else if (item.is_object()) {
      mounts.push_back({.text = {},
                        .type = text_at(item, "type"),
                        .source = text_at(item, "source"),
                        .place = place});
    }
  });
  return mounts;
}

std::vector<NamedFile> read_files(const Json& service, const char* key) {
  std::vector<NamedFile> files;
  for_each(service, key, [&](const Json& item, const std::string& place) {
    files.push_back({.path = item.is_string() ? item.text() : text_at(item, "path"),
                     .place = place,
                     .is_needed = !is_denied(item, "required")});
  });
  return files;
}

std::vector<std::string> read_profiles(const Json& service) {
  std::vector<std::string> profiles;
  for_each(service, "profiles",
           [&](const Json& item, const std::string&) { profiles.push_back(text_of(item)); });
  return profiles;
}

// What a service asks for beyond an ordinary container.
void read_rights(const Json& service, Service& into) {
  into.is_privileged = is_asked(service, "privileged");
  into.has_provider = is_asked(service, "provider");
  std::copy_if(kRightsKeys.begin(), kRightsKeys.end(), std::back_inserter(into.rights),
               [&](const char* key) { return is_asked(service, key); });
  for (const char* key : {"post_start", "pre_stop"}) {
    for_each(service, key, [&](const Json& hook, const std::string&) {
      if (is_asked(hook, "privileged")) into.privileged_hooks.emplace_back(key);
    });
  }
  for_each(service, "security_opt",
           [&](const Json& option, const std::string&) { into.security_opt.push_back(option); });
  const Json& resources = object_at(object_at(service, "deploy"), "resources");
  into.reserves_devices = is_asked(object_at(resources, "reservations"), "devices");
}

Json read_replicas(const Json& service) {
  const Json& deploy = object_at(service, "deploy");
  return deploy.value("replicas", service.value("scale", Json(1U)));
}

Service read_service(const Json& definition) {
  const auto user = definition.find("user");
  Service service{.definition = definition,
                  .image = text_at(definition, "image"),
                  .pull_policy = text_at(definition, "pull_policy"),
                  .container_name = text_at(definition, "container_name"),
                  .user = user == definition.end() ? "" : text_of(*user),
                  .extends = definition.contains("extends"),
                  .has_build = definition.contains("build"),
                  .has_networks = !definition.value("networks", Json()).empty(),
                  .profiles = read_profiles(definition),
                  .replicas = read_replicas(definition),
                  .health_test = list_at(object_at(definition, "healthcheck"), "test"),
                  .depends_on = read_dependencies(definition),
                  .links = read_names(definition, "links"),
                  .volumes_from = read_names(definition, "volumes_from"),
                  .networks = read_names(definition, "networks"),
                  .configs = read_names(definition, "configs"),
                  .secrets = read_names(definition, "secrets"),
                  .volumes = read_mounts(definition),
                  .env_files = read_files(definition, "env_file"),
                  .label_files = read_files(definition, "label_file"),
                  .network_mode = text_at(definition, "network_mode"),
                  .pid = text_at(definition, "pid"),
                  .ipc = text_at(definition, "ipc"),
                  .uts = text_at(definition, "uts"),
                  .userns_mode = text_at(definition, "userns_mode"),
                  .cgroup = text_at(definition, "cgroup")};
  read_rights(definition, service);
  return service;
}

SharedPart read_part(const Json& entry) {
  const Json& options = object_at(entry, "driver_opts");
  SharedPart part{.keys = {},
                  .name = text_at(entry, "name"),
                  .driver = text_at(entry, "driver"),
                  .is_external = is_asked(entry, "external"),
                  .file = text_at(entry, "file"),
                  .type = text_at(options, "type"),
                  .flags = text_at(options, "o"),
                  .device = text_at(options, "device")};
  for (const auto& [key, unused] : entry.items()) part.keys.push_back(key);
  return part;
}

SharedParts read_parts(const Json& root, const char* sort) {
  SharedParts parts;
  for (const auto& [name, entry] : object_at(root, sort).items()) parts[name] = read_part(entry);
  return parts;
}

}  // namespace

const SharedParts& Document::parts(std::string_view sort) const {
  return sort == "networks"  ? networks
         : sort == "volumes" ? volumes
         : sort == "configs" ? configs
                             : secrets;
}

Document document_from_json(const Json& root) {
  Document document{.version = text_at(root, "version"),
                    .has_include = root.contains("include"),
                    .services = {},
                    .networks = read_parts(root, "networks"),
                    .volumes = read_parts(root, "volumes"),
                    .configs = read_parts(root, "configs"),
                    .secrets = read_parts(root, "secrets"),
                    .shared = {{"networks", root.value("networks", Json())},
                               {"volumes", root.value("volumes", Json())}}};
  for (const auto& [name, definition] : object_at(root, "services").items()) {
    document.services[name] = read_service(definition);
  }
  return document;
}

}  // namespace sealift::compose
