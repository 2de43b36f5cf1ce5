// SPDX-License-Identifier: Apache-2.0
#include "compose/claims.hpp"

#include <array>

#include "base/file.hpp"
#include "base/format.hpp"
#include "base/path.hpp"

namespace sealift::compose {

namespace {

using release::Claim;
using release::Reach;

// Keys of a service that any value of makes it more than an ordinary container.
constexpr std::array kPrivilegedKeys = {"cap_add",       "devices",        "device_cgroup_rules",
                                        "gpus",          "runtime",        "use_api_socket",
                                        "cgroup_parent", "credential_spec"};

std::string text_of_key(const Json& object, const char* key) {
  return object.is_object() ? text_at(object, key) : "";
}

// Whether a key is there and says something.
bool is_asked(const Json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end() || found->is_null()) return false;
  if (found->is_boolean()) return found->get<bool>();
  if (found->is_string()) return *found != "" && *found != "false";
  return !found->is_structured() || !found->empty();
}

bool has_variable(const std::string& text) {
  return text.find('$') != std::string::npos;
}

// A path that does not stay in the release's own tree.
bool is_outside(const std::string& path) {
  return path.starts_with('/') || path.starts_with('~') || has_variable(path) ||
         fs::path(path).lexically_normal().string().starts_with("..");
}

Json list_at(const Json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end() || found->is_null()) return Json::array();
  return found->is_array() ? *found : Json::array({*found});
}

class ComposeClaims {
 public:
  std::vector<Claim> of(const Json& root) {
    for (const auto& [name, service] : entries(root, "services").items()) {
      who_ = format("service {}", printable(name, 80));
      if (!service.is_object()) continue;
      look_at_rights(service);
      look_at_namespaces(service);
      look_at_files(service);
    }
    for (const auto& [name, network] : entries(root, "networks").items()) {
      who_ = format("network {}", printable(name, 80));
      look_at_network(name, network);
    }
    for (const auto& [name, volume] : entries(root, "volumes").items()) {
      who_ = format("volume {}", printable(name, 80));
      look_at_volume(volume);
    }
    for (const char* sort : {"configs", "secrets"}) {
      for (const auto& [name, entry] : entries(root, sort).items()) {
        who_ = format("{} {}", sort, printable(name, 80));
        add_path(text_of_key(entry, "file"));
      }
    }
    return std::move(claims_);
  }

 private:
  static const Json& entries(const Json& root, const char* key) {
    static const Json none = Json::object();
    const auto found = root.find(key);
    return found != root.end() && found->is_object() ? *found : none;
  }

  void add(Reach reach, const std::string& found) {
    claims_.push_back({reach, format("{} {}", who_, found)});
  }
  void add_path(const std::string& path) {
    if (!is_outside(path)) return;
    claims_.push_back({.reach = Reach::host_paths,
                       .found = format("{} takes {} from the host", who_, printable(path, 200)),
                       .folder = path});
  }

  void look_at_rights(const Json& service) {
    if (is_asked(service, "privileged")) add(Reach::privileged, "is privileged");
    for (const char* key : kPrivilegedKeys) {
      if (is_asked(service, key)) add(Reach::privileged, format("has {}", key));
    }
    for (const auto& [key, unused] : service.items()) {
      if (key.starts_with("x-podman")) {
        add(Reach::privileged, format("has {}", printable(key, 80)));
      }
      if (key == "<<") add(Reach::privileged, "has merges that are too deep to be read");
    }
    for (const Json& option : list_at(service, "security_opt")) {
      const std::string text = option.is_string() ? option.get<std::string>() : "";
      if (text.starts_with("no-new-privileges") && !text.ends_with("false") &&
          !has_variable(text)) {
        continue;
      }
      add(Reach::privileged, format("has security_opt {}", printable(option.dump(), 80)));
    }
    for (const char* key : {"post_start", "pre_stop"}) {
      for (const Json& hook : list_at(service, key)) {
        if (hook.is_object() && is_asked(hook, "privileged")) {
          add(Reach::privileged, format("has a privileged {}", key));
        }
      }
    }
    const auto reserved = "/deploy/resources/reservations/devices"_json_pointer;
    if (service.contains(reserved) && !service[reserved].empty()) {
      add(Reach::privileged, "reserves devices");
    }
    for (const Json& other : list_at(service, "volumes_from")) {
      const std::string text = other.is_string() ? other.get<std::string>() : "$";
      if (text.starts_with("container:") || has_variable(text)) {
        add(Reach::privileged, "takes the volumes of a container that is not its own");
      }
    }
    if (is_asked(service, "provider"))
      add(Reach::commands, "has a provider, a program of the host");
  }

