// SPDX-License-Identifier: Apache-2.0
#pragma once

// An artifact bundle of Sentry: "SYSB", version 2, and a ZIP archive of scripts and maps with a
// manifest.json that says under which addresses and debug ids they are known (docs.sentry.io,
// "Source Maps"; symbolic-debuginfo, sourcebundle). The same files make the same bytes, so that
// Sentry knows what it has already.

#include <string>
#include <vector>

#include "builder/sentry/source_maps.hpp"

namespace sealift::builder {

// Where in Sentry files belong, and to which release.
struct SentryRelease {
  std::string organization;
  std::vector<std::string> projects;
  std::string name;  // "shop@1.2.0", as the installer tells it of its deploys
  std::string dist;  // empty: none
};

// Files have urls of their own. Error{invalid_input} beyond what a ZIP archive holds.
std::string artifact_bundle(const std::vector<SentryFile>& files, const SentryRelease& release);

}  // namespace sealift::builder
