// SPDX-License-Identifier: Apache-2.0
#include "installer/session/unfinished.hpp"

#include <algorithm>
#include <set>

#include "base/ascii.hpp"
#include "base/format.hpp"
#include "base/path.hpp"
#include "installer/operations/standing.hpp"
#include "installer/transaction/transaction.hpp"

namespace sealift::installer {

namespace {

constexpr std::size_t kSaid = 2000;  // bytes of a message that are shown

struct Way {
  std::string arguments;  // of sealift-installer
  std::string leads;      // where to
};

// True where a step that changes a database was begun and not taken back.
bool has_migrated(const Journal& journal) {
  std::set<std::string> begun;
  for (const Record& record : journal.records()) {
    if (record.event == Event::applying) begun.insert(record.step);
    if (record.event == Event::undone) begun.erase(record.step);
  }
  return std::any_of(
      journal.plan().steps.begin(), journal.plan().steps.end(),
      [&](const Step& step) { return step.phase == Phase::migrate && begun.contains(step.id); });
}

std::vector<Way> ways_out(const Journal& journal, const std::string& before,
                          const std::string& outcome) {
  const bool is_exhausted = journal.count(Event::recovering) >= kMaxRecoveries;
  const bool is_stage = journal.plan().purpose == Purpose::stage;
  std::vector<Way> ways;
  if (!is_exhausted) {
    ways.push_back({"recover", format("back to {}", before)});
    if (!is_stage) ways.push_back({"recover --forward", format("on to {}", outcome)});
    if (has_migrated(journal)) {
      ways.push_back({"recover --restore-database --reason TEXT",
                      format("back to {}, with its database from the backup: everything written "
                             "after the backup is lost",
                             before)});
    }
  }
  ways.push_back({"recover --accept old --reason TEXT",
                  format("after a repair by hand: {} is installed", before)});
  if (!is_stage) {
    ways.push_back({"recover --accept new --reason TEXT",
                    format("after a repair by hand: {} is installed", outcome)});
  }
  return ways;
}

// A word as a shell takes it.
std::string shell_quoted(const std::string& word) {
  const bool is_plain = std::all_of(word.begin(), word.end(), [](char c) {
    return is_letter_or_digit(c) || std::string_view("/._-+:@").find(c) != std::string_view::npos;
  });
  if (is_plain) return word;
  std::string text = "'";
  for (const char c : word) text += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return text + "'";
}

std::string summary_of(const Plan& plan, const std::string& id) {
  for (const Step& step : plan.steps) {
    if (step.id == id) return step.summary;
  }
  return id;
}

void show_records(const Journal& journal, cli::Session& session) {
  for (const Record& record : journal.records()) {
    if (record.event == Event::begin) continue;
    session.out.line(
        format("  {}  {:<14} {}", to_local_text(record.time), name(record.event), record.step));
  }
}

// The transaction that another installer is at work on.
Json show_progress(const Journal& journal, const std::string& holder, cli::Session& session) {
  const Plan& plan = journal.plan();
  const Revision& outcome = plan.outcome;
  session.out.line(format("AT WORK: {}: transaction {} ({} {})", holder, plan.number,
                          name(plan.purpose), outcome.title()));
  show_records(journal, session);
  return {{"number", plan.number},
          {"purpose", name(plan.purpose)},
          {"version", outcome.version},
          {"atWork", holder}};
}

// Rows and JSON of what stands of one revision.
void add_standings(const Tools& tools, const Revision& revision, const std::string& which,
                   std::vector<std::vector<std::string>>& rows, Json& list) {
  for (const Standing& each : standing_of(tools, revision, Thoroughness::by_receipt)) {
    rows.push_back({format("{} {}", which, printable(revision.version)), each.placement.component,
                    printable(place_of(each.placement)), text(each)});
    list.push_back(to_json(each));
    list.back()["release"] = which;
    list.back()["version"] = revision.version;
  }
}

}  // namespace

Json show_unfinished(const SiteWork& work, const State& state, const std::string& site,
                     cli::Session& session) {
  cli::Output& out = session.out;
  const Journal journal = Journal::read(*state.unfinished, session.clock);
  if (const auto holder = lock_holder(work.installation().layout)) {
    return show_progress(journal, *holder, session);
  }
  session.status = exit_status(Errc::needs_operator);
  const Plan& plan = journal.plan();
  const Revision& outcome = plan.outcome;
  const Revision before = state.current() == nullptr ? Revision{} : *state.current();
  const std::string before_title = title_of(state.current());
  const std::optional<FailedUndo> failed = failed_undo(journal);
  out.line(format("NOT FINISHED: transaction {} ({} {}) {}", plan.number, name(plan.purpose),
                  outcome.title(), failed ? "needs a person: an undo failed" : "was cut off"));
  show_records(journal, session);
  Json value = {{"number", plan.number},
                {"purpose", name(plan.purpose)},
                {"version", outcome.version},
                {"recoveries", journal.count(Event::recovering)}};
  if (failed) {
    out.line();
    out.line(format("not undone   {}: {}", failed->step, summary_of(plan, failed->step)));
    out.line(format("because      {}", printable(failed->why, kSaid)));
    if (!failed->cause.empty()) {
      out.line(format("went back    because {}", printable(failed->cause, kSaid)));
    }
    value["failed"] = {{"step", failed->step},
                       {"summary", summary_of(plan, failed->step)},
                       {"why", failed->why},
                       {"cause", failed->cause},
                       {"time", to_text(failed->time)}};
  }
  out.line();
  std::vector<std::vector<std::string>> rows = {{"RELEASE", "COMPONENT", "PLACE", "WHAT STANDS"}};
  Json standing = Json::array();
  add_standings(work.tools(), before, "old", rows, standing);
  add_standings(work.tools(), outcome, "new", rows, standing);
  value["standing"] = std::move(standing);
  out.table(rows);
  out.line();
  out.line("to go on, one of:");
  Json ways = Json::array();
  const std::string program = site.empty()
                                  ? std::string("sealift-installer")
                                  : format("sealift-installer --site {}", shell_quoted(site));
  for (const Way& way : ways_out(journal, before_title, plan.stands_after())) {
    const std::string command = format("{} {}", program, way.arguments);
    out.line(format("  {}", command));
    out.line(format("      {}", way.leads));
    ways.push_back({{"command", command}, {"leads", way.leads}});
  }
  value["ways"] = std::move(ways);
  return value;
}

}  // namespace sealift::installer