  void look_at_namespaces(const Json& service) {
    if (const std::string mode = text_at(service, "network_mode"); is_of_host(mode)) {
      add(Reach::host_network, format("has network_mode {}", printable(mode, 80)));
    }
    for (const char* key : {"pid", "ipc", "uts"}) {
      if (const std::string mode = text_at(service, key); is_of_host(mode)) {
        add(Reach::host_pid, format("has {} {}", key, printable(mode, 80)));
      }
    }
    for (const char* key : {"userns_mode", "cgroup"}) {
      if (const std::string mode = text_at(service, key); is_of_host(mode)) {
        add(Reach::privileged, format("has {} {}", key, printable(mode, 80)));
      }
    }
  }

  // The host's, or that of a container that is none of this file's.
  static bool is_of_host(const std::string& mode) {
    return mode == "host" || mode.starts_with("container:") || mode.starts_with("ns:") ||
           has_variable(mode);
  }

  void look_at_files(const Json& service) {
    for (const Json& volume : list_at(service, "volumes")) {
      if (volume.is_string()) {
        const std::string text = volume;
        // Without a colon it is an anonymous volume of the container's own.
        const std::size_t colon = text.find(':', text.starts_with("${") ? text.find('}') : 0);
        if (colon != text.npos || has_variable(text)) add_path(text.substr(0, colon));
      } else if (volume.is_object()) {
        const std::string type = text_at(volume, "type");
        if (type != "tmpfs" && type != "image") add_path(text_at(volume, "source"));
      }
    }
    for (const char* key : {"env_file", "label_file"}) {
      for (const Json& file : list_at(service, key)) {
        add_path(file.is_string() ? file.get<std::string>() : text_of_key(file, "path"));
      }
    }
  }

  void look_at_network(const std::string& name, const Json& network) {
    if (!network.is_object()) return;
    const std::string own_name = text_at(network, "name");
    const std::string driver = text_at(network, "driver");
    const bool is_hosts =
        is_asked(network, "external") && (own_name.empty() ? name : own_name) == "host";
    const bool is_plain = driver.empty() || driver == "bridge" || driver == "overlay";
    if (is_hosts) add(Reach::host_network, "is the host's");
    if (!is_plain) add(Reach::host_network, format("has driver {}", printable(driver, 80)));
    if (has_variable(own_name)) {
      add(Reach::host_network, format("has the name {}", printable(own_name, 80)));
    }
  }

  // A volume of the driver local may be a folder of the host by another name.
  void look_at_volume(const Json& volume) {
    if (!volume.is_object()) return;
    const auto options = volume.find("driver_opts");
    if (options == volume.end() || !options->is_object()) return;
    const std::string type = text_at(*options, "type");
    const std::string flags = text_at(*options, "o");
    // A mount that binds does so whatever its type is.
    const bool may_bind = flags.find("bind") != flags.npos || has_variable(flags);
    if ((type == "tmpfs" || type == "nfs") && !may_bind) return;
    add_path(text_at(*options, "device"));
  }

  std::string who_;
  std::vector<Claim> claims_;
};

}  // namespace

std::vector<Claim> compose_claims(const Json& root) {
  return ComposeClaims().of(root);
}

}  // namespace sealift::compose
