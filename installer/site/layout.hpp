// SPDX-License-Identifier: Apache-2.0
#pragma once

// Where a site keeps its things. All of it is plain files (docs/install-protocol.md).

#include <string>

#include "base/file.hpp"

namespace sealift::installer {

struct Layout {
  fs::path site_yaml;
  fs::path state;

  fs::path store() const { return state / "store"; }          // accepted bundles, as they came
  fs::path tables() const { return state / "tables"; }        // file tables of what is installed
  fs::path revisions() const { return state / "revisions"; }  // site.yaml and values of each
  fs::path backups() const { return state / "backups"; }      // of databases
  fs::path journal() const { return state / "journal"; }
  fs::path receipts() const { return state / "receipts"; }
  fs::path trust() const { return state / "trust"; }
  fs::path latest_time() const { return state / "clock.json"; }  // the latest time ever seen
  fs::path keys() const { return state / "keys"; }
  fs::path age_identity() const { return state / "keys" / "site.age"; }
  fs::path site_key() const { return state / "keys" / "site.key"; }
  fs::path site_public_key() const { return state / "keys" / "site.pub"; }
  fs::path table_key() const { return state / "keys" / "table.key"; }
  fs::path fence() const { return state / "fence.json"; }      // while it is closed
  fs::path writers() const { return state / "writers.json"; }  // while those are stopped
  fs::path workloads() const {
    return state / "workloads";
  }  // what Compose is told beside its file
  fs::path identity() const { return state / "site.json"; }
  fs::path audit() const { return state / "audit.jsonl"; }
  fs::path timestamps() const { return state / "timestamps"; }  // of checkpoints, by others
  fs::path summary() const { return state / "state.json"; }
  fs::path health() const { return state / "health.json"; }  // what checks found last
  // While a site archive is being restored: how far that has come.
  fs::path restoring() const { return state / "restoring.json"; }
  fs::path copies() const { return state / "copies.json"; }  // of backups, and what failed
  fs::path events() const { return state / "events"; }       // who was told how much of the log
  fs::path lock() const { return state / "lock"; }

  // --site DIR, else SEALIFT_SITE, else /etc/sealift/site.yaml with /var/lib/sealift.
  static Layout choose(const std::string& folder);
};

}  // namespace sealift::installer
