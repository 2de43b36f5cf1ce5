// SPDX-License-Identifier: Apache-2.0
#include "installer/evidence/evidence.hpp"

#include <algorithm>
#include <map>

#include "base/format.hpp"
#include "base/text.hpp"
#include "installer/drivers/health/health_step.hpp"
#include "installer/records/flags.hpp"
#include "installer/site/installation.hpp"

namespace sealift::installer {

namespace {

// The keys that a line `accepted` names, by the root that judged.
std::vector<Approver> approvers_from_json(const Json& details, const Layout& layout) {
  std::vector<Approver> approvers;
  for (const Json& key : list_at(details, "keys")) {
    approvers.push_back({.key = key.is_string() ? key.text() : "", .name = {}});
  }
  const auto version = details.find("rootVersion");
  if (version == details.end() || !version->is_number_unsigned()) return approvers;
  try {
    const signing::Root root = accepted_root(layout, version->get<std::uint64_t>());
    for (const signing::PublicKey& key : root.keys()) {
      for (Approver& each : approvers) {
        if (each.key == key.id()) each.name = root.name_of(key);
      }
    }
  } catch (const Error&) {
    // Ids say it too.
  }
  return approvers;
}

std::string digest_from_json(const Json& details) {
  return text_at(details, "digest");
}

// By the digest of the release: those of the acceptance that was newest at the end of the period.
using ApproversOf = std::map<std::string, std::vector<Approver>>;

ApproversOf approvers_of(const AuditText& log, const Period& period, const Layout& layout) {
  ApproversOf all;
  for (const AuditLine& line : log.lines) {
    if (!line.entry || line.entry->event != "accepted" || line.entry->time > period.to) continue;
    all[digest_from_json(line.entry->details)] = approvers_from_json(line.entry->details, layout);
  }
  return all;
}

// What the checks of a transaction found, as its journal keeps it.
std::vector<CheckResult> health_of(const Journal& journal) {
  std::vector<CheckResult> found;
  for (const Record& record : journal.records()) {
    if (record.event != Event::applied) continue;
    const std::vector<Step>& steps = journal.plan().steps;
    const auto step = std::find_if(steps.begin(), steps.end(),
                                   [&](const Step& each) { return each.id == record.step; });
    if (step == steps.end() || step->driver != "health" || step->phase != Phase::check) continue;
    try {
      found = health_results_from_json(record.detail, step->id);
    } catch (const Error&) {
      // Another version's: the journal is shown as it is.
    }
  }
  return found;
}

std::vector<ShownTransaction> transactions_of(const EvidenceSource& source, const Period& period,
                                              const ApproversOf& approvers) {
  std::vector<ShownTransaction> all;
  FlagChanges before;
  for (const PastTransaction& past : source.state.history) {
    const FlagChanges after = changes_of(past.outcome.flags_placement());
    ShownTransaction shown{.past = past, .approvers = {}, .steps = {}, .health = {}, .flags = {}};
    if (past.purpose == Purpose::flags) shown.flags = compare(before, after);
    if (past.ending == Event::commit && past.purpose != Purpose::stage) before = after;
    if (!period.has(past.begun)) continue;
    if (past.outcome.digest) {
      const auto known = approvers.find(past.outcome.digest->str());
      if (known != approvers.end()) shown.approvers = known->second;
    }
    const Journal journal =
        Journal::read(Journal::file_of(source.layout.journal(), past.number), source.clock);
    for (const Step& step : journal.plan().steps) shown.steps.push_back(step.summary);
    shown.health = health_of(journal);
    all.push_back(std::move(shown));
  }
  return all;
}

// From the first line of the period to its last. A clock may have been set back between: what lies
// between them belongs to it, and the chain has no gap.
std::vector<AuditLine> lines_of(const AuditText& log, const Period& period) {
  const auto is_in = [&](const AuditLine& line) {
    return line.entry && period.has(line.entry->time);
  };
  const auto first = std::find_if(log.lines.begin(), log.lines.end(), is_in);
  const auto last = std::find_if(log.lines.rbegin(), log.lines.rend(), is_in);
  return first == log.lines.end() ? std::vector<AuditLine>()
                                  : std::vector<AuditLine>(first, last.base());
}

// Of the log up to the last line of the period, or that was before it.
Checkpoint checkpoint_at(const AuditText& log, const Period& period, const std::string& site,
                         const SiteKey& key, Time now) {
  const auto last = std::find_if(log.lines.rbegin(), log.lines.rend(), [&](const AuditLine& line) {
    return line.entry && line.entry->time <= period.to;
  });
  const bool is_empty = last == log.lines.rend();
  return Checkpoint::signed_by(key, site, is_empty ? 0 : last->number,
                               is_empty ? Digest::of("") : digest_of_line(last->text), now);
}

Json to_json(const ShownTransaction& shown) {
  const PastTransaction& past = shown.past;
  Json approvers = Json::array();
  for (const Approver& each : shown.approvers) {
    approvers.push_back({{"key", each.key}, {"name", each.name}});
  }
  Json value = {{"transaction", past.number},
                {"purpose", name(past.purpose)},
                {"begun", to_text(past.begun)},
                {"end", past.ending ? std::string(name(*past.ending)) : "open"},
                {"actor", past.actor},
                {"reason", past.reason},
                {"why", past.why},
                {"release", past.outcome.release},
                {"version", past.outcome.version},
                {"environment", past.outcome.environment},
                {"approvers", std::move(approvers)},
                {"steps", shown.steps},
                {"health", to_json(shown.health)},
                {"flags", shown.flags},
                {"record", format("transactions/{}.json", past.number)}};
  if (past.ended) value["ended"] = to_text(*past.ended);
  if (past.outcome.digest) value["digest"] = past.outcome.digest->str();
  return value;
}

}  // namespace

Evidence gather(const EvidenceSource& source, const Period& asked, const SiteKey& key) {
  const AuditText log = AuditLog(source.layout.audit(), source.clock).text();
  const std::vector<KeptCheckpoint> none;
  const Time now = source.clock.now();
  Period period = asked;
  if (period.from == Time{} && !log.lines.empty() && log.lines.front().entry) {
    period.from = log.lines.front().entry->time;
  }
  Evidence evidence{
      .site = source.site,
      .release = source.settings.release,
      .environment = source.settings.environment,
      .period = period,
      .made = now,
      .actor = acting_user(),
      .transactions = transactions_of(source, period, approvers_of(log, period, source.layout)),
      .lines = lines_of(log, period),
      .backups = {},
      .review = review_audit_log(log, {.site = source.site,
                                       .key = key.public_key(),
                                       .state = source.state,
                                       .kept = none,
                                       .now = now}),
      .checkpoint = checkpoint_at(log, period, source.site, key, now)};
  for (Backup& each : Backups(source.layout, source.workers).list()) {
    if (period.has(each.made)) evidence.backups.push_back(std::move(each));
  }
  return evidence;
}

Json to_json(const Evidence& evidence) {
  Json transactions = Json::array();
  for (const ShownTransaction& each : evidence.transactions) transactions.push_back(to_json(each));
  Json backups = Json::array();
  for (const Backup& each : evidence.backups) backups.push_back(to_json(each));
  Json log = {{"count", evidence.lines.size()}};
  if (!evidence.lines.empty()) {
    log["first"] = evidence.lines.front().number;
    log["last"] = evidence.lines.back().number;
  }
  return {{"format", "sealift-evidence-1"},
          {"program", SEALIFT_VERSION},
          {"site", evidence.site},
          {"release", evidence.release},
          {"environment", evidence.environment},
          {"from", to_text(evidence.period.from)},
          {"to", to_text(evidence.period.to)},
          {"made", to_text(evidence.made)},
          {"actor", evidence.actor},
          {"transactions", std::move(transactions)},
          {"backups", std::move(backups)},
          {"log", std::move(log)},
          {"review", to_json(evidence.review)},
          {"checkpoint", to_json(evidence.checkpoint)}};
}

std::string text_of(const Json& details) {
  std::vector<std::string> parts;
  for (const auto& [key, value] : details.items()) {
    if (value.is_string() && value.text().empty()) continue;
    parts.push_back(format("{}: {}", key, value.is_string() ? value.text() : value.dump()));
  }
  return joined(parts, "; ");
}

}  // namespace sealift::installer
