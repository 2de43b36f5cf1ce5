// SPDX-License-Identifier: Apache-2.0
#pragma once

// From what stands and what is wanted to a Plan. Changes nothing on a target.

#include <string>
#include <vector>

#include "bundle/reader.hpp"
#include "installer/driver.hpp"
#include "installer/installation.hpp"
#include "installer/plan.hpp"
#include "installer/site_content.hpp"
#include "installer/state.hpp"
#include "release/settings.hpp"

namespace sealift::installer {

// What happens to the files, or images, of one component.
struct ComponentChange {
  std::string component;
  std::string target;
  std::string path;
  std::uint64_t added = 0;
  std::uint64_t changed = 0;
  std::uint64_t removed = 0;
  std::uint64_t same = 0;
  std::uint64_t new_bytes = 0;  // of files added and changed
  bool images = false;          // what is counted is images, not files

  bool nothing() const { return added + changed + removed == 0; }
};

// Space that a step takes on the file system of `path`.
struct Need {
  std::string path;
  std::uint64_t bytes;
  std::uint64_t inodes;
};

struct Draft {
  Plan plan;
  std::vector<ComponentChange> changes;
  std::vector<Need> needs;
  std::vector<std::string> warnings;
  std::vector<std::string> details;     // of migrations: what they are, for people
  std::vector<std::string> flags = {};  // what becomes of flags that the site has changed
  release::Values set = {};             // what --set gave, kept with the revision
  Json evidence = Json::object();       // what the audit log says beside the plan's own
};

// Who asks, and why.
struct Request {
  Purpose purpose;
  std::string actor;
  std::string reason;
  Time now;
  DataRequest data = {};
  release::Values set = {};  // of --set
};

// Whether a release older than the current one may follow it.
enum class Floor {
  kept,
  waived,  // disaster recovery: an explicit, audited act
};

// Throws Error{untrusted} for a release below the floor, Error{incompatible} for one that is not
// for this site, host or installed version, naming what to carry instead.
void check_requirements(const bundle::Contents& contents, const Installation& installation,
                        const State& state, Floor floor);

// The site's values, each with who said it; `set` is what --set gives.
release::Settings settings_for(const bundle::Contents& contents, const release::Site& site,
                               const release::Values& set);
// The values that the site's templates see, as they were written: they may refer to each other.
// Secrets are among them as values that are not set; they are opened where they are needed.
release::Values values_for(const bundle::Contents& contents, const release::Site& site,
                           const release::Values& set = {});

// The secrets that this site has a value for.
release::Sealed secrets_given(const release::ReleaseDocument& document, const release::Site& site);

// What the release's contract refuses of the site's values, each with its place.
std::vector<Problem> refused_values(const bundle::Contents& contents, const release::Site& site,
                                    const Request& request);

// Where the migrations of a release go on this site. Error{incompatible} where it has no such
// database, or one of another sort.
std::vector<Placement> migrations_on(const bundle::Contents& contents, const release::Site& site);

Draft plan_release(const bundle::Contents& contents, const std::string& bundle_name,
                   SiteContent& content, const Installation& installation, const State& state,
                   const Drivers& drivers, const Request& request);

// Back to `target`. Placements that are no longer whole are made anew from the bundle that was
// kept.
Draft plan_rollback(const Revision& target, SiteContent& content, const Installation& installation,
                    const State& state, const Drivers& drivers, Thoroughness thoroughness,
                    const Request& request);

// The current revision with other changes of its flags and nothing else: the same release, and a
// rollback leads where it led before. `content` is that of the current revision, which has flags.
Draft plan_flags(const SiteFlags& wanted, SiteContent& content, const Installation& installation,
                 const State& state, const Drivers& drivers, const Request& request);

// Throws Error{io} where a file system has less room than the draft needs.
void check_space(const Draft& draft);

}  // namespace sealift::installer
