// SPDX-License-Identifier: Apache-2.0
#include "compose/claims.hpp"

#include "base/file.hpp"
#include "base/format.hpp"
#include "base/path.hpp"

namespace sealift::compose {

namespace {

using release::Claim;
using release::Reach;

bool has_variable(const std::string& text) {
  return text.find('$') != std::string::npos;
}

// A path that does not stay in the release's own tree.
bool is_outside(const std::string& path) {
  return path.starts_with('/') || path.starts_with('~') || has_variable(path) ||
         fs::path(path).lexically_normal().string().starts_with("..");
}

class ComposeClaims {
 public:
  std::vector<Claim> of(const Document& document) {
    for (const auto& [name, service] : document.services) {
      who_ = format("service {}", printable(name, 80));
      look_at_rights(service);
      look_at_namespaces(service);
      look_at_files(service);
    }
    for (const auto& [name, network] : document.networks) {
      who_ = format("network {}", printable(name, 80));
      look_at_network(name, network);
    }
    for (const auto& [name, volume] : document.volumes) {
      who_ = format("volume {}", printable(name, 80));
      look_at_volume(volume);
    }
    for (const char* sort : {"configs", "secrets"}) {
      for (const auto& [name, part] : document.parts(sort)) {
        who_ = format("{} {}", sort, printable(name, 80));
        add_path(part.file);
      }
    }
    return std::move(claims_);
  }

 private:
  void add(Reach reach, const std::string& found) {
    claims_.push_back({reach, format("{} {}", who_, found)});
  }
  void add_path(const std::string& path) {
    if (!is_outside(path)) return;
    claims_.push_back({.reach = Reach::host_paths,
                       .found = format("{} takes {} from the host", who_, printable(path, 200)),
                       .folder = path});
  }

  void look_at_rights(const Service& service) {
    if (service.is_privileged) add(Reach::privileged, "is privileged");
    for (const std::string& key : service.rights) add(Reach::privileged, format("has {}", key));
    for (const auto& [key, unused] : service.definition.items()) {
      if (key.starts_with("x-podman")) {
        add(Reach::privileged, format("has {}", printable(key, 80)));
      }
      if (key == "<<") add(Reach::privileged, "has merges that are too deep to be read");
    }
    for (const Json& option : service.security_opt) {
      const std::string text = option.is_string() ? option.get<std::string>() : "";
      if (text.starts_with("no-new-privileges") && !text.ends_with("false") &&
          !has_variable(text)) {
        continue;
      }
      add(Reach::privileged, format("has security_opt {}", printable(option.dump(), 80)));
    }
    for (const std::string& key : service.privileged_hooks) {
      add(Reach::privileged, format("has a privileged {}", key));
    }
    if (service.reserves_devices) add(Reach::privileged, "reserves devices");
    for (const NamedPart& other : service.volumes_from) {
      if (!other.is_text || other.name.starts_with("container:") || has_variable(other.name)) {
        add(Reach::privileged, "takes the volumes of a container that is not its own");
      }
    }
    if (service.has_provider) add(Reach::commands, "has a provider, a program of the host");
  }

  void look_at_namespaces(const Service& service) {
    look_at_mode(Reach::host_network, "network_mode", service.network_mode);
    look_at_mode(Reach::host_pid, "pid", service.pid);
    look_at_mode(Reach::host_pid, "ipc", service.ipc);
    look_at_mode(Reach::host_pid, "uts", service.uts);
    look_at_mode(Reach::privileged, "userns_mode", service.userns_mode);
    look_at_mode(Reach::privileged, "cgroup", service.cgroup);
  }

  void look_at_mode(Reach reach, std::string_view key, const std::string& mode) {
    if (is_of_host(mode)) add(reach, format("has {} {}", key, printable(mode, 80)));
  }

  // The host's, or that of a container that is none of this file's.
  static bool is_of_host(const std::string& mode) {
    return mode == "host" || mode.starts_with("container:") || mode.starts_with("ns:") ||
           has_variable(mode);
  }

  void look_at_files(const Service& service) {
    for (const Mount& mount : service.volumes) {
      // Without a colon it is an anonymous volume of the container's own.
      const std::string& text = mount.text;
      const std::size_t colon = text.find(':', text.starts_with("${") ? text.find('}') : 0);
      if (colon != text.npos || has_variable(text)) add_path(text.substr(0, colon));
      if (mount.type != "tmpfs" && mount.type != "image") add_path(mount.source);
    }
    for (const auto* files : {&service.env_files, &service.label_files}) {
      for (const NamedFile& file : *files) add_path(file.path);
    }
  }

  void look_at_network(const std::string& name, const SharedPart& network) {
    const bool is_hosts =
        network.is_external && (network.name.empty() ? name : network.name) == "host";
    const std::string& driver = network.driver;
    const bool is_plain = driver.empty() || driver == "bridge" || driver == "overlay";
    if (is_hosts) add(Reach::host_network, "is the host's");
    if (!is_plain) add(Reach::host_network, format("has driver {}", printable(driver, 80)));
    if (has_variable(network.name)) {
      add(Reach::host_network, format("has the name {}", printable(network.name, 80)));
    }
  }

  // A volume of the driver local may be a folder of the host by another name.
  void look_at_volume(const SharedPart& volume) {
    // A mount that binds does so whatever its type is.
    const bool may_bind =
        volume.flags.find("bind") != std::string::npos || has_variable(volume.flags);
    if ((volume.type == "tmpfs" || volume.type == "nfs") && !may_bind) return;
    add_path(volume.device);
  }

  std::string who_;
  std::vector<Claim> claims_;
};

}  // namespace

std::vector<Claim> compose_claims(const Document& document) {
  return ComposeClaims().of(document);
}

}  // namespace sealift::compose
