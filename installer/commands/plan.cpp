// SPDX-License-Identifier: Apache-2.0
#include "base/file.hpp"
#include "base/format.hpp"
#include "base/path.hpp"
#include "bundle/medium.hpp"
#include "bundle/verified.hpp"
#include "installer/commands/commands.hpp"
#include "installer/content/given_bundle.hpp"
#include "installer/content/site_values.hpp"
#include "installer/operations/standing.hpp"
#include "installer/planning/planner.hpp"
#include "installer/planning/space.hpp"
#include "installer/records/overrides.hpp"
#include "installer/session/config_diff.hpp"
#include "installer/session/plan_file.hpp"
#include "installer/session/refusal.hpp"

namespace sealift::installer {

namespace {

constexpr std::size_t kLongestLine = 2000;  // of a difference, as it is shown

// A payload of so many bytes is verified in a fraction of a second. Of a larger one is read what
// the plan shows: a person waits for a plan, and apply verifies all of it before it changes
// anything.
constexpr std::uint64_t kVerifiedWhole = 64U << 20;

struct PlanOptions {
  std::vector<std::string> bundle;
  bool detailed = false;
  TrustOptions trust;
  std::vector<std::string> set;
  bool change_environment = false;
  std::string output;
  bool diff = false;
};

void show_diff(const std::vector<FileDiff>& files, cli::Output& out) {
  for (const FileDiff& file : files) {
    out.line(out.in(cli::Tone::heading, format("{}: {}", file.component, printable(file.path))));
    if (!file.hidden.empty()) out.line(format("its lines are not shown: {}", file.hidden));
    for (const std::string& line : file.lines) {
      const std::string text = printable(line, kLongestLine);
      out.line(line.starts_with('+')   ? out.in(cli::Tone::good, text)
               : line.starts_with('-') ? out.in(cli::Tone::bad, text)
                                       : text);
    }
    out.line();
  }
  if (!files.empty()) return;
  out.line("no configuration changes");
  out.line();
}

void show_unread(std::uint64_t bytes, const std::string& bundle, cli::Output& out) {
  if (bytes == 0) return;
  out.line();
  out.line(
      format("not read yet: {} of files and images; apply verifies them before it changes "
             "anything, now: sealift-installer verify {}",
             cli::size_text(bytes), printable(bundle)));
}

// A plan file is read wherever somebody stands.
std::vector<std::string> absolute_paths(const std::vector<std::string>& paths) {
  std::vector<std::string> absolute;
  absolute.reserve(paths.size());
  for (const std::string& path : paths) absolute.push_back(absolute_path(path).string());
  return absolute;
}

void plan_bundle(const PlanOptions& options, const SiteWork& work, RefusalRecord& refusal,
                 cli::Session& session) {
  const Tools& tools = work.tools();
  const bundle::Trust trust = tools.trust(options.trust.expiry());
  const std::shared_ptr<bundle::Medium> medium =
      open_given(work.installation().layout, options.bundle);
  const bundle::ApprovedRelease approved = bundle::approve_confined(
      *medium, trust, {.whole = kVerifiedWhole, .wanted = payload_of_plan}, session.progress);
  refusal.know(approved.judgement());
  const bundle::Contents& contents = approved.contents();
  const State state = work.state();
  check_requirements(contents, work.installation(), state, options.trust.floor());
  if (state.current() != nullptr && !options.change_environment) {
    refuse_site_changes(*state.current(), work.installation().site, kChangeEnvironment);
  }
  Request request = work.request(Purpose::apply, {});
  request.set = parse_overrides(options.set, contents, work.installation().site.environment);
  SiteContent content(work.installation().layout, medium, contents.digest(),
                      values_for(contents, work.installation().site, request.set), tools.workers,
                      secret_files(work.installation().site));
  const Drivers& drivers = work.tools().drivers;
  Draft draft = plan_release(contents, "", content, work.installation(), state, drivers, request);
  draft.site_changes = site_changes(state.current(), work.installation().site);
  if (state.stands(contents.digest())) draft.drift = drift_of(tools, *state.current(), draft.plan);
  check_space(draft);
  const Forecast forecast = work.forecast(draft, state);
  Json value = to_json(draft, forecast);
  if (const auto& window = forecast.window) {
    session.out.line(format("maintenance window: {}{}", text(*window),
                            window->is_open ? "" : "; until then apply needs --now"));
    session.out.line();
  }
  if (options.diff) {
    const std::vector<FileDiff> files = config_diff(tools, contents, content, state.current());
    show_diff(files, session.out);
    value["diff"] = to_json(files);
  }
  show(draft, forecast, contents.notes, session);
  value["unread"] = approved.unread();
  show_unread(approved.unread(), bundle::typed_paths(options.bundle), session.out);
  if (!options.output.empty()) {
    write_plan_file(options.output, {.bundle = absolute_paths(options.bundle),
                                     .digest = contents.digest(),
                                     .site = work.installation().id,
                                     .number = draft.plan.number,
                                     .plan = digest_of_plan(draft),
                                     .set = options.set,
                                     .trust = options.trust,
                                     .change_environment = options.change_environment});
  }
  session.out.json(value);
  if (options.detailed && !draft.plan.steps.empty()) session.status = cli::kDiffers;
}

void run_plan(const PlanOptions& options, const std::string& site, cli::Session& session) {
  SiteWork work(session, site);
  work.lock("plan", {});
  RefusalRecord refusal(work.tools(), "plan", options.bundle);
  try {
    plan_bundle(options, work, refusal, session);
  } catch (const Error& error) {
    refusal.record(error);
    throw;
  }
}

}  // namespace

void add_plan(cli::Command& program, const std::string& site) {
  auto& options = cli::make_options<PlanOptions>();
  cli::Command command =
      program.sub("plan", "show what apply would do with a bundle; changes nothing");
  add_expiry_option(command, options.trust);
  add_floor_option(command, options.trust);
  add_set_option(command, options.set);
  add_environment_option(command, options.change_environment);
  command
      .arguments("BUNDLE", options.bundle, "the bundle file, or volumes of it or their folder",
                 cli::Presence::required)
      .flag("--diff", options.diff, "show how the configuration changes, but for secrets")
      .option("-o,--output", options.output, "FILE", "write the plan there, for `apply FILE`")
      .flag("--detailed-exitcode", options.detailed, "exit with 20 where something would change")
      .example("sealift-installer plan shop-1.1.0.bundle.tar.zst",
               "every step that apply would take")
      .example("sealift-installer plan shop-1.1.0.bundle.tar.zst --set PORT=8081",
               "with another value, this time only")
      .example("sealift-installer plan shop-1.1.0.bundle.tar.zst -o shop.plan",
               "for `apply shop.plan`, which does this or nothing")
      .example("sealift-installer plan shop-1.1.0.bundle.tar.zst --json", "for a program")
      .fails_with({Errc::invalid_input, Errc::untrusted, Errc::corrupt, Errc::incompatible,
                   Errc::busy, Errc::io},
                  {{"20", "something would change (with --detailed-exitcode)"}})
      .runs([&](cli::Session& session) { run_plan(options, site, session); });
}

}  // namespace sealift::installer
