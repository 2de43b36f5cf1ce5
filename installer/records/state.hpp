// SPDX-License-Identifier: Apache-2.0
#pragma once

// What stands on a site, derived from its journals and never ahead of them.

#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "installer/records/journal.hpp"
#include "installer/records/placement.hpp"
#include "installer/records/revision.hpp"
#include "installer/site/layout.hpp"

namespace sealift::installer {

// One line of the history, whatever became of it.
struct PastTransaction {
  std::uint64_t number;  // of the transaction
  Purpose purpose;
  Time begun;
  std::string actor;
  std::string reason;
  std::optional<Event> ending;  // nothing: it is still open
  std::optional<Time> ended;    // when its last record was written; nothing while it is open
  std::string why;              // of an abort, and of an end that a person accepted
  Revision outcome;
};

struct State {
  std::vector<Revision> revisions;     // committed, oldest first
  bool is_uninstalled = false;         // the last of them stands no longer
  std::optional<Revision> staged;      // by the last `stage`, unless something was applied since
  std::optional<fs::path> unfinished;  // the journal of a transaction that was cut off
  std::vector<fs::path> unclosed;      // of those that have ended, without all that follows
  std::vector<PastTransaction> history;
  std::uint64_t next_number = 1;

  // What stands; null where no release does.
  const Revision* current() const { return is_uninstalled ? nullptr : last(); }
  // What stood last, whether it stands still or was uninstalled; nothing older is taken.
  const Revision* last() const { return revisions.empty() ? nullptr : &revisions.back(); }
  // Whether the release with this D is the one that stands.
  bool stands(const std::optional<Digest>& digest) const {
    return current() != nullptr && current()->digest == digest;
  }
  const Revision* revision(std::uint64_t number) const;
  // Where `rollback` leads: what stood before the release that stands now, or what was uninstalled.
  const Revision* previous() const;
};

State load_state(const Layout& layout, const Clock& clock);

// state.json: the same for people and monitoring; never read back.
void write_summary(const Layout& layout, const State& state);

// Error{corrupt} where state.json is no document, Error{io} where it cannot be read.
void check_summary(const Layout& layout);

// True while site.yaml and values of the revision are kept, so that it can be restored.
bool is_retained(const Layout& layout, const Revision& revision);

// True where an open transaction, or a revision that is retained, has its content from this bundle
// of the store.
bool needs_bundle(const Layout& layout, const State& state, const std::string& name);

// What stands on the targets of every revision that is retained.
std::vector<Placement> retained_placements(const Layout& layout, const State& state);

}  // namespace sealift::installer
