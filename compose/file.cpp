// SPDX-License-Identifier: Apache-2.0
#include "compose/file.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <set>

#include "base/file.hpp"
#include "base/format.hpp"
#include "base/nearest.hpp"
#include "base/path.hpp"
#include "base/text.hpp"
#include "compose/claims.hpp"
#include "compose/consistency.hpp"
#include "compose/document.hpp"
#include "compose/host_names.hpp"
#include "release/text/schema.hpp"

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

// What the Compose Specification knows of a file and of a service.
constexpr std::array kFileKeys = {"configs", "include",  "models",  "name",   "networks",
                                  "secrets", "services", "version", "volumes"};
constexpr std::array kServiceKeys = {"annotations",
                                     "attach",
                                     "blkio_config",
                                     "build",
                                     "cap_add",
                                     "cap_drop",
                                     "cgroup",
                                     "cgroup_parent",
                                     "command",
                                     "configs",
                                     "container_name",
                                     "cpu_count",
                                     "cpu_percent",
                                     "cpu_period",
                                     "cpu_quota",
                                     "cpu_rt_period",
                                     "cpu_rt_runtime",
                                     "cpu_shares",
                                     "cpus",
                                     "cpuset",
                                     "credential_spec",
                                     "depends_on",
                                     "deploy",
                                     "develop",
                                     "device_cgroup_rules",
                                     "devices",
                                     "dns",
                                     "dns_opt",
                                     "dns_search",
                                     "domainname",
                                     "entrypoint",
                                     "env_file",
                                     "environment",
                                     "expose",
                                     "extends",
                                     "external_links",
                                     "extra_hosts",
                                     "gpus",
                                     "group_add",
                                     "healthcheck",
                                     "hostname",
                                     "image",
                                     "init",
                                     "ipc",
                                     "isolation",
                                     "label_file",
                                     "labels",
                                     "links",
                                     "logging",
                                     "mac_address",
                                     "mem_limit",
                                     "mem_reservation",
                                     "mem_swappiness",
                                     "memswap_limit",
                                     "models",
                                     "network_mode",
                                     "networks",
                                     "oom_kill_disable",
                                     "oom_score_adj",
                                     "pid",
                                     "pids_limit",
                                     "platform",
                                     "ports",
                                     "post_start",
                                     "pre_start",
                                     "pre_stop",
                                     "privileged",
                                     "profiles",
                                     "provider",
                                     "pull_policy",
                                     "pull_refresh_after",
                                     "read_only",
                                     "restart",
                                     "runtime",
                                     "scale",
                                     "secrets",
                                     "security_opt",
                                     "shm_size",
                                     "stdin_open",
                                     "stop_grace_period",
                                     "stop_signal",
                                     "storage_opt",
                                     "sysctls",
                                     "tmpfs",
                                     "tty",
                                     "ulimits",
                                     "use_api_socket",
                                     "user",
                                     "userns_mode",
                                     "uts",
                                     "volumes",
                                     "volumes_from",
                                     "working_dir"};

// The parts of a file whose values have variables.
constexpr std::array kFilledParts = {"services", "networks", "volumes", "configs", "secrets"};

std::set<std::string> chosen_profiles(const std::optional<Variables>& variables) {
  std::set<std::string> profiles;
  if (!variables) return profiles;
  const auto said = variables->find(kProfilesVariable);
  if (said == variables->end()) return profiles;
  std::string_view rest = said->second;
  while (!rest.empty()) {
    const std::string_view each = rest.substr(0, rest.find(','));
    rest.remove_prefix(std::min(rest.size(), each.size() + 1));
    if (const auto name = trimmed(each, " \t\r\n"); !name.empty()) profiles.emplace(name);
  }
  return profiles;
}

// Whether a service with these profiles starts by itself.
bool is_chosen(const std::vector<std::string>& own, const std::set<std::string>& chosen) {
  return own.empty() || chosen.contains("*") ||
         std::any_of(own.begin(), own.end(),
                     [&](const std::string& each) { return chosen.contains(each); });
}

class ComposeReader {
 public:
  ComposeReader(const release::YamlDocument& document, Problems& problems)
      : document_(document), root_(merged(document.value())), problems_(problems) {}

