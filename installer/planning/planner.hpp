// SPDX-License-Identifier: Apache-2.0
#pragma once

// From what stands and what is wanted to a Plan. Changes nothing on a target.

#include <string>

#include "bundle/reader.hpp"
#include "installer/content/site_content.hpp"
#include "installer/driver/driver.hpp"
#include "installer/planning/draft.hpp"
#include "installer/records/state.hpp"
#include "installer/site/installation.hpp"

namespace sealift::installer {

// What plan_release() reads of a payload: the tables of files, and the trees that are more than
// files to it (templates, flags, SQL). Files of assets and layers of images it does not read.
std::vector<Digest> payload_of_plan(const bundle::Contents& contents);

// `contents` were approved; `bundle_name` is the bundle's file in the store. Drivers look at their
// targets, so a plan is only as good as the moment in which it was made: apply() checks again.
// Error{incompatible} with what keeps the release from this site.
Draft plan_release(const bundle::Contents& contents, const std::string& bundle_name,
                   SiteContent& content, const Installation& installation, const State& state,
                   const Drivers& drivers, const Request& request);

// Back to `target`. Placements that are no longer whole are made anew from the bundle that was
// kept. `thoroughness` says whether kept files are believed by their receipts or hashed.
Draft plan_rollback(const Revision& target, SiteContent& content, const Installation& installation,
                    const State& state, const Drivers& drivers, Thoroughness thoroughness,
                    const Request& request);

// The current revision, with what differs on its targets laid out again beside what is there now.
// Its databases stay as they are.
Draft plan_repair(SiteContent& content, const Installation& installation, const State& state,
                  const Drivers& drivers, const Request& request);

// The current revision with other changes of its flags and nothing else: the same release, and a
// rollback leads where it led before. `content` is that of the current revision, which has flags.
Draft plan_flags(const SiteFlags& wanted, SiteContent& content, const Installation& installation,
                 const State& state, const Drivers& drivers, const Request& request);

// Nothing: the current revision is taken off its targets. What is data stays: databases, folders
// and volumes that are kept, backups. `content` is that of the current revision.
Draft plan_uninstall(Content& content, const Installation& installation, const State& state,
                     const Drivers& drivers, const Request& request);

}  // namespace sealift::installer
