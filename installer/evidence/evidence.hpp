// SPDX-License-Identifier: Apache-2.0
#pragma once

// What a site can show of a period: what was installed, on whose approval, by whom and why, how it
// ended, what was refused, how the audit log stands. Gathered from journals, audit log, roots and
// backups; nothing is changed, and no secret is in any of them.

#include <string>
#include <vector>

#include "installer/drivers/databases/backups.hpp"
#include "installer/drivers/health/runner.hpp"
#include "installer/evidence/audit_review.hpp"
#include "installer/records/state.hpp"
#include "installer/site/audit.hpp"

namespace sealift::installer {

// Both ends belong to it.
struct Period {
  Time from;
  Time to;

  bool has(Time time) const { return from <= time && time <= to; }
};

// Somebody who has approved, as the root names them that judged.
struct Approver {
  std::string key;   // its id
  std::string name;  // empty: that root is not here any more
};

struct ShownTransaction {
  PastTransaction past;
  std::vector<Approver> approvers;
  std::vector<std::string> steps;   // what was planned, in words
  std::vector<CheckResult> health;  // what its checks found
  std::vector<std::string> flags;   // what it changed of the feature flags
};

struct Evidence {
  std::string site;
  std::string release;
  std::string environment;
  Period period;
  Time made;
  std::string actor;  // who asked for it
  std::vector<ShownTransaction> transactions;
  std::vector<AuditLine>
      lines;  // of the audit log, all of the period, and from the first to the last
  std::vector<Backup> backups;  // made in the period, and still kept
  AuditReview review;           // of all of the log
  Checkpoint checkpoint;        // of the log as it was at the end of the period
};

// What evidence is gathered of.
struct EvidenceSource {
  const Layout& layout;
  const std::string& site;  // its id
  const release::Site& settings;
  const State& state;
  const Clock& clock;
  Workers& workers;
};

// Error{corrupt} where the audit log cannot be read at all; one that is broken is shown as it is,
// and the review says where. Error{untrusted} without the site's key. A period from 1970 on begins
// with the log.
Evidence gather(const EvidenceSource& source, const Period& period, const SiteKey& key);

// For programs: evidence.json.
Json to_json(const Evidence& evidence);

// What an entry says beside its event, in one line of words.
std::string text_of(const Json& details);

}  // namespace sealift::installer
