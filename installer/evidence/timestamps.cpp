// SPDX-License-Identifier: Apache-2.0
#include "installer/evidence/timestamps.hpp"

#include <algorithm>

#include "base/format.hpp"
#include "base/path.hpp"
#include "signing/timestamp.hpp"

namespace sealift::installer {

namespace {

constexpr const char* kTimestampEvent = "timestamp";

Digest digest_of_checkpoint(const std::string& line) {
  return Digest::of(line + "\n");
}

Json to_json(const StoredTimestamp& stored) {
  return {{"lines", stored.lines},
          {"checkpoint", stored.checkpoint},
          {"at", to_text(stored.time)},
          {"signer", stored.signer},
          {"answer", stored.answer.str()}};
}

StoredTimestamp timestamp_from_json(const AuditLine& line) {
  Fields fields(line.entry->details, format("line {}", line.number));
  return {.line = line.number,
          .lines = fields.number("lines"),
          .checkpoint = fields.text("checkpoint"),
          .time = fields.time("at"),
          .signer = fields.text("signer"),
          .answer = fields.digest("answer")};
}

// The checkpoint of this log whose text has the digest; Error{incompatible} where there is none.
Checkpoint checkpoint_with(const Digest& digest, const std::vector<AuditEntry>& entries) {
  for (const AuditEntry& entry : entries) {
    const std::optional<Checkpoint> checkpoint = checkpoint_of(entry);
    if (checkpoint && digest_of_checkpoint(checkpoint->line()) == digest) return *checkpoint;
  }
  throw Error(
      Errc::incompatible,
      format("the timestamp is of {}, and no checkpoint of this log has that digest", digest.hex()),
      "it belongs to another site, or to another text; a request for this site is made "
      "with: sealift-installer audit checkpoint --request FILE");
}

}  // namespace

std::string request_for(const Checkpoint& checkpoint) {
  return signing::timestamp_request(digest_of_checkpoint(checkpoint.line()));
}

// The file first: a line that tells of it finds it.
StoredTimestamp keep_timestamp(const std::string& answer, const std::string& authorities,
                               const Layout& layout, AuditLog log) {
  const signing::TimestampVerdict verdict =
      signing::judge_timestamp({.answer = answer, .authorities = authorities});
  if (!verdict.mistake.empty()) {
    throw Error(Errc::untrusted, format("the timestamp is not good: {}", verdict.mistake),
                "--ca names a file with the certificate of the authority, or of who signed that");
  }
  const Checkpoint checkpoint = checkpoint_with(verdict.digest, log.entries());
  StoredTimestamp stored{.line = 0,
                         .lines = checkpoint.lines(),
                         .checkpoint = checkpoint.line(),
                         .time = verdict.time,
                         .signer = verdict.signer,
                         .answer = Digest::of(answer)};
  for (StoredTimestamp& known : stored_timestamps(log.text().lines)) {
    if (known.answer == stored.answer) return std::move(known);
  }
  make_dirs(layout.timestamps());
  write_file(timestamp_file(layout, stored), answer);
  log.append(kTimestampEvent, to_json(stored));
  return stored;
}

std::vector<StoredTimestamp> stored_timestamps(const std::vector<AuditLine>& lines) {
  std::vector<StoredTimestamp> all;
  for (const AuditLine& line : lines) {
    if (!line.entry || line.entry->event != kTimestampEvent) continue;
    try {
      all.push_back(timestamp_from_json(line));
    } catch (const Error&) {
      // The chain says whether that was always so.
    }
  }
  return all;
}

fs::path timestamp_file(const Layout& layout, const StoredTimestamp& stored) {
  return layout.timestamps() / format("{}-{}.tsr", stored.lines, stored.answer.short_hex());
}

std::vector<AuditFinding> timestamp_findings(const std::vector<AuditLine>& lines,
                                             const std::string& authorities, const Layout& layout) {
  std::vector<AuditFinding> findings;
  for (const StoredTimestamp& stored : stored_timestamps(lines)) {
    const fs::path file = timestamp_file(layout, stored);
    const std::string where = format("line {}", stored.line);
    if (!path_exists(file)) {
      findings.push_back(
          {where, format("{}: is missing, the timestamp that it tells of", file.string())});
      continue;
    }
    const std::string answer = read_file(file, signing::kMaxTimestampBytes);
    if (Digest::of(answer) != stored.answer) {
      findings.push_back({where, format("{}: was altered", file.string())});
      continue;
    }
    if (authorities.empty()) continue;
    const signing::TimestampVerdict verdict =
        signing::judge_timestamp({.answer = answer, .authorities = authorities});
    if (!verdict.mistake.empty()) {
      findings.push_back({where, format("{}: {}", file.string(), verdict.mistake)});
    } else if (verdict.digest != digest_of_checkpoint(stored.checkpoint)) {
      findings.push_back(
          {where, format("{}: is of another text than the checkpoint", file.string())});
    }
  }
  return findings;
}

}  // namespace sealift::installer
