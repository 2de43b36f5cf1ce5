// SPDX-License-Identifier: Apache-2.0
#pragma once

// What `doctor` says of a site and its host: what it asks for, one line each, whether it is well,
// and what to do where it is not.

#include <string>
#include <vector>

#include "installer/operations/damage.hpp"
#include "installer/session/changing.hpp"

namespace sealift::installer {

struct Diagnosis {
  std::string what;   // "target web", "clock"
  std::string found;  // in words
  std::string mend;   // what to do; empty: nothing

  bool needs_mending() const { return !mend.empty(); }
};

std::vector<Diagnosis> diagnoses(std::vector<Damage> damages);

// Everything that is cheap to ask: programs, rights, space, clock, trust, databases, stores, the
// state. What cannot be asked is a diagnosis, too. Changes nothing.
std::vector<Diagnosis> diagnose(const SiteWork& work, const Clock& clock);

}  // namespace sealift::installer
