// SPDX-License-Identifier: Apache-2.0
#include "base/format.hpp"
#include "installer/commands/commands.hpp"
#include "installer/rescue/diagnosis.hpp"
#include "installer/rescue/mending.hpp"
#include "installer/rescue/thorough_look.hpp"
#include "installer/session/release.hpp"

namespace sealift::installer {

namespace {

struct DoctorOptions {
  bool full = false;
  bool repair = false;
  ChangeOptions change;
};

void show(const std::vector<Diagnosis>& findings, cli::Session& session) {
  Json list = Json::array();
  std::vector<std::vector<std::string>> rows;
  for (const Diagnosis& finding : findings) {
    rows.push_back(
        {finding.needs_mending() ? "MEND" : "ok", finding.what,
         !finding.needs_mending() ? finding.found : format("{}: {}", finding.found, finding.mend)});
    list.push_back({{"what", finding.what},
                    {"found", finding.found},
                    {"ok", !finding.needs_mending()},
                    {"mend", finding.mend}});
    if (finding.needs_mending()) session.status = cli::kDiffers;
  }
  session.out.table(rows);
  session.out.json(list);
}

// False where a person did not agree.
bool mend(const DoctorOptions& options, const std::string& site, cli::Session& session) {
  {
    SiteWork work(session, site);
    work.lock_and_settle("doctor --repair", options.change);
    const std::vector<Mend> mends = mends_of(work);
    for (const Mend& each : mends) session.out.line(format("to mend      {}", each.what));
    if (!mends.empty() && !work.agreed(options.change, "mend it?")) return false;
    Json done = Json::array();
    for (const Mend& each : mends) {
      each.act();
      done.push_back(each.what);
    }
    if (!mends.empty()) work.tools().audit().append("mended", {{"done", std::move(done)}});
    const State state = work.state();
    if (state.current() == nullptr || !state.current()->digest) return true;
  }
  ReleaseOptions release;
  release.change = options.change;
  return !repair(release, site, session).is_null();
}

void run_doctor(const DoctorOptions& options, const std::string& site, cli::Session& session) {
  if (options.repair && !mend(options, site, session)) return;
  const SiteWork work(session, site);
  std::vector<Diagnosis> findings = diagnose(work, session.clock);
  if (options.full || options.repair) {
    for (Diagnosis& each : diagnoses(damage_of_contents(work, session))) {
      findings.push_back(std::move(each));
    }
  }
  show(findings, session);
}

}  // namespace

void add_doctor(cli::Command& program, const std::string& site) {
  auto& options = cli::make_options<DoctorOptions>();
  cli::Command command = program.sub("doctor", "find what is missing or damaged, and mend it");
  command.flag("--full", options.full, "read every bundle, installed file and backup as well")
      .flag("--repair", options.repair,
            "mend what can be mended from what was verified: shows it, asks, and looks again");
  add_change_options(command, options.change);
  command.example("sealift-installer doctor", "programs, rights, space, clock, trust, damage")
      .example("sealift-installer doctor --full --json", "for monitoring, at night")
      .example("sealift-installer doctor --repair", "keys that others may read, leftovers, files")
      .fails_with({Errc::invalid_input, Errc::untrusted, Errc::corrupt, Errc::incompatible,
                   Errc::busy, Errc::io, Errc::target_failed, Errc::needs_operator},
                  {{"20", "something should be repaired"}})
      .runs([&](cli::Session& session) { run_doctor(options, site, session); });
}

}  // namespace sealift::installer
