// SPDX-License-Identifier: Apache-2.0
#pragma once

// What a component of manifests says beside its files: which program runs what they describe, and
// how. docs/workloads.md says it for people.

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.hpp"

namespace sealift::release {

// Whom the manifests are for.
inline constexpr std::string_view kCompose = "compose";
inline constexpr std::string_view kSystemd = "systemd";
inline constexpr std::string_view kExec = "exec";
inline constexpr std::string_view kKubernetes = "kubernetes";

// No program: a service that keeps what files of observability describe.
inline constexpr std::string_view kDatadog = "datadog";

// Whether a word names one of these drivers: they lay a component's files out in a directory, and
// then let them take effect.
bool is_runtime(std::string_view word);

// Whether a file of that name is a unit of systemd that a release may carry: a service, socket,
// timer, target or path.
bool is_unit_name(std::string_view name);

inline constexpr std::size_t kMaxWords = 64;                // of a command
inline constexpr std::size_t kMaxWordBytes = 4096;          // of each
inline constexpr std::size_t kMaxJobs = 256;                // of a Compose file
inline constexpr std::size_t kMaxRenderer = 128;            // bytes of its name and version
inline constexpr std::uint64_t kMaxWorkloadTimeout = 3600;  // seconds

struct Workload {
  std::string runtime;              // one of the above
  std::string file;                 // of compose: its file, in the component's tree
  std::vector<std::string> jobs;    // of compose: services that end by themselves
  std::vector<std::string> canary;  // of compose: services of which one container goes first; of
                                    // kubernetes: workloads of which one pod does
  std::vector<std::string> apply;   // of exec: commands, whose folder is the component's tree
  std::vector<std::string> undo;
  std::vector<std::string> check;
  std::uint64_t timeout = 0;  // of exec: seconds that each may take
  std::string rendered_by;    // of kubernetes: "helm v3.17.2"; empty: the files are as written
  friend bool operator==(const Workload&, const Workload&) = default;
};

// The commands of exec that there are, by their keys.
std::vector<std::pair<std::string, const std::vector<std::string>*>> commands_of(
    const Workload& workload);
// The path of a command's program in the component's tree: the first word has a slash and is not
// absolute. Empty: it is one of the host's.
std::string program_in_tree(const std::vector<std::string>& command);

Json to_json(const Workload& workload);
// Strict; Error{corrupt}.
Workload workload_from_json(const Json& value, const std::string& where);

}  // namespace sealift::release
