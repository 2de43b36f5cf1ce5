// SPDX-License-Identifier: Apache-2.0
#pragma once

// Whether a site's audit log is what it was: its chain, the checkpoints in it, the transactions
// that the journals know, and checkpoints that were kept elsewhere. Reads only. What is wrong is a
// finding, never an Error, and one mistake does not hide the next.
//
// What it cannot find by itself: a log, journals and all, that was rewritten by somebody who has
// the site's key. A checkpoint that was kept elsewhere finds that too.

#include <optional>
#include <string>
#include <vector>

#include "installer/records/state.hpp"
#include "installer/site/audit.hpp"

namespace sealift::installer {

// A checkpoint that was kept elsewhere.
struct KeptCheckpoint {
  std::string where;  // file and line, or where else it came from
  Checkpoint checkpoint;
};

struct AuditQuestion {
  const std::string& site;                // its id
  std::optional<signing::PublicKey> key;  // the site's; nothing where it is not known
  const State& state;
  const std::vector<KeptCheckpoint>& kept;
  Time now;
};

struct AuditFinding {
  std::string where;  // "line 12", "transaction 7", the place of a kept checkpoint
  std::string found;  // in words

  friend bool operator==(const AuditFinding&, const AuditFinding&) = default;
};

struct AuditReview {
  std::uint64_t lines = 0;
  std::string head;                    // digest of the last line, hex; empty: there is none
  std::uint64_t checkpoints = 0;       // good ones, in the log
  std::optional<Checkpoint> newest;    // of those
  std::uint64_t held = 0;              // kept elsewhere, and what they say is still so
  std::vector<AuditFinding> findings;  // the log is not what it should be
  std::vector<AuditFinding> notes;     // may be as it should be; a person should know
};

inline constexpr std::size_t kMaxAuditFindings = 100;

// For programs: what `audit verify --json` prints.
Json to_json(const AuditReview& review);

AuditReview review_audit_log(const AuditText& log, const AuditQuestion& question);

// Of a text with one checkpoint in each line; empty lines, and those that begin with #, are passed
// over. Error{invalid_input} with every line that is none.
std::vector<KeptCheckpoint> parse_kept_checkpoints(std::string_view text, const std::string& where);

}  // namespace sealift::installer
