// SPDX-License-Identifier: Apache-2.0
#include "installer/operations/acceptance.hpp"

#include <algorithm>
#include <set>

#include "base/error.hpp"
#include "base/format.hpp"
#include "base/path.hpp"
#include "installer/drivers/services/service.hpp"
#include "installer/operations/recovery.hpp"
#include "installer/operations/standing.hpp"

namespace sealift::installer {

namespace {

// A line of the audit log holds 4 KiB.
constexpr std::size_t kAuditedLines = 6;
constexpr std::size_t kAuditedBytes = 100;

// A placement that differs in part may also have parts that could not be asked.
void sort_in(const Standing& standing, Acceptance& acceptance) {
  const std::string where =
      format("{}: {}", standing.placement.component, printable(place_of(standing.placement), 400));
  if (standing.is_sound()) acceptance.verified.push_back(where);
  for (const Difference& each : standing.differences) {
    acceptance.differs.push_back(format("{}: {}: {}", standing.placement.component,
                                        printable(each.path, 400), printable(text(each), 400)));
  }
  if (!standing.unknown.empty()) {
    acceptance.unverified.push_back(format("{}: {}", where, printable(standing.unknown, 400)));
  }
}

// What only the new release has, and what must not be current when the old one stands.
void find_strays(const Tools& tools, const Revision& outcome, const Revision& before,
                 Acceptance& acceptance) {
  const Drivers& drivers = tools.drivers;
  for (const Placement& placement : outcome.placements) {
    if (placement.directory.empty() || before.placement_at(placement.path) != nullptr) continue;
    try {
      if (!drivers.named(placement.driver).is_current(placement)) continue;
      acceptance.differs.push_back(format("{}: {}: is current, expected none", placement.component,
                                          printable(place_of(placement), 400)));
    } catch (const Error& error) {
      acceptance.unverified.push_back(
          format("{}: {}", placement.component, printable(error.message(), 400)));
    }
  }
}

// What a begun step has left where nothing is placed: a service that runs what stands, or not. A
// guard stands for the services, and a fence is opened at the end.
std::string trace_of(const Step& step) {
  if (step.driver == "fence") return "";
  if (step.driver != "service") return format("{}: whether that holds", step.summary);
  return is_service_guard(step)
             ? std::string()
             : format("service {}: whether it runs the files that stand", step.target);
}

// What no driver can be asked, as nothing is placed there.
void find_unasked(const Journal& journal, const Revision& outcome, const Revision& before,
                  Acceptance& acceptance) {
  std::set<std::string> asked;
  for (const Revision* revision : {&before, &outcome}) {
    for (const Placement& placement : revision->placements) asked.insert(placement.driver);
  }
  std::set<std::string> begun;
  for (const Record& record : journal.records()) {
    if (record.event == Event::applying) begun.insert(record.step);
  }
  std::vector<std::string>& all = acceptance.unverified;
  for (const Step& step : journal.plan().steps) {
    if (!begun.contains(step.id) || asked.contains(step.driver)) continue;
    std::string line = trace_of(step);
    if (!line.empty() && std::find(all.begin(), all.end(), line) == all.end()) {
      all.push_back(std::move(line));
    }
  }
}

// The log has the first of them; all were shown to the person who accepted.
Json audited(const std::vector<std::string>& lines) {
  Json list = Json::array();
  for (std::size_t i = 0; i < lines.size() && i < kAuditedLines; ++i) {
    list.push_back(printable(lines[i], kAuditedBytes));
  }
  if (lines.size() > kAuditedLines) {
    list.push_back(format("and {} more", lines.size() - kAuditedLines));
  }
  return list;
}

}  // namespace

std::string_view name(Side side) {
  return side == Side::before ? "old" : "new";
}

Side side_named(const std::string& word) {
  for (const Side side : {Side::before, Side::outcome}) {
    if (name(side) == word) return side;
  }
  throw Error(Errc::usage,
              format("--accept: found \"{}\", expected old or new", printable(word, 40)));
}

std::optional<Acceptance> examine(const Tools& tools, Side side) {
  const State state = load_state(tools.installation.layout, tools.clock);
  if (!state.unfinished) return std::nullopt;
  const Journal journal = Journal::read(*state.unfinished, tools.clock);
  const Plan& plan = journal.plan();
  if (side == Side::outcome && plan.purpose == Purpose::stage) {
    throw Error(Errc::usage, "--accept new: only a stage was cut off, which leads to no release",
                "run: sealift-installer recover");
  }
  const Revision& outcome = plan.outcome;
  const Revision before = state.current() == nullptr ? Revision{} : *state.current();
  const Revision& chosen = side == Side::before ? before : outcome;
  Acceptance acceptance{
      .side = side,
      .transaction = plan.number,
      .title = side == Side::before ? title_of(state.current()) : plan.stands_after(),
      .verified = {},
      .differs = {},
      .unverified = {}};
  for (const Standing& each : standing_of(tools, chosen, Thoroughness::by_content)) {
    sort_in(each, acceptance);
  }
  if (side == Side::before) find_strays(tools, outcome, before, acceptance);
  find_unasked(journal, outcome, before, acceptance);
  return acceptance;
}

void accept(const Tools& tools, const Acceptance& acceptance, const std::string& reason) {
  const std::string said = printable(reason, 1024);
  end_by_hand(tools, acceptance.side == Side::before ? Event::abort : Event::commit,
              format("accepted by a person: {}", said),
              {{"accepted", name(acceptance.side)},
               {"acceptReason", said},
               {"verified", audited(acceptance.verified)},
               {"differs", audited(acceptance.differs)},
               {"unverified", audited(acceptance.unverified)}});
}

Json to_json(const Acceptance& acceptance) {
  return {{"accepted", name(acceptance.side)},
          {"transaction", acceptance.transaction},
          {"verified", acceptance.verified},
          {"differs", acceptance.differs},
          {"unverified", acceptance.unverified}};
}

}  // namespace sealift::installer
