// SPDX-License-Identifier: Apache-2.0
#pragma once

// Everything accepted or refused, for ever: one JSON line each, with the digest of the line before,
// so that an edit, a swap or a removal in the middle shows. A cut tail does not show in the chain
// itself: journals know which line of a transaction must be there (operations/damage), and a
// checkpoint that is kept elsewhere knows how many lines there were. Root on this host can rewrite
// all of it.
//
// Writers take turns by a lock on the file (flock), so that also a command that does not hold the
// site may add its line.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/file.hpp"
#include "base/json.hpp"
#include "installer/site/checkpoint.hpp"

namespace sealift::installer {

// What a line that holds a checkpoint is called.
inline constexpr std::string_view kCheckpointEvent = "checkpoint";

struct AuditEntry {
  std::uint64_t sequence = 0;  // lines before it
  Time time;
  std::string actor;
  std::string event;
  Json details;
};

// A line as it is in the file.
struct AuditLine {
  std::uint64_t number = 0;  // from 1
  std::string text;          // without its newline
  std::optional<AuditEntry> entry;
  std::string mistake;  // empty: it can be read, and follows from the line before it
};

struct AuditText {
  std::vector<AuditLine> lines;
  std::size_t torn_bytes = 0;  // behind the last newline: what a power cut has left
};

// An open log. It can go on after its process has given up the right to open files.
class AuditWriter {
 public:
  // Made where it is missing.
  AuditWriter(const fs::path& file, const Clock& clock);

  // On disk when it returns. `details` of more than 4 KiB are cut, so that refusals cannot fill a
  // disk. A torn last line, left by a power cut, is removed first.
  void append(const std::string& event, Json details);
  // Of the log as it is, which is then a line of its own; the last line where that is one already.
  Checkpoint checkpoint(const SiteKey& key, const std::string& site);

 private:
  struct Last;
  Last read_last() const;
  void write(const Last& last, const std::string& event, const Json& details);

  std::string name_;
  const Clock& clock_;
  Fd fd_;
  std::optional<fs::path> unsynced_folder_;  // of a log that is new
};

class AuditLog {
 public:
  AuditLog(fs::path file, const Clock& clock) : file_(std::move(file)), clock_(clock) {}

  void append(const std::string& event, Json details) {
    AuditWriter(file_, clock_).append(event, std::move(details));
  }
  Checkpoint checkpoint(const SiteKey& key, const std::string& site) {
    return AuditWriter(file_, clock_).checkpoint(key, site);
  }
  // Every line, whatever is wrong with it; none where there is no log.
  AuditText text() const;
  // Every entry, after the chain was checked; Error{corrupt} names the first line that is broken.
  std::vector<AuditEntry> entries() const;
  // Whether an entry speaks of this transaction; Error{corrupt} as of entries().
  bool tells_of(std::uint64_t transaction) const;

  struct Head {
    std::uint64_t count;
    std::string digest;  // of the last line, hex
  };
  Head head() const;

 private:
  std::vector<AuditLine> sound_lines() const;
  fs::path file_;
  const Clock& clock_;
};

// The digest of a line with its newline: the `prev` of the next one.
Digest digest_of_line(const std::string& line);

// The transaction that an entry speaks of; 0: none.
std::uint64_t transaction_of(const AuditEntry& entry);

// The checkpoint that an entry holds; nothing where it is about something else.
// Error{invalid_input} as of Checkpoint::parse().
std::optional<Checkpoint> checkpoint_of(const AuditEntry& entry);

// Who does this: the user behind sudo, else the login's user, else the number.
std::string acting_user();

}  // namespace sealift::installer
