// SPDX-License-Identifier: Apache-2.0
#include "installer/records/journal.hpp"

#include <algorithm>
#include <array>

#include "base/digest.hpp"
#include "base/format.hpp"
#include "base/path.hpp"

namespace sealift::installer {

namespace {

// In bytes. A plan of a thousand steps with their results takes a fraction of that.
constexpr std::uint64_t kMaxJournal = 64ULL << 20;
constexpr std::uint64_t kReserved = 256U << 10;  // beyond the plan and what its steps need
constexpr std::uint64_t kReservedForStep = 2U << 10;
// What records that lead forward leave free, so that all that was begun can be taken back on a disk
// that is full: an `undone` for each step, and the end.
constexpr std::uint64_t kKeptForUndo = 64U << 10;
constexpr std::uint64_t kKeptForStep = 512;
constexpr std::array<std::pair<Event, std::string_view>, 8> kEvents = {{
    {Event::begin, "begin"},
    {Event::applying, "applying"},
    {Event::applied, "applied"},
    {Event::undone, "undone"},
    {Event::recovering, "recovering"},
    {Event::needs_operator, "needs_operator"},
    {Event::commit, "commit"},
    {Event::abort, "abort"},
}};

Json to_json(const Record& record) {
  Json value = {{"event", name(record.event)}, {"time", to_text(record.time)}};
  if (!record.step.empty()) value["step"] = record.step;
  if (!record.detail.is_null()) value["detail"] = record.detail;
  return value;
}

Event event_named(Fields& fields) {
  const std::string word = fields.text("event");
  for (const auto& [event, known] : kEvents) {
    if (known == word) return event;
  }
  fields.refuse("event", format("found the unknown word \"{}\"", printable(word, 40)));
}

// Records that follow from each other are as they were written: what cannot be read in them is not
// damaged but written by another version.
Plan plan_of(const Record& begin, const std::string& name) {
  try {
    return plan_from_json(begin.detail, name);
  } catch (const Error& error) {
    if (error.code() != Errc::corrupt) throw;
    throw Error(Errc::incompatible, error.message(),
                "another version of this program wrote it, use that one: state.json of the site "
                "names it as program");
  }
}

bool leads_back(Event event) {
  return event == Event::undone || event == Event::needs_operator || event == Event::abort;
}

}  // namespace

std::string_view name(Event event) {
  const auto found = std::find_if(kEvents.begin(), kEvents.end(),
                                  [&](const auto& each) { return each.first == event; });
  return found == kEvents.end() ? "" : found->second;
}

// The number and the digest of the line before bind a record to its place: one that was copied,
// swapped or left out shows.
std::string Journal::line_for(const Record& record) const {
  Json value = to_json(record);
  value["seq"] = records_.size();
  value["prev"] = last_digest_;
  return to_canonical(value) + "\n";
}

// The plan is the detail of the first record, so that a journal is never without one.
std::string Journal::first_line(const Plan& plan, const Clock& clock) {
  return Journal({}, clock).line_for(
      {.event = Event::begin, .time = clock.now(), .step = {}, .detail = installer::to_json(plan)});
}

std::uint64_t Journal::reserved_for(const Plan& plan) {
  return kReserved + plan.steps.size() * kReservedForStep;
}

fs::path Journal::file_of(const fs::path& folder, std::uint64_t number) {
  return folder / format("{:06}.journal", number);
}

Journal Journal::create(const fs::path& folder, const Plan& plan, const Clock& clock) {
  const fs::path path = file_of(folder, plan.number);
  const std::string line = first_line(plan, clock);
  Journal journal(path.string(), clock);
  journal.size_ = line.size() + reserved_for(plan);
  journal.load(line);
  journal.plan_ = plan;
  // Last: nothing that can fail comes behind it, for once the file is there the transaction is
  // open.
  journal.file_ = create_journal_file(path, line, journal.size_);
  return journal;
}

void Journal::load(std::string_view bytes) {
  while (!bytes.empty() && bytes.front() != '\0') {
    const std::string where = format("{}: record {}", name_, records_.size());
    const std::size_t newline = bytes.find('\n');
    const std::string_view line = bytes.substr(0, newline);
    // Only the last record can be torn: nothing but zero bytes follow it, and some of its own were
    // never written. One that is all there and wrong was changed afterwards.
    const std::string_view rest =
        newline == std::string_view::npos ? std::string_view() : bytes.substr(newline + 1);
    const bool is_torn =
        rest.find_first_not_of('\0') == std::string_view::npos &&
        (newline == std::string_view::npos || line.find('\0') != std::string_view::npos);
    try {
      const Json value = parse_json(line, where);
      Fields fields(value, where);
      Record record{.event = event_named(fields),
                    .time = parse_time(fields.text("time")),
                    .step = fields.text_if("step").value_or(""),
                    .detail = nullptr};
      if (const Json* detail = fields.value_if("detail")) record.detail = *detail;
      fields.constant("seq", records_.size());
      fields.constant("prev", last_digest_);
      fields.done();
      if (newline == std::string_view::npos || line_for(record) != format("{}\n", line)) {
        throw Error(Errc::corrupt, format("{}: is not complete", where));
      }
      records_.push_back(std::move(record));
    } catch (const Error& error) {
      if (is_torn && !records_.empty()) return;
      throw Error(Errc::corrupt, error.problems());
    }
    last_digest_ = Digest::of(format("{}\n", line)).hex();
    last_begin_ = end_;
    end_ += newline + 1;
    bytes = rest;
  }
  // What was never written of a last record may be its first bytes.
  const std::size_t torn = std::min(bytes.find('\n'), bytes.size());
  if (bytes.find_first_not_of(std::string_view("\n\0", 2), torn) != std::string_view::npos) {
    throw Error(Errc::corrupt,
                format("{}: record {}: found none, and more behind it", name_, records_.size()));
  }
  if (records_.empty() || records_.front().event != Event::begin) {
    throw Error(Errc::corrupt, format("{}: does not begin with a plan", name_),
                "the disk lost what was synced; restore the site from a backup of its state");
  }
}

Journal Journal::loaded(const JournalFile& file, std::string name, const Clock& clock) {
  Journal journal(std::move(name), clock);
  const std::string bytes = file.read();
  journal.size_ = bytes.size();
  journal.load(bytes);
  journal.plan_ = plan_of(journal.records_.front(), journal.name_);
  return journal;
}

Journal Journal::read(const fs::path& file, const Clock& clock) {
  return loaded(*view_journal_file(file), file.string(), clock);
}

Journal Journal::open(const fs::path& file, const Clock& clock) {
  return open(open_journal_file(file), file.string(), clock);
}

Journal Journal::open(std::unique_ptr<JournalFile> file, std::string name, const Clock& clock) {
  Journal journal = loaded(*file, std::move(name), clock);
  journal.file_ = std::move(file);
  if (journal.is_closed()) return journal;
  const std::string last =
      journal.file_->read().substr(journal.last_begin_, journal.end_ - journal.last_begin_);
  journal.file_->write(journal.last_begin_, last + std::string(journal.size_ - journal.end_, '\0'));
  journal.file_->sync();
  return journal;
}

// Nothing is written behind the end, so only the last record can be one.
std::optional<Event> Journal::ending() const {
  const Event last = records_.back().event;
  if (last == Event::commit || last == Event::abort) return last;
  return std::nullopt;
}

std::size_t Journal::count(Event event) const {
  return static_cast<std::size_t>(
      std::count_if(records_.begin(), records_.end(),
                    [event](const Record& record) { return record.event == event; }));
}

void Journal::append(Event event, const std::string& step, Json detail) {
  write({.event = event, .time = clock_->now(), .step = step, .detail = std::move(detail)});
}

// Nothing is written where the space for it, and for the way back behind it, is not there.
void Journal::make_room(Event event, std::uint64_t bytes) {
  std::uint64_t needed = end_ + bytes;
  if (!leads_back(event)) needed += kKeptForUndo + plan_->steps.size() * kKeptForStep;
  if (needed > kMaxJournal) {
    throw Error(Errc::io, format("{}: found no room for a record of {} bytes, expected at most {} "
                                 "bytes in all",
                                 name_, bytes, kMaxJournal));
  }
  if (needed <= size_) return;
  file_->reserve(needed + kReserved);
  size_ = needed + kReserved;
}

// In doubt until the zeros are synced: a crash here leaves either the record or none.
void Journal::withdraw(std::uint64_t bytes) {
  is_in_doubt_ = true;
  file_->write(end_, std::string(bytes, '\0'));
  file_->sync();
  is_in_doubt_ = false;
}

void Journal::write(const Record& record) {
  if (is_in_doubt_) {
    throw Error(Errc::io, format("{}: takes no more records, for one could not be written", name_));
  }
  const std::string line = line_for(record);
  std::string digest = Digest::of(line).hex();
  records_.reserve(records_.size() + 1);
  make_room(record.event, line.size());
  Record kept = record;
  try {
    file_->write(end_, line);
    file_->sync();
  } catch (...) {
    const Error error = current_error();
    try {
      withdraw(line.size());
    } catch (...) {
      throw Error(error.code(), format("{}; nor could the record be withdrawn: {}", error.message(),
                                       current_error().message()));
    }
    throw error;
  }
  // Nothing here throws: the record is on the disk.
  records_.push_back(std::move(kept));
  last_digest_ = std::move(digest);
  last_begin_ = end_;
  end_ += line.size();
  size_ = std::max(size_, end_);
}

void Journal::close() {
  file_->truncate(end_);
  size_ = end_;
}

// Names begin with six digits, so their order is that of the transactions. A name with a dot in
// front is a file that was being made.
std::vector<fs::path> journal_files(const fs::path& folder) {
  std::vector<fs::path> files;
  for (const Entry& entry : Dir::open(folder).entries()) {
    if (entry.type == EntryType::file && entry.name.ends_with(".journal") &&
        !entry.name.starts_with('.')) {
      files.push_back(folder / entry.name);
    }
  }
  return files;
}

}  // namespace sealift::installer
