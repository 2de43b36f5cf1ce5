// SPDX-License-Identifier: Apache-2.0
#include "installer/journal.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "base/digest.hpp"
#include "base/format.hpp"
#include "base/path.hpp"

namespace sealift::installer {

namespace {

constexpr std::uint64_t kMaxJournal = 64ULL << 20;
constexpr std::uint64_t kReserved = 256U << 10;  // beyond the plan
constexpr std::array kEvents = {Event::begin,  Event::applying,   Event::applied,
                                Event::undone, Event::recovering, Event::needs_operator,
                                Event::commit, Event::abort};

Json to_json(const Record& record) {
  Json value = {{"event", name(record.event)}, {"time", to_text(record.time)}};
  if (!record.step.empty()) value["step"] = record.step;
  if (!record.detail.is_null()) value["detail"] = record.detail;
  return value;
}

Event event_named(Fields& fields) {
  const std::string word = fields.text("event");
  for (const Event event : kEvents) {
    if (name(event) == word) return event;
  }
  fields.refuse("event", format("found the unknown word \"{}\"", printable(word, 40)));
}

void write_at(int fd, std::uint64_t offset, std::string_view bytes, const std::string& name) {
  while (!bytes.empty()) {
    const ssize_t count = ::pwrite(fd, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (count < 0) {
      if (errno == EINTR) continue;
      throw_errno(name, "write");
    }
    bytes.remove_prefix(static_cast<std::size_t>(count));
    offset += static_cast<std::uint64_t>(count);
  }
}

void sync_data(int fd, const std::string& name) {
  if (::fdatasync(fd) != 0) throw_errno(name, "sync to disk");
}

}  // namespace

std::string_view name(Event event) {
  switch (event) {
    case Event::begin:
      return "begin";
    case Event::applying:
      return "applying";
    case Event::applied:
      return "applied";
    case Event::undone:
      return "undone";
    case Event::recovering:
      return "recovering";
    case Event::needs_operator:
      return "needs_operator";
    case Event::commit:
      return "commit";
    case Event::abort:
      return "abort";
  }
  return "";
}

std::string Journal::line_for(const Record& record) const {
  Json value = to_json(record);
  value["seq"] = records_.size();
  value["prev"] = last_digest_;
  return to_canonical(value) + "\n";
}

Journal Journal::create(const fs::path& folder, const Plan& plan, const Clock& clock) {
  const fs::path file = folder / format("{:06}.journal", plan.number);
  Journal journal(file, clock);
  journal.plan_ = plan;
  const Record begin{
      .event = Event::begin, .time = clock.now(), .step = {}, .detail = installer::to_json(plan)};
  const std::string line = journal.line_for(begin);
  AtomicFile out(file, FileMode::secret);
  reserve(out.fd(), line.size() + kReserved, file.string());
  out.write(line);
  out.commit();
  journal.fd_ = Fd(::open(file.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW));
  if (!journal.fd_.is_open()) throw_errno(file.string(), "open");
  journal.records_.push_back(begin);
  journal.last_digest_ = Digest::of(line).hex();
  journal.end_ = line.size();
  return journal;
}

void Journal::load(std::string_view bytes) {
  while (!bytes.empty() && bytes.front() != '\0') {
    const std::string where = format("{}: record {}", file_.string(), records_.size());
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
    end_ += newline + 1;
    bytes = rest;
  }
  // What was never written of a last record may be its first bytes.
  const std::size_t torn = std::min(bytes.find('\n'), bytes.size());
  if (bytes.find_first_not_of(std::string_view("\n\0", 2), torn) != std::string_view::npos) {
    throw Error(Errc::corrupt, format("{}: record {}: found none, and more behind it",
                                      file_.string(), records_.size()));
  }
  if (records_.empty() || records_.front().event != Event::begin) {
    throw Error(Errc::corrupt, format("{}: does not begin with a plan", file_.string()),
                "the disk lost what was synced; restore the site from a backup of its state");
  }
}

Journal Journal::read(const fs::path& file, const Clock& clock) {
  Journal journal(file, clock);
  journal.load(read_file(file, kMaxJournal));
  journal.plan_ = plan_from_json(journal.records_.front().detail, file.string());
  return journal;
}

Journal Journal::open(const fs::path& file, const Clock& clock) {
  Journal journal = read(file, clock);
  journal.fd_ = Fd(::open(file.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW));
  if (!journal.fd_.is_open()) throw_errno(file.string(), "open");
  const std::uint64_t size = fs::file_size(file);
  if (size > journal.end_) {
    // Whatever a torn write left behind must not be taken for a record later.
    write_at(journal.fd_.get(), journal.end_, std::string(size - journal.end_, '\0'),
             file.string());
    sync_data(journal.fd_.get(), file.string());
  }
  return journal;
}

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

void Journal::write(const Record& record) {
  const std::string line = line_for(record);
  write_at(fd_.get(), end_, line, file_.string());
  sync_data(fd_.get(), file_.string());
  records_.push_back(record);
  last_digest_ = Digest::of(line).hex();
  end_ += line.size();
}

void Journal::close() {
  if (::ftruncate(fd_.get(), static_cast<off_t>(end_)) != 0) {
    throw_errno(file_.string(), "give back reserved space");
  }
}

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