  ComposeFile read(const std::optional<Variables>& variables) {
    if (variables) {
      Interpolation interpolation(*variables);
      for (const char* part : kFilledParts) {
        const auto found = root_.find(part);
        if (found != root_.end()) fill(*found, format("/{}", part), interpolation);
      }
    }
    parts_ = document_from_json(root_);
    check_size();
    if (parts_.has_include) {
      add("/include", "reaches into other files", "put the services into this one");
    }
    const std::set<std::string> profiles = chosen_profiles(variables);
    file_.version = parts_.version;
    check_keys(root_, "", kFileKeys);
    for (const auto& [name, service] : parts_.services) {
      const std::string pointer = "/services/" + name;
      if (!service.definition.is_object()) {
        add(pointer, "found no mapping");
        continue;
      }
      check_keys(service.definition, pointer, kServiceKeys);
      if (service.has_build) file_.built.push_back(name);
      if (is_chosen(service.profiles, profiles)) {
        file_.services.push_back(started(name, service, pointer));
        continue;
      }
      file_.left_out.push_back(name);
      if (!service.image.empty()) file_.other_images.push_back(service.image);
    }
    find_inconsistencies();
    find_jobs();
    find_volume_folders();
    file_.claims = compose_claims(parts_);
    file_.host_names =
        host_names(parts_, [&](const std::string& pointer) { return document_.where(pointer); });
    return std::move(file_);
  }

 private:
  void check_size() const {
    if (parts_.services.empty()) {
      throw Error(
          Errc::invalid_input,
          format("{}: found no services, expected a mapping of at least one", document_.where("")));
    }
    if (parts_.services.size() > kMaxComposeServices) {
      throw Error(Errc::invalid_input,
                  format("{}: found {} services, expected at most {}", document_.where("/services"),
                         parts_.services.size(), kMaxComposeServices));
    }
  }

  void add(const std::string& pointer, const std::string& found, const std::string& hint = {}) {
    problems_.add(format("{}: {}", document_.where(pointer), found), hint);
  }

  // No Compose takes a key that the Specification does not have.
  template <typename Known>
  void check_keys(const Json& object, const std::string& pointer, const Known& known) {
    for (const auto& [key, unused] : object.items()) {
      if (key.starts_with("x-") || key == "<<" ||
          std::find(known.begin(), known.end(), key) != known.end()) {
        continue;
      }
      const std::string near = nearest(key, {known.begin(), known.end()});
      object_to(format("{}/{}", pointer, key), "found a key that Compose does not know",
                near.empty() ? "remove it; a key of your own begins with x-"
                             : format("did you mean \"{}\"?", near));
    }
  }

  // Each variable's value in its place; what nothing sets is noted.
  void fill(Json& value, const std::string& pointer, Interpolation& interpolation) {
    if (value.is_string()) {
      const std::set<std::string> noted = interpolation.unset();
      const std::set<std::string> lone = interpolation.lone();
      try {
        value = interpolation.fill(value.text());
      } catch (const Error& error) {
        object_to(pointer, error.message(), error.hint());
      }
      for (const std::string& each : interpolation.unset()) {
        if (noted.contains(each)) continue;
        file_.findings.push_back(
            {format("{}: nothing sets the variable {}: Compose takes an empty text",
                    document_.where(pointer), each),
             format("set {0} in the configuration, or write ${{{0}:-default}}", each)});
      }
      for (const std::string& each : interpolation.lone()) {
        if (lone.contains(each)) continue;
        object_as_old(pointer, format("found \"{}\", whose $ begins no variable", each),
                      "write $$, which every Compose takes");
      }
    } else if (value.is_array()) {
      for (std::size_t i = 0; i < value.size(); ++i) {
        fill(value[i], format("{}/{}", pointer, i), interpolation);
      }
    } else if (value.is_object()) {
      for (auto& [key, each] : value.items()) {
        fill(each, format("{}/{}", pointer, key), interpolation);
      }
    }
  }

  // A service that another waits for until it has ended is one that ends.
  void find_jobs() {
    std::set<std::string> jobs;
    for (const ComposeService& each : file_.services) {
      for (const Dependency& other : parts_.services.at(each.name).depends_on) {
        if (other.waits_for_end) jobs.insert(other.name);
      }
    }
    for (ComposeService& each : file_.services) each.is_job = jobs.contains(each.name);
  }

  void find_inconsistencies() {
    std::set<std::string> started;
    for (const ComposeService& each : file_.services) started.insert(each.name);
    for (const Inconsistency& each : inconsistencies(parts_, started)) {
      if (each.refused_by == Inconsistency::RefusedBy::docker_compose_1) {
        object_as_old(each.pointer, each.found, each.hint);
      } else {
        object_to(each.pointer, each.found, each.hint);
      }
    }
  }

  // A volume of the driver local may be a folder by another name.
  void find_volume_folders() {
    for (const auto& [name, volume] : parts_.volumes) {
      if (!volume.device.starts_with('.')) continue;
      const std::string where = document_.where(format("/volumes/{}/driver_opts/device", name));
      if (auto plain = inside(volume.device)) {
        file_.volume_folders.push_back({std::move(*plain), OwnFile::Use::mount, where});
      }
    }
  }

