// SPDX-License-Identifier: Apache-2.0
#pragma once

// `apply` and `stage` are one road; they differ in how far they go.

#include <optional>
#include <string>
#include <vector>

#include "installer/records/flags.hpp"
#include "installer/session/plan_file.hpp"
#include "release/values/environment.hpp"

namespace sealift::installer {

// What a site had beside its release, for the one that it becomes at another place.
struct Brought {
  release::Values set;  // of --set
  FlagChanges flags;
};

struct ReleaseOptions {
  std::vector<std::string> bundle;  // or volumes of it; empty: the one that was staged
  ChangeOptions change;
  TrustOptions trust;
  std::vector<std::string> set;  // KEY=VALUE
  bool now = false;              // of apply: outside of the maintenance windows as well
  bool repair = false;           // of apply: the release that is installed, made whole
  // Of apply: to the release name and environment that site.yaml says now.
  bool change_environment = false;
  std::optional<PlanFile> planned = {};  // of apply: this plan or none
  // Of apply, on a site without a release.
  std::optional<Brought> brought = {};
  Ends ends = Ends::installed;                   // of apply
  std::vector<std::string> without_checks = {};  // of apply: health checks that are not asked
};

// `apply --repair`: the release that is installed, from the bundle that was kept, or from the same
// bundle where that is lost. What --json prints; null where a person did not agree.
Json repair(const ReleaseOptions& options, const std::string& site, cli::Session& session);

// `purpose` is apply or stage. A bundle that is refused, or that the person does not agree to,
// leaves the store as it was; a refusal leaves a line in the audit log. As repair().
Json bring(Purpose purpose, const ReleaseOptions& options, const std::string& site,
           cli::Session& session);

}  // namespace sealift::installer
