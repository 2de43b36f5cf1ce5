// SPDX-License-Identifier: Apache-2.0
#include "base/format.hpp"
#include "base/path.hpp"
#include "base/text.hpp"
#include "installer/commands/commands.hpp"
#include "installer/records/flags.hpp"
#include "installer/session/approvers.hpp"
#include "installer/session/changing.hpp"
#include "installer/session/past.hpp"

namespace sealift::installer {

namespace {

void run_history(const std::string& site, cli::Session& session) {
  const SiteWork work(session, site);
  const State state = work.state();
  std::vector<std::vector<std::string>> rows = {{"REVISION", "TIME", "WHAT", "RELEASE",
                                                 "ENVIRONMENT", "END", "TOOK", "BY", "APPROVED BY",
                                                 "REASON"}};
  Json list = Json::array();
  const Approvers approvers(work.tools());
  FlagChanges before;
  for (const PastTransaction& past : state.history) {
    std::string why = reason_of(past);
    const FlagChanges after = changes_of(past.outcome.flags_placement());
    std::vector<std::string> flags;
    if (past.purpose == Purpose::flags) flags = compare(before, after);
    if (!flags.empty()) why = format("{}{}{}", joined(flags, "; "), why.empty() ? "" : ": ", why);
    if (past.ending == Event::commit && past.purpose != Purpose::stage) before = after;
    const std::vector<std::string> approved = approvers.of(past.outcome);
    rows.push_back({std::to_string(past.number), to_local_text(past.begun),
                    std::string(name(past.purpose)), past.outcome.title(),
                    printable(past.outcome.environment), ending_word(past),
                    past.ended ? cli::duration_text(duration_of(past)) : "", printable(past.actor),
                    printable(joined(approved)), printable(why, flags.empty() ? 80 : 160)});
    list.push_back({{"revision", past.number},
                    {"time", to_text(past.begun)},
                    {"purpose", name(past.purpose)},
                    {"version", past.outcome.version},
                    {"environment", past.outcome.environment},
                    {"end", ending_word(past)},
                    {"actor", past.actor},
                    {"reason", past.reason},
                    {"why", past.why},
                    {"flags", std::move(flags)},
                    {"release", past.outcome.release},
                    {"outcome", ending_word(past)},
                    {"approvers", approved},
                    {"retained", is_retained(work.installation().layout, past.outcome)}});
    if (past.outcome.digest) list.back()["digest"] = past.outcome.digest->str();
    if (past.ended) {
      list.back()["ended"] = to_text(*past.ended);
      list.back()["seconds"] = duration_of(past).count();
    }
  }
  session.out.table(rows);
  session.out.json(list);
}

}  // namespace

void add_history(cli::Command& program, const std::string& site) {
  program.sub("history", "list every transaction of this site, oldest first")
      .example("sealift-installer history", "when, what, by whom, why and how it ended")
      .example("sealift-installer history --json", "for a program")
      .fails_with({Errc::untrusted, Errc::corrupt, Errc::io})
      .runs([&site](cli::Session& session) { run_history(site, session); });
}

}  // namespace sealift::installer
