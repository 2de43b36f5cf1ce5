// SPDX-License-Identifier: Apache-2.0
#include "installer/monitoring/support_bundle.hpp"

#include <algorithm>

#include "base/format.hpp"
#include "base/lines.hpp"
#include "base/path.hpp"
#include "installer/drivers/compose/compose_settings.hpp"
#include "installer/drivers/compose/containers.hpp"
#include "installer/drivers/health/runner.hpp"
#include "installer/drivers/workloads/systemctl.hpp"
#include "installer/drivers/workloads/systemd_settings.hpp"
#include "installer/events/spool.hpp"
#include "installer/monitoring/metrics.hpp"
#include "installer/monitoring/support_secrets.hpp"
#include "installer/operations/standing.hpp"
#include "installer/rescue/diagnosis.hpp"
#include "installer/session/past.hpp"

namespace sealift::installer {

namespace {

constexpr std::uint64_t kMaxSystemFile = 64U << 10;
constexpr std::uint64_t kMaxJournal = 64ULL << 20;
constexpr std::size_t kMaxText = 1U << 20;  // bytes of a section that is a text: its end
constexpr std::size_t kAuditLines = 300;
constexpr const char* kLogLines = "200";  // of a container

// The end of a text, from the beginning of a line on. A journal ends with bytes that are zero.
std::string end_of(std::string text, std::size_t most) {
  text.erase(std::find(text.begin(), text.end(), '\0'), text.end());
  if (text.size() <= most) return text;
  const std::size_t newline = text.find('\n', text.size() - most);
  return newline == std::string::npos ? text.substr(text.size() - most) : text.substr(newline + 1);
}

// What a person typed as a reason may name others; how long it was is enough to find it.
Json without_reasons(const Json& value) {
  if (value.is_array()) {
    Json list = Json::array();
    for (const Json& each : value) list.push_back(without_reasons(each));
    return list;
  }
  if (!value.is_object()) return value;
  Json object = Json::object();
  for (const auto& [key, each] : value.items()) {
    const bool is_reason = (key == "reason" || key == "recoverReason") && each.is_string();
    object[key] =
        is_reason ? Json(format("[{} characters]", each.text().size())) : without_reasons(each);
  }
  return object;
}

// Lines of JSON as such; what is none stays a text.
Json lines_of(std::string_view text) {
  Json list = Json::array();
  for (const std::string_view line : split_lines(text)) {
    try {
      list.push_back(parse_json(line, "a line", Errc::corrupt, Numbers::any));
    } catch (const Error&) {
      list.push_back(printable(line, 4096));
    }
  }
  return list;
}

// Makes the sections. Each is JSON where it can be, so that who opens the file can search it; texts
// are cut at their beginning, since what happened last is what is asked about.
class Collector {
 public:
  Collector(const SiteWork& work, const Clock& clock)
      : work_(work), clock_(clock), layout_(work.installation().layout), state_(work.state()) {}

  const State& state() const { return state_; }

  std::vector<SupportSection> all(const SupportOptions& options) {
    add("host", [&] { return host(); });
    add("site.yaml", [&] { return Json(work_.installation().site_text); });
    add("state", [&] { return state_text(); });
    add("history", [&] { return history(); });
    add("journals", [&] { return journals(); });
    add("audit log", [&] { return audit_lines(); });
    add("doctor", [&] { return doctor(); });
    add("drift", [&] { return drift(); });
    add("health", [&] { return health(); });
    add("events", [&] { return events(); });
    add("metrics", [&] { return Json(exposition(metrics_of(work_, clock_))); });
    if (options.logs) add_logs();
    return std::move(sections_);
  }

 private:
  template <typename Make>
  void add(const std::string& name, Make make) {
    try {
      sections_.push_back({name, without_reasons(make())});
    } catch (...) {
      sections_.push_back({name, {{"error", current_error().message()}}});
    }
  }

  static Json host() {
    Json value = {{"installer", SEALIFT_VERSION}};
    for (const char* file : {"/proc/version", "/etc/os-release", "/proc/meminfo"}) {
      if (path_exists(file)) value[file] = end_of(read_file(file, kMaxSystemFile), kMaxText);
    }
    return value;
  }

  Json state_text() const {
    Json value = {{"site", work_.installation().id}, {"unfinished", state_.unfinished.has_value()}};
    if (const Revision* now = state_.current()) value["current"] = to_json(*now);
    if (const Revision* previous = state_.previous()) value["previous"] = to_json(*previous);
    if (state_.staged) value["staged"] = to_json(*state_.staged);
    return value;
  }

  // Without reasons, which without_reasons() would shorten anyhow.
  Json history() const {
    Json list = Json::array();
    for (const PastTransaction& each : state_.history) {
      list.push_back({{"revision", each.number},
                      {"purpose", name(each.purpose)},
                      {"version", each.outcome.version},
                      {"begun", to_text(each.begun)},
                      {"actor", each.actor},
                      {"ending", ending_word(each)},
                      {"why", each.why}});
    }
    return list;
  }

  // The plan is the first record of each.
  Json journals() const {
    Json value = Json::object();
    const std::size_t first = state_.history.size() - std::min(kJournals, state_.history.size());
    for (std::size_t i = first; i < state_.history.size(); ++i) {
      const fs::path file = Journal::file_of(layout_.journal(), state_.history[i].number);
      value[file.filename().string()] = lines_of(end_of(read_file(file, kMaxJournal), kMaxText));
    }
    return value;
  }

