// SPDX-License-Identifier: Apache-2.0
#pragma once

// A plan that `plan --output` wrote and somebody looked at: `apply FILE` carries out that plan, or
// none. It names the bundle by its digest, the site, how far the site's history had come, and the
// digest of what the plan does.

#include <optional>
#include <string>

#include "installer/planning/draft.hpp"
#include "installer/records/state.hpp"
#include "installer/session/changing.hpp"

namespace sealift::installer {

struct PlanFile {
  std::vector<std::string> bundle;  // where it was; the digest says which it must be
  Digest digest;
  std::string site;
  std::uint64_t number = 0;  // of the transaction that it would be
  Digest plan;
  std::vector<std::string> set;  // of --set
  TrustOptions trust;
  bool change_environment = false;
};

// The digest of everything that a plan does, whoever makes it and whenever.
Digest digest_of_plan(const Draft& draft);

void write_plan_file(const std::string& file, const PlanFile& plan);
// Nothing where `file` is something else, such as a bundle. Strict; Error{corrupt}.
std::optional<PlanFile> read_plan_file(const std::string& file);
// Error{incompatible} where the plan that was made now is another one.
void check_plan(const PlanFile& planned, const Draft& draft, const std::string& site);

}  // namespace sealift::installer
