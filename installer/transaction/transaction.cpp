// SPDX-License-Identifier: Apache-2.0
#include "installer/transaction/transaction.hpp"

#include <algorithm>
#include <span>

#include "base/error.hpp"
#include "base/format.hpp"
#include "base/log.hpp"
#include "base/log_form.hpp"
#include "base/path.hpp"
#include "base/text.hpp"
#include "installer/transaction/lanes.hpp"

namespace sealift::installer {

namespace {

// Of a record `needs_operator`.
constexpr const char* kWhy = "why";
constexpr const char* kCause = "cause";

std::string text_in(const Json& detail, const char* key) {
  return detail.is_object() ? detail.value(key, "") : std::string();
}

const Step& step_of(const Journal& journal, const std::string& id) {
  for (const Step& step : journal.plan().steps) {
    if (step.id == id) return step;
  }
  throw Error(Errc::corrupt, format("the journal speaks of the step {}, which its plan lacks", id));
}

struct Begun {
  const Step* step;
  std::optional<Json> result;
};

// Steps that were begun and not taken back, in the order in which they began.
std::vector<Begun> begun_steps(const Journal& journal) {
  std::vector<Begun> begun;
  for (const Record& record : journal.records()) {
    const auto find = [&] {
      return std::find_if(begun.begin(), begun.end(),
                          [&](const Begun& each) { return each.step->id == record.step; });
    };
    if (record.event == Event::applying && find() == begun.end()) {
      begun.push_back({&step_of(journal, record.step), std::nullopt});
    } else if (record.event == Event::applied) {
      if (const auto known = find(); known != begun.end()) known->result = record.detail;
    } else if (record.event == Event::undone) {
      if (const auto known = find(); known != begun.end()) begun.erase(known);
    }
  }
  return begun;
}

// Nothing of it can be seen, so only how long it takes depends on the order. What belongs to no
// component stands between those that do.
bool may_overlap(const Step& step) {
  return step.phase == Phase::stage && !step.component.empty();
}

// Steps of the stage that stand beside each other run together; every other runs alone, in its
// place.
void apply_all(Journal& journal, const Drivers& drivers, StepIo& io) {
  const std::span<const Step> steps = journal.plan().steps;
  for (auto next = steps.begin(); next != steps.end();) {
    const auto end = std::find_if_not(next, steps.end(), may_overlap);
    if (next == end) {
      apply_step(journal, *next++, drivers, io);
    } else {
      apply_beside(lanes_of({next, end}), journal, drivers, io);
      next = end;
    }
  }
}

constexpr std::size_t kMaxCause = 4096;  // bytes of a failure that a record holds

// The transaction can neither go on nor back before a person has seen to it.
[[noreturn]] void stop_here(const std::string& found, const std::string& cause,
                            const std::string& hint) {
  throw Error(Errc::needs_operator,
              cause.empty() ? found : format("{}; it went back because {}", found, cause), hint);
}

constexpr const char* kRecover =
    "repair the cause, then run: sealift-installer recover (where it stopped: sealift-installer "
    "status)";

// A step's undo has failed: recorded where that is possible.
[[noreturn]] void stop_at(Journal& journal, const Step& step, const Error& error,
                          const std::string& cause) {
  try {
    Json detail = {{kWhy, printable(error.message(), kMaxCause)}};
    if (!cause.empty()) detail[kCause] = printable(cause, kMaxCause);
    journal.append(Event::needs_operator, step.id, std::move(detail));
  } catch (...) {
    log::warning(format("the journal cannot record it: {}", current_error().message()));
  }
  stop_here(format("{}: cannot be undone: {}", step.summary, error.message()), cause,
            error.hint().empty() ? std::string(kRecover)
                                 : format("{}; then run: sealift-installer recover", error.hint()));
}

// Takes back everything; afterwards the journal has ended with `abort`. `cause` is the failure that
// made it necessary; empty: a person who recovers.
void undo_all(Journal& journal, const Drivers& drivers, StepIo& io, const std::string& cause) {
  for (const Record& record : journal.records()) {
    if (record.event != Event::applying) continue;
    io.begun.insert(record.step);
    io.furthest = std::max(io.furthest, std::optional(step_of(journal, record.step).phase));
  }
  std::vector<Begun> begun = begun_steps(journal);
  std::reverse(begun.begin(), begun.end());
  std::size_t number = 0;
  for (const Begun& each : begun) {
    const log::Label id("step", each.step->id);
    const log::Label component("component", each.step->component);
    ShownStep shown(io.progress, ++number, begun.size(), format("undo: {}", each.step->summary));
    try {
      drivers.named(each.step->driver).undo(*each.step, each.result, io);
    } catch (...) {
      stop_at(journal, *each.step, current_error(), cause);
    }
    journal.append(Event::undone, each.step->id);
    shown.done();
  }
  journal.append(Event::abort, {}, Json(cause.empty() ? "recovered" : printable(cause, kMaxCause)));
}

// Whatever leaves `work` leaves the transaction open, and says so.
template <typename Work>
void left_open(std::string_view found, const std::string& cause, Work work) {
  try {
    work();
  } catch (...) {
    const Error error = current_error();
    if (error.code() == Errc::needs_operator) throw error;
    stop_here(format("{}: {}", found, error.message()), cause,
              error.hint().empty() ? std::string(kRecover) : error.hint());
  }
}

// What is known of the site after everything was undone.
std::string outcome_of(const StepIo& io, std::string_view otherwise) {
  std::vector<std::string> known = io.kept;
  known.insert(known.end(), io.proved.begin(), io.proved.end());
  return format("{} was undone, {}", io.kept.empty() ? "everything" : "everything else",
                known.empty() ? std::string(otherwise) : joined(known, "; "));
}

// Undoes everything for a failure, and throws what became of it.
[[noreturn]] void go_back(Journal& journal, const Drivers& drivers, StepIo& io,
                          const Error& error) {
  if (journal.is_in_doubt()) {
    stop_here(format("the transaction stopped where it was, for its journal cannot be written: {}",
                     error.message()),
              {}, kRecover);
  }
  left_open("not everything could be undone", error.message(),
            [&] { undo_all(journal, drivers, io, error.message()); });
  if (error.code() == Errc::interrupted) {
    throw Error(Errc::interrupted,
                format("interrupted; {}", outcome_of(io, "nothing was changed")));
  }
  throw Error(Errc::target_failed,
              format("{}; {}", error.message(), outcome_of(io, "the site is as before")),
              error.hint());
}

// Where an attempt ends before it begins: nothing more is tried without a person.
void count_attempt(Journal& journal) {
  if (journal.count(Event::recovering) >= kMaxRecoveries) {
    throw Error(Errc::needs_operator,
                format("transaction {} was recovered {} times without an end",
                       journal.plan().number, kMaxRecoveries),
                "see: sealift-installer status");
  }
  journal.append(Event::recovering);
}

}  // namespace

// Once the commit is written nothing here can fail. Where it cannot be, it is undone like any
// failure, unless the record is in doubt: then the release may stand or not, and only a reading of
// the disk tells.
void run_transaction(Journal& journal, const Drivers& drivers, StepIo& io) {
  try {
    apply_all(journal, drivers, io);
    journal.append(Event::commit);
  } catch (...) {
    go_back(journal, drivers, io, current_error());
  }
}

void rehearse_transaction(Journal& journal, const Drivers& drivers, StepIo& io) {
  constexpr const char* kRehearsed = "it was a rehearsal";
  try {
    apply_all(journal, drivers, io);
  } catch (...) {
    go_back(journal, drivers, io, current_error());
  }
  left_open("not everything could be undone", kRehearsed,
            [&] { undo_all(journal, drivers, io, kRehearsed); });
}

void recover_back(Journal& journal, const Drivers& drivers, StepIo& io) {
  if (journal.ending()) return;
  left_open("the transaction is still open", {}, [&] {
    count_attempt(journal);
    undo_all(journal, drivers, io, {});
  });
}

// Every step of the plan is looked at, not only those that were begun. One that is partial is
// undone first, so that apply() begins from a state that it knows.
void recover_forward(Journal& journal, const Drivers& drivers, StepIo& io) {
  if (journal.ending()) return;
  left_open("the transaction is still open", {}, [&] {
    count_attempt(journal);
    for (const Step& step : journal.plan().steps) {
      Driver& driver = drivers.named(step.driver);
      const StepState state = driver.check(step, io);
      if (state == StepState::applied) continue;
      if (state == StepState::partial) driver.undo(step, std::nullopt, io);
      apply_step(journal, step, drivers, io);
    }
    journal.append(Event::commit);
  });
}

// The cause is that of the first attempt: later ones only know that they recover.
std::optional<FailedUndo> failed_undo(const Journal& journal) {
  std::optional<FailedUndo> failed;
  std::string cause;
  for (const Record& record : journal.records()) {
    if (record.event == Event::needs_operator) {
      if (cause.empty()) cause = text_in(record.detail, kCause);
      failed = {.step = record.step,
                .why = text_in(record.detail, kWhy),
                .cause = cause,
                .time = record.time};
    }
    if (record.event == Event::undone && failed && failed->step == record.step) failed.reset();
  }
  return failed;
}

// Backups are of the phase `fence` and change nothing that users have.
bool is_only_staged(const Journal& journal) {
  const std::vector<Begun> begun = begun_steps(journal);
  return std::all_of(begun.begin(), begun.end(),
                     [](const Begun& each) { return each.step->phase <= Phase::fence; });
}

}  // namespace sealift::installer
