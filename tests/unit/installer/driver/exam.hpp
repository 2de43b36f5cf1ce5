// SPDX-License-Identifier: Apache-2.0
#pragma once

// The exam that every driver of a component sits: what installer/driver/driver.hpp promises,
// whatever it changes. A Candidate has a place of its own and two releases of one component.

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "installer/driver/driver.hpp"

namespace sealift::tests {

// A question that makes no sense for a driver, for a reason that its own header says.
enum class Exempt {
  check,       // how far a command came is not known: check() never says applied
  idle_plan,   // whoever plans asks only where something changes
  is_current,  // the planner asks again each time
  removal      // what was made outlives its component
};

class Candidate {
 public:
  virtual ~Candidate() = default;
  virtual installer::Driver& driver() = 0;
  // Who carries out a step that driver() has planned.
  virtual installer::Driver& worker(const installer::Step&) { return driver(); }
  // What release 1 or 2 has; it holds until another one is asked for.
  virtual installer::Content& content(int release) = 0;
  // Of release 1 or 2, or of 0: the component goes. `before` is the release installed now, or 0.
  virtual installer::Wish wish(int release, int before) = 0;
  // Where a release is once it was planned.
  virtual installer::Placement placement(int release) = 0;
  // What users of the place see; "" where no release is installed.
  virtual std::string served() = 0;
  // What somebody does by hand to the release that is installed.
  virtual void damage() = 0;
  virtual std::set<Exempt> exemptions() const { return {}; }
};

// One section a promise; `enrol` makes a candidate at a new place.
void sit_exam(const std::function<std::unique_ptr<Candidate>()>& enrol);

}  // namespace sealift::tests
