// SPDX-License-Identifier: Apache-2.0
#pragma once

// What will be done, as data: printed before it is done, written as the first record of the
// journal, and enough for a process that never ran it to undo it.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/json.hpp"
#include "installer/records/revision.hpp"

namespace sealift::installer {

// In the order in which they run.
enum class Phase { preflight, stage, fence, migrate, activate, check, commit };
std::string_view name(Phase phase);

enum class Undo { automatic, impossible };

struct Step {
  std::string id;  // unique in its plan
  Phase phase = Phase::stage;
  std::string
      component;  // of the release; of steps that the planner makes, empty or a word of theirs
  std::string target;
  std::string driver;  // its word, by which the driver is found again
  std::string action;
  Json data;            // the driver's own
  std::string summary;  // for people: "switch /srv/web/current to releases/1.1.0-0123456789ab"
  Undo undo = Undo::automatic;

  friend bool operator==(const Step&, const Step&) = default;
};

// A repair lays out again what the current release has and a target has not.
enum class Purpose { apply, stage, rollback, adopt, flags, repair, uninstall };
std::string_view name(Purpose purpose);

struct Plan {
  Purpose purpose = Purpose::apply;
  std::uint64_t number = 0;  // of the transaction; the revision that it makes
  std::string actor;
  std::string reason;
  Time created;
  std::vector<Step> steps;
  // Installed when all is done. Of an uninstall: the release that goes, without placements.
  Revision outcome;

  // What stands when all is done: "1.1.0 (0123456789ab)", or that no release does.
  std::string stands_after() const;

  friend bool operator==(const Plan&, const Plan&) = default;
};

Json to_json(const Plan& plan);
// Strict; Error{corrupt}.
Plan plan_from_json(const Json& value, const std::string& where);

}  // namespace sealift::installer
