// SPDX-License-Identifier: Apache-2.0
#include "installer/evidence/page.hpp"

#include <algorithm>

#include "base/count.hpp"
#include "base/format.hpp"
#include "base/text.hpp"
#include "installer/evidence/html.hpp"

namespace sealift::installer {

namespace {

using Rows = std::vector<std::vector<std::string>>;

constexpr std::string_view kHead = R"html(<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="referrer" content="no-referrer">
<style>
:root { color-scheme: light dark; --text: #1b1f24; --quiet: #4d5560; --paper: #ffffff;
  --line: #c8ced5; --band: #f2f4f7; --bad: #a40e26; --good: #116329; }
@media (prefers-color-scheme: dark) { :root { --text: #e6edf3; --quiet: #a9b4c0; --paper: #0f141a;
  --line: #3a434d; --band: #1a2129; --bad: #ff9492; --good: #6fdd8b; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 78rem; padding: 2rem 1.25rem 4rem; background: var(--paper);
  color: var(--text); font: 1rem/1.5 system-ui, sans-serif; overflow-wrap: break-word; }
h1 { font-size: 1.75rem; line-height: 1.2; margin: 0 0 .25rem; }
h2 { font-size: 1.25rem; margin: 2.5rem 0 .5rem; padding-top: .75rem;
  border-top: 1px solid var(--line); }
h3 { font-size: 1rem; margin: 1.5rem 0 .25rem; }
p { max-width: 60rem; margin: .5rem 0; }
.quiet, .none { color: var(--quiet); }
.bad { color: var(--bad); font-weight: 600; }
.good { color: var(--good); font-weight: 600; }
table { border-collapse: collapse; width: 100%; margin: .5rem 0 1rem; font-size: .875rem; }
th, td { text-align: left; vertical-align: top; padding: .375rem .625rem;
  border-bottom: 1px solid var(--line); }
thead th { background: var(--band); }
td:last-child { overflow-wrap: anywhere; }
td[data-of="Begun"], td[data-of="Time"], td[data-of="Made"] { white-space: nowrap; }
.facts th { width: 12rem; font-weight: 600; color: var(--quiet); }
pre { background: var(--band); padding: .75rem 1rem; white-space: pre-wrap; font-size: .8125rem; }
ol { margin: .25rem 0; padding-left: 1.75rem; font-size: .875rem; }
@media screen and (max-width: 48rem) { thead { display: none; }
  table, tbody, tr, td, .facts th { display: block; width: auto; }
  tr { border-bottom: 1px solid var(--line); padding: .375rem 0; }
  td, .facts th { border: 0; padding: .125rem 0; overflow-wrap: anywhere; }
  td[data-of]::before { content: attr(data-of) ": "; color: var(--quiet); } }
@media print { :root { color-scheme: light; --text: #000000; --quiet: #333333; --paper: #ffffff;
  --line: #999999; --band: #ffffff; --bad: #7a0016; --good: #0b4a1e; }
  @page { margin: 15mm; } body { padding: 0; max-width: none; font-size: 10pt; }
  tr, h3 { break-inside: avoid; } h2, h3 { break-after: avoid; } thead { display: table-header-group; } }
</style>
)html";

constexpr std::string_view kCheckFiles =
    "jq -r '.files[] | .sha256 + \"  \" + .name' manifest.json | sha256sum --quiet -c";
constexpr std::string_view kCheckManifest =
    "openssl pkeyutl -verify -pubin -inkey site.pem -rawin -in manifest.json -sigfile manifest.sig";
constexpr std::string_view kPrintKey =
    "printf '{\"keytype\":\"ed25519\",\"keyval\":{\"public\":\"%s\"},\"scheme\":\"ed25519\"}' \\\n"
    "  \"$(openssl pkey -pubin -in site.pem -outform DER | tail -c 32 | od -An -v -tx1 | tr -d ' "
    "\\n')\" | sha256sum";
constexpr std::string_view kCheckChain =
    "prev=$(head -n 1 audit.jsonl | jq -r .prev)\n"
    "while IFS= read -r line; do\n"
    "  [ \"$(jq -r .prev <<< \"$line\")\" = \"$prev\" ] || echo \"BROKEN: $line\"\n"
    "  prev=$(printf '%s\\n' \"$line\" | sha256sum | cut -d ' ' -f 1)\n"
    "done < audit.jsonl\n"
    "[ \"$prev\" = \"$(cut -d ' ' -f 4 checkpoint.txt)\" ] && echo \"the chain is whole\"";
constexpr std::string_view kCheckCheckpoint =
    "cut -d ' ' -f 1-6 checkpoint.txt | tr -d '\\n' > checkpoint.said\n"
    "cut -d ' ' -f 7 checkpoint.txt | base64 -d > checkpoint.sig\n"
    "openssl pkeyutl -verify -pubin -inkey site.pem -rawin -in checkpoint.said -sigfile "
    "checkpoint.sig";

// As people read it; the headings of the page say that all is UTC.
std::string moment(Time time) {
  std::string text = to_text(time);
  std::replace(text.begin(), text.end(), 'T', ' ');
  text.pop_back();
  return text;
}

std::string ending_of(const PastTransaction& past) {
  if (!past.ending) return "open";
  return past.ending == Event::commit ? "done" : "undone";
}

std::string names_of(const std::vector<Approver>& approvers) {
  std::vector<std::string> names;
  names.reserve(approvers.size());
  for (const Approver& each : approvers) {
    names.push_back(each.name.empty() ? each.key
                                      : format("{} ({})", each.name, each.key.substr(0, 12)));
  }
  return joined(names);
}

void add_head(const Evidence& evidence, Html& html) {
  const std::string title = format("Evidence of site {}", evidence.site);
  html.element("title", title).close("head").open("body").open("main").element("h1", title);
  html.element(
      "p class=\"quiet\"",
      format("{} in the environment {}, from {} to {}, all times in UTC", evidence.release,
             evidence.environment, moment(evidence.period.from), moment(evidence.period.to)));
  html.facts({{"Made", format("{} by {}, sealift-installer {}", moment(evidence.made),
                              evidence.actor, SEALIFT_VERSION)},
              {"Transactions", std::to_string(evidence.transactions.size())},
              {"Lines of the audit log", evidence.lines.empty()
                                             ? "none"
                                             : format("{} to {}", evidence.lines.front().number,
                                                      evidence.lines.back().number)},
              {"Checkpoint", evidence.checkpoint.line()},
              {"Key of the site", evidence.checkpoint.key().id()}});
}

void add_review(const AuditReview& review, Html& html) {
  html.element("h2", "How the audit log stands");
  if (review.findings.empty()) {
    html.element("p class=\"good\"",
                 format("Nothing was found wrong in its {}.", count_text(review.lines, "line")));
  } else {
    html.element("p class=\"bad\"", "The audit log is not what it was.");
  }
  Rows rows;
  for (const AuditFinding& each : review.findings)
    rows.push_back({"WRONG", each.where, each.found});
  for (const AuditFinding& each : review.notes) rows.push_back({"note", each.where, each.found});
  if (!rows.empty()) html.table({"", "Where", "Found"}, rows);
}

void add_transactions(const Evidence& evidence, Html& html) {
  html.element("h2", "Releases and other transactions");
  Rows rows;
  for (const auto& [past, approvers, steps, health, flags] : evidence.transactions) {
    rows.push_back({std::to_string(past.number), moment(past.begun),
                    std::string(name(past.purpose)), past.outcome.title(), ending_of(past),
                    past.actor, names_of(approvers), past.reason.empty() ? past.why : past.reason});
  }
  html.table({"No.", "Begun", "What", "Release", "End", "By", "Approved by", "Reason"}, rows);
}

void add_details(const ShownTransaction& shown, Html& html) {
  const PastTransaction& past = shown.past;
  html.element("h3", format("{}. {} {}, {}", past.number, name(past.purpose), past.outcome.title(),
                            ending_of(past)));
  Rows facts = {{"Begun", moment(past.begun)}};
  if (past.ended) facts.push_back({"Ended", moment(*past.ended)});
  if (past.outcome.digest) facts.push_back({"Digest", past.outcome.digest->str()});
  if (!shown.approvers.empty()) facts.push_back({"Approved by", names_of(shown.approvers)});
  if (!past.reason.empty()) facts.push_back({"Reason", past.reason});
  if (!past.why.empty()) facts.push_back({"Why it ended", past.why});
  if (!shown.flags.empty()) facts.push_back({"Flags", joined(shown.flags, "; ")});
  facts.push_back({"Record", format("transactions/{}.json", past.number)});
  html.facts(facts);
  if (!shown.steps.empty()) {
    html.element("p class=\"quiet\"", "Planned steps:").open("ol");
    for (const std::string& step : shown.steps) html.element("li", step);
    html.close("ol");
  }
  if (shown.health.empty()) return;
  Rows rows;
  for (const CheckResult& each : shown.health) {
    rows.push_back(
        {each.name, std::string(name(each.verdict)), std::to_string(each.attempts), each.found});
  }
  html.table({"Health check", "Verdict", "Attempts", "Found"}, rows);
}

// The entries of one sort.
void add_entries(const Evidence& evidence, std::string_view heading,
                 const std::vector<std::string_view>& events, Html& html) {
  Rows rows;
  for (const AuditLine& line : evidence.lines) {
    if (!line.entry) continue;
    const AuditEntry& entry = *line.entry;
    if (std::find(events.begin(), events.end(), entry.event) == events.end()) continue;
    rows.push_back({std::to_string(line.number), moment(entry.time), entry.event, entry.actor,
                    text_of(entry.details)});
  }
  html.element("h2", heading).table({"Line", "Time", "Act", "By", "What"}, rows);
}

void add_backups(const Evidence& evidence, Html& html) {
  html.element("h2", "Backups that are kept");
  Rows rows;
  for (const Backup& each : evidence.backups) {
    rows.push_back(
        {each.name, moment(each.made), each.database, std::to_string(each.bytes), each.digest.str(),
         each.encrypted_to.empty() && !each.is_encrypted ? "not encrypted" : "encrypted"});
  }
  html.table({"Backup", "Made", "Of", "Bytes", "Digest", "At rest"}, rows);
}

void add_checks(Html& html) {
  html.element("h2", "How to check this");
  html.element(
      "p",
      "Everything that this page says is in the files beside it, in the folder that it "
      "came in. bash, coreutils, jq and openssl 3 check them; no program of ours is needed.");
  const std::vector<std::pair<std::string_view, std::string_view>> checks = {
      {"The files are those that the manifest lists:", kCheckFiles},
      {"The manifest was signed by the site's key:", kCheckManifest},
      {"The key is the one that the site registered with. Compare this with the key of its "
       "registration card, or with what was noted elsewhere:",
       kPrintKey},
      {"Each line of the audit log follows from the line before, and the last is the one of the "
       "checkpoint:",
       kCheckChain},
      {"The checkpoint was signed by the site's key:", kCheckCheckpoint}};
  for (const auto& [what, how] : checks) {
    html.element("p", what).open("pre");
    for (std::size_t at = 0; at < how.size();) {
      const std::size_t end = std::min(how.find('\n', at), how.size());
      html.text(how.substr(at, end - at));
      if (end < how.size()) html.open("br");
      at = end + 1;
    }
    html.close("pre");
  }
  html.element("p",
               "Who is root on the site's host can rewrite log, journals and signatures. A "
               "checkpoint that was kept elsewhere shows that: its line must be the same in this "
               "log.");
}

}  // namespace

std::string page_of(const Evidence& evidence) {
  Html html;
  add_head(evidence, html);
  add_review(evidence.review, html);
  add_transactions(evidence, html);
  add_entries(evidence, "Approvals and accepted bundles", {"accepted", "accepting"}, html);
  add_entries(evidence, "Refusals and failures", {"refused", "failed", "hook-failed"}, html);
  add_entries(evidence, "Feature flags", {"flags"}, html);
  add_entries(evidence, "Backups, restores and drills",
              {"backup", "copied", "copy-failed", "restored", "dropped", "rehearsed", "exported",
               "site-restored", "baseline", "repaired"},
              html);
  add_backups(evidence, html);
  add_entries(evidence, "Trust, keys, checkpoints and timestamps",
              {"trust", "keys", kCheckpointEvent, "timestamp", "evidence"}, html);
  html.element("h2", "Each transaction");
  if (evidence.transactions.empty()) html.element("p class=\"none\"", "None in this period.");
  for (const ShownTransaction& each : evidence.transactions) add_details(each, html);
  add_checks(html);
  html.close("main").close("body").close("html");
  return std::string(kHead) + html.take();
}

}  // namespace sealift::installer