  Json audit_lines() const {
    const std::vector<AuditLine> lines = work_.tools().audit().text().lines;
    std::string text;
    for (std::size_t i = lines.size() - std::min(kAuditLines, lines.size()); i < lines.size();
         ++i) {
      text += lines[i].text + "\n";
    }
    return lines_of(end_of(std::move(text), kMaxText));
  }

  Json doctor() const {
    Json list = Json::array();
    for (const Diagnosis& each : diagnose(work_, clock_)) {
      list.push_back({{"what", each.what}, {"found", each.found}, {"mend", each.mend}});
    }
    return list;
  }

  Json drift() const {
    Json list = Json::array();
    if (state_.current() == nullptr) return list;
    for (const Standing& each :
         standing_of(work_.tools(), *state_.current(), Thoroughness::at_a_glance)) {
      list.push_back(to_json(each));
    }
    return list;
  }

  Json health() const {
    const std::optional<LastHealth> last = last_health(layout_);
    return last ? to_json(*last) : Json();
  }

  Json events() const {
    Json list = Json::array();
    for (const Waiting& each : Spool(work_.installation(), clock_).waiting()) {
      list.push_back({{"name", each.name},
                      {"waiting", each.events.size()},
                      {"failures", each.cursor.failures},
                      {"why", each.broken.empty() ? each.cursor.why : each.broken}});
    }
    return list;
  }

  // What runs is asked of its engine, as health checks ask it; what does not answer is an error in
  // its section.
  void add_logs() {
    if (state_.current() == nullptr) return;
    for (const Placement& each : state_.current()->placements) {
      if (each.driver == "compose") {
        add("logs of " + each.component, [&] { return logs_of_containers(each); });
      }
      if (each.driver == "systemd") {
        add("logs of " + each.component, [&] { return logs_of_units(each); });
      }
    }
  }

  static Json logs_of_containers(const Placement& placement) {
    const ComposeSettings settings =
        compose_settings_from_json(placement.settings, placement.component);
    const Engine engine(settings.engine);
    Json value = Json::object();
    for (const Container& each : engine.containers(settings.project)) {
      const Outcome said = engine.call({"logs", "--tail", kLogLines, each.id});
      value[each.service + " " + each.id.substr(0, 12)] =
          printable_lines(end_of(said.output + said.error_output, kMaxText));
    }
    return value;
  }

  // Few lines: systemd's journal may be closed to this user, and then there are none.
  static Json logs_of_units(const Placement& placement) {
    const SystemdSettings settings =
        systemd_settings_from_json(placement.settings, placement.component);
    const Systemctl systemctl(settings.command, std::chrono::seconds(settings.timeout));
    Json value = Json::object();
    for (const auto& [unit, unused] : settings.units) value[unit] = systemctl.last_words(unit);
    return value;
  }

  const SiteWork& work_;
  const Clock& clock_;
  const Layout& layout_;
  State state_;
  std::vector<SupportSection> sections_;
};

// Who has ever done something here.
void add_people(const SiteWork& work, const State& state, Redaction& redaction) {
  redaction.add_person(acting_user());
  for (const PastTransaction& each : state.history) redaction.add_person(each.actor);
  for (const AuditLine& line : work.tools().audit().text().lines) {
    if (line.entry) redaction.add_person(line.entry->actor);
  }
}

SupportSection section_from_json(const Json& value, const std::string& where) {
  Fields fields(value, where);
  SupportSection section{.name = fields.text("name"), .content = fields.value("content")};
  fields.done();
  return section;
}

}  // namespace

// Cleaned as a whole: no section has to think of it.
SupportBundle support_bundle_of(const SiteWork& work, const SupportOptions& options,
                                const Clock& clock) {
  Collector collector(work, clock);
  SupportBundle bundle{.site = work.installation().id,
                       .installer = SEALIFT_VERSION,
                       .made = clock.now(),
                       .sections = {},
                       .masked = {},
                       .notes = {}};
  Redaction redaction;
  add_secrets_of(work, collector.state(), redaction, bundle.notes);
  add_people(work, collector.state(), redaction);
  for (const std::string& key : redaction.too_short()) {
    bundle.notes.push_back(format("{} is too short to be looked for", key));
  }
  if (!options.logs) bundle.notes.emplace_back("what services wrote is left out: --logs");
  for (const SupportSection& each : collector.all(options)) {
    bundle.sections.push_back({each.name, redaction.clean_json(each.content)});
  }
  for (std::string& note : bundle.notes) note = redaction.clean(std::move(note));
  bundle.masked = redaction.masked();
  return bundle;
}

std::string to_text(const SupportBundle& bundle) {
  Json sections = Json::array();
  for (const SupportSection& each : bundle.sections) {
    sections.push_back({{"name", each.name}, {"content", each.content}});
  }
  return to_canonical({{"format", kSupportFormat},
                       {"site", bundle.site},
                       {"installer", bundle.installer},
                       {"made", to_text(bundle.made)},
                       {"masked", bundle.masked},
                       {"notes", bundle.notes},
                       {"sections", std::move(sections)}}) +
         "\n";
}

SupportBundle parse_support_bundle(std::string_view text, const std::string& where) {
  const Json value = parse_json(text, where, Errc::corrupt, Numbers::any);
  Fields fields(value, where);
  fields.constant("format", kSupportFormat);
  SupportBundle bundle{.site = fields.text("site"),
                       .installer = fields.text("installer"),
                       .made = fields.time("made"),
                       .sections = {},
                       .masked = fields.texts("masked"),
                       .notes = fields.texts("notes")};
  for (const Json& each : fields.array("sections")) {
    bundle.sections.push_back(section_from_json(each, fields.at("sections")));
  }
  fields.done();
  return bundle;
}

}  // namespace sealift::installer
