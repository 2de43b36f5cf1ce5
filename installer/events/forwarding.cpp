// SPDX-License-Identifier: Apache-2.0
#include "installer/events/forwarding.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <set>
#include <tuple>

#include "base/error.hpp"
#include "base/format.hpp"

namespace sealift::installer {

namespace {

constexpr std::uint64_t kMaxRecord = 1ULL << 30;  // bytes

// Calls `each` with every line that has its newline; what is behind the last is torn.
template <typename Each>
std::size_t for_each_line(std::string_view text, Each each) {
  std::size_t done = 0;
  for (std::size_t end = text.find('\n'); end != text.npos; end = text.find('\n', done)) {
    each(text.substr(done, end - done));
    done = end + 1;
  }
  return done;
}

// Lines of {"destination", "source", "id"}, one for each event that a destination took. A line that
// a power cut has torn was not written: its event is told again.
class Record {
 public:
  explicit Record(const fs::path& file)
      : name_(file.string()),
        fd_(::open(file.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600)) {
    if (!fd_.is_open()) throw_errno(name_, "open");
    if (::flock(fd_.get(), LOCK_EX | LOCK_NB) != 0) {
      throw Error(Errc::busy, format("{}: another command forwards by it", name_),
                  "wait until it has ended");
    }
    const std::string text = read_file(file, kMaxRecord);
    const std::size_t whole = for_each_line(text, [&](std::string_view line) { add(line); });
    if (::ftruncate(fd_.get(), static_cast<off_t>(whole)) != 0 ||
        ::lseek(fd_.get(), static_cast<off_t>(whole), SEEK_SET) < 0) {
      throw_errno(name_, "cut a torn line of");
    }
    sync_dir(absolute_path(file).parent_path());
  }

  bool has(const std::string& destination, const SiteEvent& event) const {
    return told_.contains({destination, event.of.site, event.id});
  }

  // Durable when it returns.
  void note(const std::string& destination, const SiteEvent& event) {
    FdSink(fd_.get(), name_)
        .write(to_canonical(
                   {{"destination", destination}, {"site", event.of.site}, {"id", event.id}}) +
               "\n");
    sync_fd(fd_.get(), name_);
    told_.insert({destination, event.of.site, event.id});
  }

 private:
  void add(std::string_view line) {
    const Json value = parse_json(line, name_);
    Fields fields(value, name_);
    told_.insert({fields.text("destination"), fields.text("site"), fields.text("id")});
    fields.done();
  }

  std::string name_;
  Fd fd_;
  std::set<std::tuple<std::string, std::string, std::string>> told_;
};

Answer tell_one(Teller& teller, const SiteEvent& event, std::chrono::milliseconds limit) {
  try {
    return teller.tell(event, limit);
  } catch (...) {
    return {.is_taken = false, .why = current_error().message()};
  }
}

// There is no site here whose secrets could be opened.
std::string no_secret(const std::string& key) {
  throw Error(Errc::usage, format("found token: {{secret: {}}}, and there is no site here", key),
              "write token: {file: PATH}");
}

}  // namespace

std::string events_text(const std::vector<SiteEvent>& events) {
  std::string text;
  for (const SiteEvent& event : events) text += to_canonical(to_json(event)) + "\n";
  return text;
}

std::vector<SiteEvent> read_events(const fs::path& file) {
  const std::string text = read_file(file, kMaxEventsFile);
  std::vector<SiteEvent> events;
  const std::size_t whole = for_each_line(text, [&](std::string_view line) {
    const std::string where = format("{}:{}", file.string(), events.size() + 1);
    events.push_back(event_from_json(parse_json(line, where), where));
  });
  if (whole == text.size()) return events;
  throw Error(Errc::corrupt, format("{}: ends in the middle of a line", file.string()),
              "carry it out once more: sealift-installer events export --all");
}

// A destination that does not take an event is not told the next one: whoever listens is told in
// the order in which it happened.
std::vector<Forwarded> forward(const std::vector<SiteEvent>& events,
                               const std::vector<release::Destination>& to, const fs::path& record,
                               std::chrono::milliseconds limit, const Clock& clock) {
  Record told(record);
  std::vector<Forwarded> all;
  for (const release::Destination& each : to) {
    const std::unique_ptr<Teller> teller = teller_for(each, no_secret, clock);
    Forwarded done{.name = each.name};
    for (const SiteEvent& event : events) {
      if (!each.takes(event.word)) continue;
      if (told.has(each.name, event)) {
        ++done.known;
        continue;
      }
      if (done.waiting == 0) {
        const Answer answer = tell_one(*teller, event, limit);
        if (answer.is_taken) {
          told.note(each.name, event);
          ++done.told;
          continue;
        }
        done.why = answer.why;
      }
      ++done.waiting;
    }
    all.push_back(std::move(done));
  }
  return all;
}

}  // namespace sealift::installer
