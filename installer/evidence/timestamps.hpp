// SPDX-License-Identifier: Apache-2.0
#pragma once

// Answers of a timestamp authority (RFC 3161) about checkpoints of this site's audit log: each lies
// in the state folder, and a line of the log says which checkpoint it is about, and the digest of
// the answer. They bound how far back somebody who has the site's key can date a log.

#include <string>
#include <vector>

#include "installer/evidence/audit_review.hpp"
#include "installer/site/audit.hpp"

namespace sealift::installer {

struct StoredTimestamp {
  std::uint64_t line = 0;   // of the log that tells of it; 0: it is not told yet
  std::uint64_t lines = 0;  // of the checkpoint
  std::string checkpoint;   // its text
  Time time;                // that the authority says
  std::string signer;       // the authority's name in its certificate
  Digest answer;            // of the file
};

// What an authority is sent for a checkpoint: a TimeStampReq of its line with a newline.
std::string request_for(const Checkpoint& checkpoint);

// Checks an answer by the certificates in `authorities` and keeps it. Error{untrusted} where it is
// not good, Error{incompatible} where it is of no checkpoint in this log. One that is kept already
// changes nothing.
StoredTimestamp keep_timestamp(const std::string& answer, const std::string& authorities,
                               const Layout& layout, AuditLog log);

// Those that lines of the log tell of. A line that cannot be read is passed over.
std::vector<StoredTimestamp> stored_timestamps(const std::vector<AuditLine>& lines);
fs::path timestamp_file(const Layout& layout, const StoredTimestamp& stored);

// Whether they are there, unaltered and about their checkpoints; with `authorities` also whether
// they are signed by one of those. Empty `authorities`: that is not asked.
std::vector<AuditFinding> timestamp_findings(const std::vector<AuditLine>& lines,
                                             const std::string& authorities, const Layout& layout);

}  // namespace sealift::installer
