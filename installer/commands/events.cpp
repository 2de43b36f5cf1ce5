// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <mutex>

#include "base/format.hpp"
#include "base/log.hpp"
#include "base/path.hpp"
#include "installer/commands/commands.hpp"
#include "installer/events/forwarding.hpp"
#include "installer/events/spool.hpp"
#include "installer/events/telling.hpp"
#include "installer/operations/kept_revisions.hpp"
#include "installer/session/changing.hpp"
#include "installer/site/private_file.hpp"

namespace sealift::installer {

namespace {

using std::chrono::milliseconds;

// What a command waits for at its end, and what a person waits for.
constexpr milliseconds kShort{4'000};
constexpr milliseconds kPatient{30'000};
constexpr std::uint64_t kMaxSecret = 64U << 10;

// Of all commands below `events`; each reads what it has added to the command line.
struct EventsOptions {
  bool all = false;
  bool due = false;
  std::string output;
  std::string file;
  std::string to;
  std::string record;
};

// Of a file that site.yaml names, else sealed in the release that is installed. One at a time, for
// destinations are told side by side.
SecretOf secrets_of(const SiteWork& work) {
  auto turn = std::make_shared<std::mutex>();
  return [&work, turn](const std::string& key) {
    const std::lock_guard guard(*turn);
    const release::Site& site = work.installation().site;
    if (const auto own = site.secrets.find(key); own != site.secrets.end()) {
      return std::string(read_private_file(own->second, kMaxSecret).view());
    }
    const State state = work.state();
    if (state.current() == nullptr) {
      throw Error(Errc::incompatible, format("the secret {} is sealed in a release, and none is "
                                             "installed yet",
                                             key));
    }
    return std::string(content_of(work.tools(), *state.current()).secret(key).view());
  };
}

Json rows_of(const std::vector<SiteEvent>& events) {
  Json list = Json::array();
  for (const SiteEvent& event : events) list.push_back(to_json(event));
  return list;
}

void show_waiting(const std::vector<Waiting>& all, cli::Session& session, Json& list) {
  std::vector<std::vector<std::string>> rows = {{"DESTINATION", "WAITING", "FAILURES", "LAST"}};
  for (const Waiting& each : all) {
    const std::string why = each.broken.empty() ? each.cursor.why : each.broken;
    rows.push_back({each.name == kCarriedOut ? "(events export)" : each.name,
                    std::to_string(each.events.size()), std::to_string(each.cursor.failures),
                    printable(why, 160)});
    list.push_back({{"name", each.name},
                    {"waiting", each.events.size()},
                    {"failures", each.cursor.failures},
                    {"why", why}});
  }
  session.out.table(rows);
}

// Everything that waits for anybody, once; or all that the log tells.
void list(const EventsOptions& options, const std::string& site, cli::Session& session) {
  const SiteWork work(session, site);
  const Spool spool(work.installation(), session.clock);
  const std::vector<Waiting> waiting = spool.waiting();
  std::vector<SiteEvent> events = spool.all();
  if (!options.all) {
    std::set<std::string> ids;
    for (const Waiting& each : waiting) {
      for (const SiteEvent& event : each.events) ids.insert(event.id);
    }
    std::erase_if(events, [&](const SiteEvent& event) { return !ids.contains(event.id); });
  }
  Json destinations = Json::array();
  show_waiting(waiting, session, destinations);
  session.out.line();
  for (const SiteEvent& event : events) {
    session.out.line(
        format("{}  {:<15} {}", to_local_text(event.time), event.word, printable(event.text, 400)));
  }
  session.out.json({{"destinations", destinations}, {"events", rows_of(events)}});
}

// What cannot be looked at does not keep anybody from being told of the rest.
void note_what_expires(const SiteWork& work) {
  try {
    note_expiring(work.installation(), work.tools().clock);
  } catch (...) {
    log::warning(current_error().message());
  }
}

// The log is read twice: what expires is noted in between, and is told as well.
void send(const EventsOptions& options, const std::string& site, cli::Session& session) {
  const SiteWork work(session, site);
  Spool(work.installation(), session.clock).begin();
  note_what_expires(work);
  const Spool spool(work.installation(), session.clock);
  Json list = Json::array();
  for (const Sent& each :
       spool.send(secrets_of(work), options.due ? Patience::kept : Patience::waived,
                  options.due ? kShort : kPatient)) {
    session.out.line(format("{}: told {}, {} waiting{}", each.name, each.told, each.waiting,
                            each.why.empty() ? "" : ": " + printable(each.why, 400)));
    list.push_back(
        {{"name", each.name}, {"told", each.told}, {"waiting", each.waiting}, {"why", each.why}});
    if (each.waiting > 0 && !options.due) session.status = cli::kDiffers;
  }
  if (list.empty()) session.out.line("site.yaml names nobody to tell: see docs/events.md");
  session.out.json({{"destinations", std::move(list)}});
}

void carry_events(const EventsOptions& options, const std::string& site, cli::Session& session) {
  const SiteWork work(session, site);
  note_what_expires(work);
  const Spool spool(work.installation(), session.clock);
  const std::vector<Waiting> waiting = spool.waiting();
  const Waiting& carried = waiting.back();
  if (!options.all && !carried.broken.empty()) {
    throw Error(Errc::corrupt, carried.broken, "export all: sealift-installer events export --all");
  }
  const std::vector<SiteEvent> events = options.all ? spool.all() : carried.events;
  // The file first: what is in no file is not done with.
  write_file(absolute_path(options.output), events_text(events), FileMode::secret);
  spool.pass(std::string(kCarriedOut));
  session.effect = cli::Effect::changed;
  session.out.line(
      format("wrote {} to {}", cli::count_text(events.size(), "event"), options.output));
  session.out.json({{"events", events.size()}, {"file", options.output}});
}

// No site is opened: this host may have none. Every destination is tried, whatever becomes of the
// one before it, and a status says that somebody has to come back.
void forward_events(const EventsOptions& options, cli::Session& session) {
  const std::vector<SiteEvent> events = read_events(options.file);
  const std::vector<release::Destination> to = release::load_notify(options.to);
  const std::string record = options.record.empty() ? options.to + ".told" : options.record;
  Json list = Json::array();
  for (const Forwarded& each : forward(events, to, record, kPatient, session.clock)) {
    session.out.line(format("{}: told {}, {} known already, {} waiting{}", each.name, each.told,
                            each.known, each.waiting,
                            each.why.empty() ? "" : ": " + printable(each.why, 400)));
    list.push_back({{"name", each.name},
                    {"told", each.told},
                    {"known", each.known},
                    {"waiting", each.waiting},
                    {"why", each.why}});
    if (each.waiting > 0) session.status = cli::kDiffers;
  }
  session.out.json({{"destinations", std::move(list)}});
}

// The audit log keeps the events, and says that somebody was not told.
void discard(const EventsOptions& options, const std::string& site, cli::Session& session) {
  SiteWork work(session, site);
  const Spool spool(work.installation(), session.clock);
  const std::vector<Waiting> waiting = spool.waiting();
  const auto found = std::find_if(waiting.begin(), waiting.end(),
                                  [&](const Waiting& each) { return each.name == options.to; });
  if (found == waiting.end()) {
    throw Error(Errc::usage, format("site.yaml names no destination {}", printable(options.to, 80)),
                "see: sealift-installer events list");
  }
  work.tools().audit().append("events-discarded",
                              {{"name", found->name}, {"count", found->events.size()}});
  Spool(work.installation(), session.clock).pass(found->name);
  session.out.line(
      format("{}: {} discarded", found->name, cli::count_text(found->events.size(), "event")));
  session.out.json({{"name", found->name}, {"discarded", found->events.size()}});
}

void add_send(cli::Command events, EventsOptions& options, const std::string& site) {
  events.sub("send", "tell the destinations of site.yaml what waits for them")
      .flag("--due", options.due,
            "for a few seconds, and leave alone for a while who did not answer")
      .example("sealift-installer events send", "now, and whatever failed before")
      .example("sealift-installer events send --due", "for a timer")
      .fails_with({Errc::invalid_input, Errc::untrusted, Errc::corrupt, Errc::busy, Errc::io},
                  {{"20", "some still wait"}})
      .runs([&](cli::Session& session) { send(options, site, session); });
}

void add_forward(cli::Command events, EventsOptions& options) {
  events
      .sub("forward", "tell what was carried out of a site, on a host with a network",
           "It needs no site, and tells each event once.")
      .argument("FILE", options.file, "what `events export` wrote", cli::Presence::required)
      .option("--to", options.to, "FILE", "whom to tell: a file with schema: 1 and notify",
              cli::Presence::required)
      .option("--record", options.record, "FILE",
              "what was told to whom (default: the file of --to with .told behind it)")
      .example("sealift-installer events forward events.jsonl --to desk.yaml",
               "a second time it tells nothing")
      .fails_with({Errc::invalid_input, Errc::untrusted, Errc::corrupt, Errc::busy, Errc::io},
                  {{"20", "some were not taken: run it again"}})
      .runs([&](cli::Session& session) { forward_events(options, session); });
}

}  // namespace

void add_events(cli::Command& program, const std::string& site) {
  cli::Command events =
      program.sub("events", "tell others what happened on this site, now or by a file");
  events.example("sealift-installer events list", "what waits for whom").fails_with({});
  auto& options = cli::make_options<EventsOptions>();
  events.sub("list", "list the events that wait, and for whom")
      .flag("--all", options.all, "every event of the audit log")
      .example("sealift-installer events list", "what waits, and why")
      .example("sealift-installer events list --all --json", "CloudEvents, for a program")
      .fails_with({Errc::invalid_input, Errc::untrusted, Errc::io})
      .runs([&](cli::Session& session) { list(options, site, session); });
  add_send(events, options, site);
  events.sub("export", "write the events since the last export into a file, to be carried out")
      .option("-o,--output", options.output, "FILE", "one CloudEvent on each line",
              cli::Presence::required)
      .flag("--all", options.all, "every event of the audit log")
      .example("sealift-installer events export -o /media/out/events.jsonl",
               "on the way out of the air gap")
      .fails_with({Errc::invalid_input, Errc::untrusted, Errc::corrupt, Errc::busy, Errc::io})
      .runs([&](cli::Session& session) { carry_events(options, site, session); });
  add_forward(events, options);
  events.sub("discard", "give up telling what waits for one destination")
      .option("--to", options.to, "NAME", "a destination, or `export`", cli::Presence::required)
      .example("sealift-installer events discard --to desk",
               "what happens from now on is told again")
      .fails_with({Errc::invalid_input, Errc::untrusted, Errc::busy, Errc::io})
      .runs([&](cli::Session& session) { discard(options, site, session); });
}

}  // namespace sealift::installer
