// SPDX-License-Identifier: Apache-2.0
#pragma once

// From what shall stand on a site to the steps that lead there: each wish is handed to its driver,
// and what changes is counted.

#include <memory>
#include <set>
#include <string>

#include "installer/driver/driver.hpp"
#include "installer/drivers/databases/database_step.hpp"
#include "installer/drivers/files/shared_data.hpp"
#include "installer/drivers/services/service_changes.hpp"
#include "installer/planning/draft.hpp"
#include "installer/records/state.hpp"
#include "installer/site/installation.hpp"

namespace sealift::installer {

// Whose files the driver makes, as a placement says it.
std::string owner_of(const Placement& placement, const release::Target& settings);

// The files of one component that are not as they were installed.
struct DamagedFiles {
  bool is_whole_tree = false;
  std::set<std::string> paths = {};

  bool is_empty() const { return !is_whole_tree && paths.empty(); }
  bool covers(const std::string& path) const { return is_whole_tree || paths.contains(path); }
};

// Collects wishes into a draft.
class Drafting {
 public:
  Drafting(const Installation& installation, const State& state, const Drivers& drivers,
           Content& content, const Request& request, Revision outcome);

  // Migrations that a database shall have had.
  void want(Placement placement, const std::shared_ptr<const migrations::MigrationSet>& migrations);

  // `placement` says what shall stand there; its directory is filled in by the driver's steps.
  // `damage` is how what is there differs from what was installed: it counts as a change.
  void want(Placement placement, const release::Target& settings, const std::string& ready,
            const std::vector<Difference>& damage = {});

  // What stands now and is not touched.
  void keep(const Placement& placement);

  // Changes the release that stands, so that a rollback leads where it led before.
  void change_the_current();

  // What stands now and is not wanted any more goes.
  void drop_the_rest();

  Draft finish();

  Draft& draft() { return draft_; }
  // False for what was adopted.
  bool has_bundle() const { return outcome_.digest.has_value(); }
  // What will stand, as far as it was wanted so far.
  const std::vector<Placement>& placements() const { return outcome_.placements; }

 private:
  std::string version_now() const;  // of what is installed; empty: nothing is
  const Placement* standing_at(const std::string& path) const;
  // What a driver of any family is told of a placement; so far, that it goes.
  Wish wish_for(const Placement& placement) const;
  // Warns of what changes for data, and finds that which moves along.
  std::map<std::string, std::string> note_data(const Wish& wish, const SharedFolders& shared);
  void note_space(const std::optional<NeededSpace>& space);
  ComponentChange compare_watched(const Wish& wish, const ServiceGlobs& services,
                                  const DamagedFiles& damage);

  // The guard stands before the switches, what is run behind them; all are of one phase.
  void add_services();
  // The release that stands is looked at before anything else, the new one behind everything.
  void add_health();
  void add_hooks();
  // Where its files are unpacked; nothing where none are.
  std::optional<std::string> add(const std::string& driver, const Wish& wish,
                                 const ServiceGlobs& services, const DamagedFiles& damage);

  const Installation& installation_;
  const State& state_;
  const Drivers& drivers_;
  Content& content_;
  Revision outcome_;
  DataRequest data_;
  Draft draft_;
  ServiceChanges services_;
  std::set<std::string> wanted_;  // paths
};

}  // namespace sealift::installer
