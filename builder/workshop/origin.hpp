// SPDX-License-Identifier: Apache-2.0
#pragma once

// Where the sources of a release come from and when they were made: never the wall clock.

#include <string>
#include <vector>

#include "base/clock.hpp"
#include "release/project/release_file.hpp"

namespace sealift::builder {

struct Origin {
  Time created;          // SOURCE_DATE_EPOCH, else the last commit's, else the newest file's
  std::string revision;  // what release.yaml says, else the last commit; empty: not known
  // Why one of them is not what a reader would take it for; empty: both are.
  std::vector<Problem> doubts = {};
};

// Asks git for the last commit of the release's folder: whatever git's configuration and variables
// say, it is the repository around that folder. Of a tree that was changed since, the revision ends
// in "-dirty". Throws Error{usage} for a SOURCE_DATE_EPOCH that is no number.
Origin origin_of(const release::Release& release);

}  // namespace sealift::builder
