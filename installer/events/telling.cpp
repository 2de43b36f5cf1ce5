// SPDX-License-Identifier: Apache-2.0
#include "installer/events/telling.hpp"

#include <algorithm>

#include "base/format.hpp"
#include "base/log.hpp"
#include "base/process.hpp"
#include "bundle/report.hpp"
#include "installer/events/spool.hpp"
#include "installer/site/tls.hpp"

namespace sealift::installer {

namespace {

// docs/events.md names it. A sender ends by itself a second before.
constexpr std::chrono::seconds kLongest{5};

constexpr const char* kExpiring = "expiring";

std::vector<std::string> command_line(const std::string& site,
                                      const std::vector<std::string>& words) {
  std::vector<std::string> line = {"/proc/self/exe", "--json"};
  if (!site.empty()) line.insert(line.end(), {"--site", site});
  line.insert(line.end(), words.begin(), words.end());
  return line;
}

// One line for each destination that did not take everything, from what `events send` prints.
void warn_from_json(const Json& answer) {
  for (const Json& each : list_at(answer, "destinations")) {
    Fields fields(each, "events send");
    const std::string name = fields.text("name");
    const std::uint64_t waiting = fields.number("waiting");
    const std::string why = fields.text("why");
    if (waiting == 0 && why.empty()) continue;
    log::warning(format("{} for {}{}{}",
                        waiting == 1 ? "1 event waits" : format("{} events wait", waiting), name,
                        why.empty() ? "" : ": ", why));
  }
}

// Our own program once more: the same file, also where it was replaced meanwhile.
void run_again(const std::string& site, const std::vector<std::string>& words,
               void (*look)(const Json& answer)) {
  const auto outcome =
      run({.arguments = command_line(site, words), .folder = {}, .input = {}, .timeout = kLongest});
  if (!outcome) throw Error(Errc::io, "this program was not found, and cannot be run again");
  if (outcome->status != 0) throw Error(Errc::io, said(*outcome));
  // Metrics have numbers that are not whole.
  look(parse_json(outcome->output, "the answer of another process of this program", Errc::corrupt,
                  Numbers::any));
}

template <typename Work>
void attempt(std::string_view what, Work work) {
  try {
    work();
  } catch (...) {
    log::warning(
        format("{}: {}; see: sealift-installer events list", what, current_error().message()));
  }
}

// The command that writes and sends them; empty: none is wanted.
std::vector<std::string> metrics_words(const release::Site& site) {
  if (site.metrics_file.empty() && site.dogstatsd.empty()) return {};
  std::vector<std::string> words = {"metrics"};
  if (!site.metrics_file.empty()) words.insert(words.end(), {"--output", site.metrics_file});
  if (!site.dogstatsd.empty()) words.insert(words.end(), {"--dogstatsd", site.dogstatsd});
  return words;
}

// Nothing where it has a line already.
void note(AuditLog& audit, const std::vector<AuditEntry>& log, const std::string& what,
          Time expires) {
  const std::string end = to_text(expires);
  const bool is_known = std::any_of(log.begin(), log.end(), [&](const AuditEntry& entry) {
    return entry.event == kExpiring && text_at(entry.details, "what") == what &&
           text_at(entry.details, "expires") == end;
  });
  if (!is_known) audit.append(kExpiring, {{"what", what}, {"expires", end}});
}

}  // namespace

std::function<void()> telling_of(const Installation& installation, const std::string& site,
                                 const Clock& clock) {
  const bool tells = !installation.site.notify.empty();
  const std::vector<std::string> metrics = metrics_words(installation.site);
  if (!tells && metrics.empty()) return {};
  if (tells) {
    attempt("events are told only from the next command on",
            [&] { Spool(installation, clock).begin(); });
  }
  return [site, tells, metrics, identity = installation.layout.identity()] {
    // The place of a rehearsal is gone by now, and has nobody to tell.
    if (!path_exists(identity)) return;
    if (tells) {
      attempt("not every event was told", [&] {
        run_again(site, {"events", "send", "--due"}, warn_from_json);
      });
    }
    if (!metrics.empty()) {
      attempt("metrics were not written", [&] { run_again(site, metrics, [](const Json&) {}); });
    }
  };
}

void note_expiring(const Installation& installation, const Clock& clock) {
  const Time now = believed_now(installation.layout, clock);
  AuditLog audit(installation.layout.audit(), clock);
  const std::vector<AuditEntry> log = audit.entries();
  for (const auto& [name, entry] : installation.site.tls) {
    const std::optional<Time> expires = judge_tls(name, entry, now).expires;
    const std::int64_t warn_from = expires ? expires->seconds - entry.warn_days * 86'400LL : 0;
    if (expires && now.seconds >= warn_from) {
      note(audit, log, format("certificate {}", name), *expires);
    }
  }
  const Layout& layout = installation.layout;
  if (!dir_exists(layout.trust()) || is_empty_dir(layout.trust())) return;
  const signing::Root root = trusted_root(layout);
  if (bundle::expiry_warning(root, now).empty()) return;
  note(audit, log, format("trust root {}", root.version()), root.expires());
}

}  // namespace sealift::installer
