// SPDX-License-Identifier: Apache-2.0
#pragma once

// How far a release reaches into its host, beyond files, images and containers of its own, and how
// far a site lets it: an approval says that a release is the one that was meant, not that this host
// is to be handed over to it (docs/trust.md).

#include <array>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace sealift::release {

enum class Reach {
  privileged,    // containers with more rights than an engine gives by itself, devices among them
  host_paths,    // files of the host in a container
  host_network,  // no network of the container's own
  host_pid,      // other programs of the host can be seen
  root_units,    // units of systemd that run as root
  commands       // programs that run outside of any container: of exec, hooks and checks
};
inline constexpr std::array kReaches = {Reach::privileged, Reach::host_paths, Reach::host_network,
                                        Reach::host_pid,   Reach::root_units, Reach::commands};
// Its key below `allow` in site.yaml.
std::string_view name(Reach reach);

// One thing of the host that a release asks for.
struct Claim {
  Reach reach;
  std::string found;        // "service api is privileged"
  std::string folder = {};  // of host_paths: which, as the release writes it
};

// Of a component of exec.
inline Claim command_claim() {
  return {Reach::commands, "runs commands of its own"};
}

// What each key lists: folders of host_paths, else names of components, hooks and checks.
using Allow = std::map<Reach, std::vector<std::string>>;

}  // namespace sealift::release
