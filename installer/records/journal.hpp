// SPDX-License-Identifier: Apache-2.0
#pragma once

// What one transaction has begun and finished (docs/install-protocol.md). One preallocated file per
// transaction, so that a full disk can still record an undo; each record one JSON line that carries
// the digest of the line before, on disk before the change that it announces. Zero bytes are the
// end. A torn last record is cut off when the journal is opened; a broken one in the middle is
// Error{corrupt}.
//
// A record counts once it is synced. One whose write or sync failed is withdrawn: its bytes become
// zero, and that is synced, before anything else happens. Where that fails too, the journal is in
// doubt: nobody knows which of the two is on the disk, it takes no more records, and the process
// stops where it is. Only the last record can be in doubt, so open() writes that one again and
// zeros behind it, and syncs, before anyone acts on what it says. So there is never a record behind
// one that may be missing, and a shorter record never shows the tail of a longer one.
//
// A transaction that has ended is closed once what follows its end (the audit log, clean-up) is
// done; the reserved space is given back by that, which is how the next command knows.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/file.hpp"
#include "base/json.hpp"
#include "installer/records/journal_file.hpp"
#include "installer/records/plan.hpp"

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
  // Where the journal of a transaction is, once that was begun.
  static fs::path file_of(const fs::path& folder, std::uint64_t number);
  // Throws Error{io}; the journal then does not exist.
  static Journal create(const fs::path& folder, const Plan& plan, const Clock& clock);
  // Opens an existing one to go on with it: its last record is on the disk afterwards.
  static Journal open(const fs::path& file, const Clock& clock);
  // Reads an existing one, changing nothing.
  static Journal read(const fs::path& file, const Clock& clock);
  // The same on any file; `name` is for messages.
  static Journal open(std::unique_ptr<JournalFile> file, std::string name, const Clock& clock);
  // What create() writes first, and the size that it reserves.
  static std::string first_line(const Plan& plan, const Clock& clock);
  static std::uint64_t reserved_for(const Plan& plan);

  const Plan& plan() const { return *plan_; }
  const std::vector<Record>& records() const { return records_; }
  // commit or abort; nothing while the transaction is open.
  std::optional<Event> ending() const;
  std::size_t count(Event event) const;

  // Error{io}: the record is not there, and the journal can go on; unless is_in_doubt().
  void append(Event event, const std::string& step = {}, Json detail = nullptr);
  bool is_in_doubt() const { return is_in_doubt_; }
  // Gives back the space that was reserved. After commit or abort, and all that follows.
  void close();
  bool is_closed() const { return ending() && size_ == end_; }

 private:
  Journal(std::string name, const Clock& clock) : name_(std::move(name)), clock_(&clock) {}
  static Journal loaded(const JournalFile& file, std::string name, const Clock& clock);
  void load(std::string_view bytes);
  std::string line_for(const Record& record) const;
  void write(const Record& record);
  void make_room(Event event, std::uint64_t bytes);
  void withdraw(std::uint64_t bytes);

  std::string name_;
  const Clock* clock_;
  std::unique_ptr<JournalFile> file_;  // none where the journal is only read
  std::optional<Plan> plan_;
  std::vector<Record> records_;
  std::string last_digest_;
  std::uint64_t last_begin_ = 0;  // of the last record
  std::uint64_t end_ = 0;         // of the records
  std::uint64_t size_ = 0;        // of the file
  bool is_in_doubt_ = false;
};

// Journal files of a folder, oldest first.
std::vector<fs::path> journal_files(const fs::path& folder);

}  // namespace sealift::installer
