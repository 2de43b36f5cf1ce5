// SPDX-License-Identifier: Apache-2.0
#pragma once

// How far somebody was told what is in the audit log: the number of a line and its digest, in a
// file of its own, written anew behind each event that was taken. The events themselves are kept
// nowhere else than in the log.

#include <cstdint>
#include <optional>
#include <string>

#include "base/clock.hpp"
#include "base/file.hpp"
#include "installer/site/audit.hpp"

namespace sealift::installer {

struct Cursor {
  std::uint64_t line = 0;  // the last one that is done with, from 1; 0: none
  std::string digest;      // of that line, hex; empty: none
  // Since the last event that was taken.
  std::uint64_t failures = 0;
  std::string why;            // of the last failure
  std::optional<Time> retry;  // not before, by ourselves
  std::optional<Time> pause;  // not before, as the destination asks

  // How many lines of the log, from its first, are done with. A log that was set aside for a new
  // one is new from its first line on; where the line is another, its digest is looked for.
  std::size_t lines_done(const AuditText& log) const;
  // Everything up to and with this line is done with, and what failed before is over.
  void pass(const AuditLine& line);
};

// Nothing where the file is missing; Error{corrupt}.
std::optional<Cursor> read_cursor(const fs::path& file);
// Whole and durable, or as it was.
void write_cursor(const fs::path& file, const Cursor& cursor);
// Behind the last line that is there.
Cursor cursor_behind(const AuditText& log);

}  // namespace sealift::installer
