// SPDX-License-Identifier: Apache-2.0
#include "installer/records/state.hpp"

#include <algorithm>

#include "base/format.hpp"
#include "base/path.hpp"
#include "installer/records/flags.hpp"

namespace sealift::installer {

std::string Revision::title() const {
  return digest ? format("{} ({})", printable(version), digest->short_hex()) : printable(version);
}

const Placement* Revision::placement_at(const std::string& path) const {
  for (const Placement& each : placements) {
    if (each.path == path) return &each;
  }
  return nullptr;
}

const Placement* Revision::flags_placement() const {
  for (const Placement& each : placements) {
    if (has_flags(each)) return &each;
  }
  return nullptr;
}

Json to_json(const Revision& revision) {
  Json placements = Json::array();
  for (const Placement& placement : revision.placements) placements.push_back(to_json(placement));
  Json value = {{"number", revision.number},   {"release", revision.release},
                {"version", revision.version}, {"environment", revision.environment},
                {"bundle", revision.bundle},   {"placements", std::move(placements)}};
  if (revision.digest) value["digest"] = revision.digest->str();
  if (revision.parent) value["parent"] = *revision.parent;
  if (revision.restores) value["restores"] = *revision.restores;
  if (revision.changes) value["changes"] = *revision.changes;
  return value;
}

Revision revision_from_json(const Json& value, const std::string& where) {
  Fields fields(value, where);
  Revision revision{.number = fields.number("number"),
                    .release = fields.text("release"),
                    .version = fields.text("version"),
                    .digest = {},
                    .environment = fields.text("environment"),
                    .bundle = fields.text("bundle"),
                    .placements = {},
                    .parent = fields.number_if("parent"),
                    .restores = fields.number_if("restores"),
                    .changes = fields.number_if("changes")};
  if (const auto digest = fields.text_if("digest")) {
    revision.digest = while_reading(fields.at("digest"), [&] { return Digest::parse(*digest); });
  }
  for (const Json& placement : fields.array("placements")) {
    revision.placements.push_back(placement_from_json(placement, fields.at("placements")));
  }
  fields.done();
  return revision;
}

const Revision* State::revision(std::uint64_t number) const {
  for (const Revision& each : revisions) {
    if (each.number == number) return &each;
  }
  return nullptr;
}

const Revision* State::previous() const {
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

State load_state(const Layout& layout, const Clock& clock) {
  State state;
  check_journal_folder(layout);
  for (const fs::path& file : journal_files(layout.journal())) {
    const Journal journal = read_journal(layout, file, clock);
    const Plan& plan = journal.plan();
    const std::optional<Event> ending = journal.ending();
    const Revision outcome = revision_from_json(plan.outcome, file.string());
    const Json& detail = journal.records().back().detail;
    state.history.push_back({.number = plan.number,
                             .purpose = plan.purpose,
                             .begun = plan.created,
                             .actor = plan.actor,
                             .reason = plan.reason,
                             .ending = ending,
                             .why = ending && detail.is_string() ? detail.get<std::string>() : "",
                             .outcome = outcome});
    state.next_number = std::max(state.next_number, plan.number + 1);
    if (!ending) state.unfinished = file;
    if (ending && !journal.is_closed()) state.unclosed.push_back(file);
    if (ending != Event::commit) continue;
    if (plan.purpose == Purpose::stage) {
      state.staged = outcome;
    } else {
      // A staged release is still the next one when flags have changed or damage was repaired.
      const bool keeps_release = plan.purpose == Purpose::flags || plan.purpose == Purpose::repair;
      if (!keeps_release) state.staged.reset();
      state.revisions.push_back(outcome);
    }
  }
  return state;
}

void write_summary(const Layout& layout, const State& state) {
  Json value = {{"format", 1}, {"unfinished", state.unfinished.has_value()}};
  if (const Revision* now = state.current()) {
    value["current"] = to_json(*now);
    value["floor"] = {{"release", now->release}, {"version", now->version}};
  }
  if (const Revision* previous = state.previous()) value["previous"] = to_json(*previous);
  if (state.staged) value["staged"] = to_json(*state.staged);
  write_file(layout.summary(), to_pretty(value), FileMode::plain);
}

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
