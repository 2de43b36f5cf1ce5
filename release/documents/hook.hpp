// SPDX-License-Identifier: Apache-2.0
#pragma once

// Commands of a release that run before or after a phase of its apply (docs/workloads-exec.md). A
// hook has no undo, so there is none in a phase that changes what is served: what has to be taken
// back is a component.

#include <string>
#include <vector>

#include "base/json.hpp"
#include "release/documents/health.hpp"

namespace sealift::release {

inline constexpr std::size_t kMaxHooks = 16;

enum class Moment {
  before_stage,
  after_stage,  // before anything can be seen
  before_check,
  after_check,  // the last moment from which everything goes back
  after_commit
};
// "before stage"
std::string name(Moment moment);

struct Hook {
  Moment moment;
  // What runs, as a check of the probe exec is asked, once: name, command, keys and timeout.
  HealthCheck run;
};

Json to_json(const Hook& hook);
// Strict; Error{corrupt}.
std::vector<Hook> hooks_from_json(const Json& value, const std::string& where);

// As check_health() and read_health().
void check_hooks(const Json& root, const Refuse& refuse);
std::vector<Hook> read_hooks(const Json& root);

// The commands of both: they name the scripts that travel.
Commands commands_of(const std::vector<HealthCheck>& checks, const std::vector<Hook>& hooks);

}  // namespace sealift::release
