// SPDX-License-Identifier: Apache-2.0
#include "installer/events/spool.hpp"

#include <fcntl.h>
#include <sys/file.h>

#include <algorithm>
#include <cerrno>

#include "base/error.hpp"
#include "base/format.hpp"
#include "base/parallel.hpp"

namespace sealift::installer {

namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr std::string_view kOfDestination = "to-";  // before its name, in the name of its cursor
constexpr std::int64_t kFirstRest = 30;             // seconds
constexpr std::int64_t kLongestRest = 3600;
constexpr milliseconds kLeastTime{200};  // less is no use to begin an event with

// One that sends at a time; given back with it. The lock is the operating system's, and dies with
// its process.
class SendingTurn {
 public:
  explicit SendingTurn(const fs::path& folder) {
    make_dirs(folder, 0700);
    const fs::path file = folder / "lock";
    fd_ = Fd(::open(file.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!fd_.is_open()) throw_errno(file.string(), "open");
    if (::flock(fd_.get(), LOCK_EX | LOCK_NB) == 0) return;
    if (errno != EWOULDBLOCK) throw_errno(file.string(), "lock");
    throw Error(Errc::busy, "another command is sending events of this site",
                "it tells what waits now; try again when it has ended");
  }

 private:
  Fd fd_;
};

Time behind(Time time, std::int64_t seconds) {
  return {time.seconds + seconds};
}

// A clock that was ahead when the time was written would keep a destination waiting for ever.
bool is_ahead(const std::optional<Time>& time, Time now, std::int64_t longest) {
  return time && *time > now && *time <= behind(now, longest);
}

bool is_resting(const Cursor& cursor, Patience patience, Time now) {
  constexpr std::int64_t kLongestPause = 24 * 3600;
  return is_ahead(cursor.pause, now, kLongestPause) ||
         (patience == Patience::kept && is_ahead(cursor.retry, now, kLongestRest));
}

// Until it is known what became of it: a sender that is killed while a destination hangs leaves
// this.
void note_attempt(Cursor& cursor, Time now) {
  const std::uint64_t doublings = std::min<std::uint64_t>(cursor.failures, 7);
  cursor.failures += 1;
  cursor.why = "no answer in time";
  cursor.retry = behind(now, std::min(kFirstRest << doublings, kLongestRest));
  cursor.pause.reset();
}

Answer tell_safely(Teller& teller, const SiteEvent& event, milliseconds limit) {
  try {
    return teller.tell(event, limit);
  } catch (...) {
    return {.is_taken = false, .why = current_error().message()};
  }
}

}  // namespace

Spool::Spool(const Installation& installation, const Clock& clock)
    : installation_(installation),
      clock_(clock),
      log_(AuditLog(installation.layout.audit(), clock).text()),
      speaker_{.site = installation.id,
               .release = installation.site.release,
               .environment = installation.site.environment} {}

fs::path Spool::cursor_file(std::string_view name) const {
  const fs::path folder = installation_.layout.events();
  return name == kCarriedOut ? folder / format("{}.json", name)
                             : folder / format("{}{}.json", kOfDestination, name);
}

void Spool::begin() const {
  const std::vector<release::Destination>& to = installation_.site.notify;
  for (const release::Destination& each : to) {
    const fs::path file = cursor_file(each.name);
    if (!path_exists(file)) write_cursor(file, cursor_behind(log_));
  }
  if (!dir_exists(installation_.layout.events())) return;
  for (const Entry& entry : Dir::open(installation_.layout.events()).entries()) {
    if (!entry.name.starts_with(kOfDestination)) continue;
    const fs::path file = installation_.layout.events() / entry.name;
    const bool is_known = std::any_of(
        to.begin(), to.end(), [&](const auto& each) { return cursor_file(each.name) == file; });
    if (!is_known) remove_file(file);
  }
}

Waiting Spool::waiting_for(const std::string& name, const release::Destination* to) const {
  Waiting waiting{.name = name, .events = {}, .cursor = {}, .broken = {}};
  try {
    // What is carried out begins with the log; a destination that nobody has begun, with now.
    const std::optional<Cursor> known = read_cursor(cursor_file(name));
    waiting.cursor = known ? *known : to == nullptr ? Cursor() : cursor_behind(log_);
  } catch (const Error& error) {
    waiting.broken = error.message();
    return waiting;
  }
  for (std::size_t i = waiting.cursor.lines_done(log_); i < log_.lines.size(); ++i) {
    std::optional<SiteEvent> event = event_of(log_.lines[i], speaker_);
    if (event && (to == nullptr || to->takes(event->word))) {
      waiting.events.push_back(*std::move(event));
    }
  }
  return waiting;
}

std::vector<Waiting> Spool::waiting() const {
  std::vector<Waiting> all;
  for (const release::Destination& each : installation_.site.notify) {
    all.push_back(waiting_for(each.name, &each));
  }
  all.push_back(waiting_for(std::string(kCarriedOut), nullptr));
  return all;
}

std::vector<SiteEvent> Spool::all() const {
  std::vector<SiteEvent> events;
  for (const AuditLine& line : log_.lines) {
    if (auto event = event_of(line, speaker_)) events.push_back(*std::move(event));
  }
  return events;
}

// The cursor is written behind every event, so that a crash repeats one at most; and once more
// behind lines that are not for this destination.
Sent Spool::send_to(const release::Destination& to, const SecretOf& secret_of, Patience patience,
                    steady_clock::time_point deadline) const {
  const Waiting waiting = waiting_for(to.name, &to);
  Sent sent{.name = to.name, .told = 0, .waiting = waiting.events.size(), .why = waiting.broken};
  if (!waiting.broken.empty()) return sent;
  const fs::path file = cursor_file(to.name);
  Cursor cursor = waiting.cursor;
  if (waiting.events.empty()) {
    if (cursor.lines_done(log_) < log_.lines.size()) write_cursor(file, cursor_behind(log_));
    return sent;
  }
  if (is_resting(cursor, patience, clock_.now())) {
    sent.why = cursor.why;
    return sent;
  }
  Cursor attempt = cursor;
  note_attempt(attempt, clock_.now());
  write_cursor(file, attempt);
  Answer answer;
  try {
    const std::unique_ptr<Teller> teller = teller_for(to, secret_of, clock_);
    for (const SiteEvent& event : waiting.events) {
      const auto left = std::chrono::duration_cast<milliseconds>(deadline - steady_clock::now());
      if (left < kLeastTime) return sent;  // the next command goes on
      answer = tell_safely(*teller, event, left);
      if (!answer.is_taken) break;
      cursor.pass(log_.lines[event.sequence - 1]);
      attempt = cursor;
      write_cursor(file, cursor);
      ++sent.told;
      --sent.waiting;
    }
  } catch (...) {
    answer = {.is_taken = false, .why = current_error().message()};
  }
  if (answer.is_taken) {
    write_cursor(file, cursor_behind(log_));
    return sent;
  }
  if (sent.told > 0) note_attempt(attempt, clock_.now());
  attempt.why = sent.why = answer.why;
  if (answer.pause) attempt.pause = behind(clock_.now(), answer.pause->count());
  write_cursor(file, attempt);
  return sent;
}

std::vector<Sent> Spool::send(const SecretOf& secret_of, Patience patience,
                              milliseconds limit) const {
  const std::vector<release::Destination>& to = installation_.site.notify;
  const SendingTurn turn(installation_.layout.events());
  // A first cursor may be in the making: others than the sender write those.
  remove_leftovers(installation_.layout.events(), [&](std::string_view name) {
    return path_exists(installation_.layout.events() / name);
  });
  const steady_clock::time_point deadline = steady_clock::now() + limit;
  std::vector<Sent> sent(to.size());
  const auto send_one = [&](std::size_t index) {
    try {
      sent[index] = send_to(to[index], secret_of, patience, deadline);
    } catch (...) {
      sent[index].name = to[index].name;
      sent[index].why = current_error().message();
    }
  };
  Threads threads;
  for (std::size_t i = 1; i < to.size(); ++i) {
    if (!threads.start([&send_one, i] { send_one(i); })) send_one(i);
  }
  if (!to.empty()) send_one(0);
  threads.join();
  return sent;
}

void Spool::pass(const std::string& name) const {
  const SendingTurn turn(installation_.layout.events());
  write_cursor(cursor_file(name), cursor_behind(log_));
}

}  // namespace sealift::installer
