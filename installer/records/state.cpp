// SPDX-License-Identifier: Apache-2.0
#include "installer/records/state.hpp"

#include <algorithm>

#include "base/format.hpp"
#include "base/path.hpp"

namespace sealift::installer {

// Null also for a transaction that was undone: it made no revision.
const Revision* State::revision(std::uint64_t number) const {
  for (const Revision& each : revisions) {
    if (each.number == number) return &each;
  }
  return nullptr;
}

// After a rollback the release that stands is an older one: what came before that counts, so that a
// second rollback goes further back and not to and fro.
const Revision* State::previous() const {
  if (is_uninstalled) return last();
  const Revision* now = current();
  if (now != nullptr && now->restores) now = revision(*now->restores);
  return now != nullptr && now->parent ? revision(*now->parent) : nullptr;
}

namespace {

// Without it nobody knows what is installed.
void check_journal_folder(const Layout& layout) {
  const std::string folder = layout.journal().string();
  if (entry_exists(folder)) return;
  throw Error(Errc::corrupt, format("{}: is missing, it says what is installed here", folder),
              format("restore it from a backup of {}; without one begin again: mkdir '{}', remove "
                     "the link current of each target, and apply the bundle",
                     layout.state.string(), folder));
}

Journal read_journal(const Layout& layout, const fs::path& file, const Clock& clock) {
  try {
    return Journal::read(file, clock);
  } catch (const Error& error) {
    if (error.code() != Errc::corrupt) throw;
    const std::string name = file.string();
    throw Error(Errc::corrupt,
                format("{}: is damaged, its records do not follow from each other", name),
                format("restore it from a backup of {}; without one give that transaction up: mv "
                       "'{}' '{}.damaged'; then return to the release before it: sealift-installer "
                       "apply --repair",
                       layout.state.string(), name, name));
  }
}

}  // namespace

// Every journal is read each time; nothing else is asked, so that the state cannot say more than
// they do. At most one can be unfinished, since none is begun before the last has ended.
State load_state(const Layout& layout, const Clock& clock) {
  State state;
  check_journal_folder(layout);
  for (const fs::path& file : journal_files(layout.journal())) {
    const Journal journal = read_journal(layout, file, clock);
    const Plan& plan = journal.plan();
    const std::optional<Event> ending = journal.ending();
    const Json& detail = journal.records().back().detail;
    state.history.push_back(
        {.number = plan.number,
         .purpose = plan.purpose,
         .begun = plan.created,
         .actor = plan.actor,
         .reason = plan.reason,
         .ending = ending,
         .ended = ending ? std::optional(journal.records().back().time) : std::nullopt,
         .why = ending && detail.is_string() ? detail.get<std::string>() : "",
         .outcome = plan.outcome});
    state.next_number = std::max(state.next_number, plan.number + 1);
    if (!ending) state.unfinished = file;
    if (ending && !journal.is_closed()) state.unclosed.push_back(file);
    if (ending != Event::commit) continue;
    if (plan.purpose == Purpose::stage) {
      state.staged = plan.outcome;
    } else if (plan.purpose == Purpose::uninstall) {
      state.staged.reset();
      state.is_uninstalled = true;
    } else {
      // A staged release is still the next one when flags have changed or damage was repaired.
      const bool keeps_release = plan.purpose == Purpose::flags || plan.purpose == Purpose::repair;
      if (!keeps_release) state.staged.reset();
      state.revisions.push_back(plan.outcome);
      state.is_uninstalled = false;
    }
  }
  return state;
}

// Anybody may read it, so that monitoring needs no rights. An older program, which cannot read our
// journals, tells people to look here for the version that can.
void write_summary(const Layout& layout, const State& state) {
  Json value = {
      {"format", 1}, {"program", SEALIFT_VERSION}, {"unfinished", state.unfinished.has_value()}};
  if (const Revision* now = state.current()) value["current"] = to_json(*now);
  if (const Revision* last = state.last()) {
    value["floor"] = {{"release", last->release}, {"version", last->version}};
  }
  if (const Revision* previous = state.previous()) value["previous"] = to_json(*previous);
  if (state.staged) value["staged"] = to_json(*state.staged);
  write_file(layout.summary(), to_pretty(value), FileMode::plain);
}

void check_summary(const Layout& layout) {
  constexpr std::uint64_t kLargestFile = 64U << 20;  // bytes
  (void)parse_json(read_file(layout.summary(), kLargestFile), layout.summary().string());
}

// Pruning removes that folder before the release's directories and its bundle.
bool is_retained(const Layout& layout, const Revision& revision) {
  return dir_exists(layout.revisions() / std::to_string(revision.number));
}

bool needs_bundle(const Layout& layout, const State& state, const std::string& name) {
  return std::any_of(state.history.begin(), state.history.end(), [&](const PastTransaction& past) {
    const bool is_kept = past.ending == Event::commit && is_retained(layout, past.outcome);
    return (!past.ending || is_kept) && past.outcome.bundle == name;
  });
}

std::vector<Placement> retained_placements(const Layout& layout, const State& state) {
  std::vector<Placement> placements;
  for (const PastTransaction& past : state.history) {
    if (past.ending != Event::commit || !is_retained(layout, past.outcome)) continue;
    const std::vector<Placement>& placed = past.outcome.placements;
    placements.insert(placements.end(), placed.begin(), placed.end());
  }
  return placements;
}

}  // namespace sealift::installer
