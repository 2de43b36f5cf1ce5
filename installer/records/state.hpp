// SPDX-License-Identifier: Apache-2.0
#pragma once

// What stands on a site, derived from its journals and never ahead of them.

#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "installer/records/journal.hpp"
#include "installer/records/placement.hpp"
#include "installer/site/layout.hpp"

namespace sealift::installer {

// One thing that stood on the site: the outcome of a committed transaction.
struct Revision {
  std::uint64_t number = 0;
  std::string release;
  std::string version;
  std::optional<Digest> digest;  // D; nothing for what was adopted
  std::string environment;
  std::string bundle;  // file in the store; empty for what was adopted
  std::vector<Placement> placements;
  std::optional<std::uint64_t> parent;    // the revision that stood before
  std::optional<std::uint64_t> restores;  // of a rollback: whose placements these are
  // Of a change of flags: the revision whose release it changes. Parent and restores are that
  // one's, so that a rollback leads to the release before.
  std::optional<std::uint64_t> changes = {};

  // "1.1.0 (0123456789ab)"
  std::string title() const;
  // Where the feature flags stand; null where there are none.
  const Placement* flags_placement() const;
  // What stood at the path of a target.
  const Placement* placement_at(const std::string& path) const;
};

Json to_json(const Revision& revision);
Revision revision_from_json(const Json& value, const std::string& where);

// One line of the history, whatever became of it.
struct PastTransaction {
  std::uint64_t number;
  Purpose purpose;
  Time begun;
  std::string actor;
  std::string reason;
  std::optional<Event> ending;
  std::string why;  // of an abort, and of an end that a person accepted
  Revision outcome;
};

struct State {
  std::vector<Revision> revisions;     // committed, oldest first
  std::optional<Revision> staged;      // by the last `stage`, unless something was applied since
  std::optional<fs::path> unfinished;  // the journal of a transaction that was cut off
  std::vector<fs::path> unclosed;      // of those that have ended, without all that follows
  std::vector<PastTransaction> history;
  std::uint64_t next_number = 1;

  const Revision* current() const { return revisions.empty() ? nullptr : &revisions.back(); }
  // Whether the release with this D is the one that stands.
  bool stands(const std::optional<Digest>& digest) const {
    return current() != nullptr && current()->digest == digest;
  }
  const Revision* revision(std::uint64_t number) const;
  // Where `rollback` leads: what stood before the release that stands now.
  const Revision* previous() const;
};

State load_state(const Layout& layout, const Clock& clock);

// state.json: the same for people and monitoring; never read back.
void write_summary(const Layout& layout, const State& state);

// True while site.yaml and values of the revision are kept, so that it can be restored.
bool is_retained(const Layout& layout, const Revision& revision);

// True where an open transaction, or a revision that is retained, has its content from this bundle
// of the store.
bool needs_bundle(const Layout& layout, const State& state, const std::string& name);

// What stands on the targets of every revision that is retained.
std::vector<Placement> retained_placements(const Layout& layout, const State& state);

}  // namespace sealift::installer
