// SPDX-License-Identifier: Apache-2.0
#pragma once

// What a site is for, its release and its environment, is fixed with the first release that is
// applied: another environment has other values and other secrets. site.yaml changes it only where
// a person says so.

#include <string>
#include <vector>

#include "base/json.hpp"
#include "installer/records/state.hpp"
#include "release/site_file/site.hpp"

namespace sealift::installer {

struct SiteChange {
  std::string key;      // in site.yaml: "environment", "release"
  std::string applied;  // with the revision
  std::string wanted;   // by site.yaml

  friend bool operator==(const SiteChange&, const SiteChange&) = default;
};

// "environment: production becomes staging"
std::string text(const SiteChange& change);
Json to_json(const std::vector<SiteChange>& changes);

// How site.yaml differs from what `revision` was applied with. An adopted release was applied with
// nothing; nor was a null.
std::vector<SiteChange> site_changes(const Revision* revision, const release::Site& site);

// Throws Error{incompatible} with every change, each with the line of site.yaml that undoes it;
// `otherwise` is what to do where the change is meant.
void refuse_site_changes(const Revision& revision, const release::Site& site,
                         const std::string& otherwise);

// The `otherwise` of commands that keep the current release, and so its environment.
inline constexpr const char* kChangeEnvironment =
    "if the change is meant: sealift-installer apply BUNDLE --change-environment";

}  // namespace sealift::installer
