// SPDX-License-Identifier: Apache-2.0
#pragma once

// What one transaction has begun and finished (docs/install-protocol.md). One preallocated file per
// transaction, so that a full disk can still record an undo; each record one JSON line that carries
// the digest of the line before, on disk before the change that it announces. Zero bytes are the
// end. A torn last record is cut off when the journal is opened; a broken one in the middle is
// Error{corrupt}. A failed sync is final.

#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/file.hpp"
#include "base/json.hpp"
#include "installer/plan.hpp"

namespace sealift::installer {

enum class Event {
  begin,           // holds the plan
  applying,        // the step is about to change something
  applied,         // it has; holds the driver's result
  undone,          // it was taken back
  recovering,      // an attempt to recover; bounded
  needs_operator,  // an undo failed
  commit,          // the new revision stands
  abort,           // the old one stands
};
std::string_view name(Event event);

struct Record {
  Event event;
  Time time;
  std::string step;  // of applying, applied, undone, needs_operator
  Json detail;       // plan, result or reason; null where there is none
};

class Journal {
 public:
  // Throws Error{io}; the journal then does not exist.
  static Journal create(const fs::path& folder, const Plan& plan, const Clock& clock);
  // Opens an existing one to go on with it.
  static Journal open(const fs::path& file, const Clock& clock);
  // Reads an existing one, changing nothing.
  static Journal read(const fs::path& file, const Clock& clock);

  const Plan& plan() const { return *plan_; }
  const std::vector<Record>& records() const { return records_; }
  // commit or abort; nothing while the transaction is open.
  std::optional<Event> ending() const;
  std::size_t count(Event event) const;

  void append(Event event, const std::string& step = {}, Json detail = nullptr);
  // Gives back the space that was reserved. After commit or abort.
  void close();

 private:
  Journal(fs::path file, const Clock& clock) : file_(std::move(file)), clock_(&clock) {}
  void load(std::string_view bytes);
  std::string line_for(const Record& record) const;
  void write(const Record& record);

  fs::path file_;
  const Clock* clock_;
  Fd fd_;
  std::optional<Plan> plan_;
  std::vector<Record> records_;
  std::string last_digest_;
  std::uint64_t end_ = 0;
};

// Journal files of a folder, oldest first.
std::vector<fs::path> journal_files(const fs::path& folder);

}  // namespace sealift::installer