  void object_to(const std::string& pointer, const std::string& found, const std::string& hint) {
    file_.objections.push_back({format("{}: {}", document_.where(pointer), found), hint});
  }

  void object_as_old(const std::string& pointer, const std::string& found,
                     const std::string& hint) {
    file_.findings.push_back(
        {format("{}: {}: docker-compose 1 refuses it", document_.where(pointer), found), hint});
    file_.old_objections.push_back(file_.findings.back());
  }

  ComposeService started(const std::string& name, const Service& service,
                         const std::string& pointer) {
    ComposeService found{.name = name,
                         .image = service.image,
                         .image_place = document_.where(pointer + "/image"),
                         .files = {},
                         .user = service.user,
                         .definition = service.definition};
    if (service.extends) {
      add(pointer + "/extends", "takes from another service",
          "write it out, or use an anchor and <<: *name");
    }
    if (service.image.empty()) {
      add(pointer,
          service.has_build ? "is built where it runs, and has no image" : "found no image",
          "name an image that the release carries: image: NAME:TAG beside build");
    } else if (service.image.find('$') != std::string::npos) {
      add(pointer + "/image", "found a variable, expected the image's name",
          "name it as the release does, or with {{image...}}");
    }
    const std::string& policy = service.pull_policy;
    found.has_pull_policy = !policy.empty();
    if (!policy.empty() && policy != "never" && policy != "missing" && policy != "if_not_present") {
      file_.findings.push_back(
          {format("{}: \"{}\" is ignored, images are those of the release",
                  document_.where(pointer + "/pull_policy"), printable(policy, 40)),
           "remove it, or write never"});
    }
    found.files = files_of(service, pointer);
    found.replicas = replicas(service.replicas, pointer);
    found.definition["sealift.shared"] = parts_.shared;
    return found;
  }

  unsigned replicas(const Json& count, const std::string& pointer) {
    if (count.is_number_unsigned() && count.get<std::uint64_t>() <= kMaxReplicas) {
      return count.get<unsigned>();
    }
    // As a variable gives it.
    if (count.is_string()) {
      const std::string& text = count.text();
      unsigned number = 0;
      const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
      if (failure == std::errc() && end == text.data() + text.size() && number <= kMaxReplicas) {
        return number;
      }
    }
    add(pointer, format("found {} replicas, expected a number up to {}",
                        printable(count.dump(), 40), kMaxReplicas));
    return 1;
  }

  // Mounts, files of variables, configurations and secrets that come from a file.
  std::vector<OwnFile> files_of(const Service& service, const std::string& pointer) {
    std::set<OwnFile> found;
    const auto see = [&](const std::string& path, OwnFile::Use use, const std::string& at) {
      if (auto plain = inside(path)) found.insert({std::move(*plain), use, document_.where(at)});
    };
    for (const Mount& mount : service.volumes) {
      const std::string at = format("{}/{}", pointer, mount.place);
      if (mount.text.starts_with('.')) {
        see(mount.text.substr(0, mount.text.find(':')), OwnFile::Use::mount, at);
      } else if (mount.type == "bind") {
        see(mount.source, OwnFile::Use::mount, at);
      }
    }
    for (const NamedFile& file : service.env_files) {
      see(file.path, file.is_needed ? OwnFile::Use::read : OwnFile::Use::read_if_there,
          format("{}/{}", pointer, file.place));
      if (file.path.starts_with('/') && file.is_needed) file_.host_env_files.push_back(file.path);
    }
    for (const auto& [sort, used] :
         {std::pair("configs", &service.configs), {"secrets", &service.secrets}}) {
      for (const NamedPart& each : *used) {
        const auto part = parts_.parts(sort).find(each.name);
        if (part == parts_.parts(sort).end()) continue;
        see(part->second.file, OwnFile::Use::read, format("/{}/{}/file", sort, each.name));
      }
    }
    return {found.begin(), found.end()};
  }

  const release::YamlDocument& document_;
  Json root_;
  Document parts_;
  ComposeFile file_;
  Problems& problems_;
};

}  // namespace

ComposeFile ComposeFile::parse(std::string_view text, const std::string& name,
                               const std::optional<Variables>& variables) {
  Problems problems;
  ComposeFile file = read(text, name, variables, problems);
  problems.throw_if_any(Errc::invalid_input);
  return file;
}

ComposeFile ComposeFile::read(std::string_view text, const std::string& name,
                              const std::optional<Variables>& variables, Problems& problems,
                              const release::YamlOrigins& origins) {
  release::YamlDocument document = release::YamlDocument::parse(text, name, release::Yaml::foreign);
  document.comes_from(origins);
  return ComposeReader(document, problems).read(variables);
}

}  // namespace sealift::compose
