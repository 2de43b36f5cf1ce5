// SPDX-License-Identifier: Apache-2.0

// The journal and the transaction as a state machine under every fault: writes and syncs of the
// journal that fail (having done nothing, half or all), steps and undos that fail (before or after
// they did their work), crashes, and further processes, which go on back or forward. Every
// interleaving of up to six such events is walked.
//
// The disk is as bad as disks are: a sync that fails leaves what was written in memory, where it is
// read as if all were well, calls it clean, and never writes it again by itself.

#include <catch2/catch.hpp>
#include <cstdint>
#include <cstring>
#include <map>
#include <set>
#include <string>
#include <tuple>

#include "installer/driver/step_driver.hpp"
#include "installer/transaction/transaction.hpp"
#include "tests/unit/installer/given.hpp"

namespace sealift::installer::transaction_model_test {

namespace {

constexpr std::size_t kPage = 4096;
#ifdef __SANITIZE_ADDRESS__
constexpr std::size_t kMaxEvents = 4;  // ten times slower
constexpr std::size_t kMaxEventsOfTwo = 3;
#else
constexpr std::size_t kMaxEvents = 6;
constexpr std::size_t kMaxEventsOfTwo = 4;
#endif
const FixedClock kClock(Time{1'700'000'000});

// Takes the turns of one run: those of `script` first, then always the first way, which is the one
// without a fault.
class Turns {
 public:
  Turns(std::vector<std::size_t> script, std::size_t faults)
      : script_(std::move(script)), left_(faults) {}

  // One of 0 to `ways` - 1.
  std::size_t choose(std::size_t ways) {
    if (left_ == 0) return 0;
    const std::size_t at = ways_.size();
    ways_.push_back(ways);
    if (at >= script_.size()) script_.push_back(0);
    if (script_[at] != 0) --left_;
    return script_[at];
  }
  std::size_t faults_left() const { return left_; }

  // The script of the next run; nothing once all are done.
  std::optional<std::vector<std::size_t>> next() const {
    std::vector<std::size_t> next(script_.begin(),
                                  script_.begin() + static_cast<std::ptrdiff_t>(ways_.size()));
    while (!next.empty() && next.back() + 1 == ways_[next.size() - 1]) next.pop_back();
    if (next.empty()) return std::nullopt;
    ++next.back();
    return next;
  }

 private:
  std::vector<std::size_t> script_;
  std::size_t left_;
  std::vector<std::size_t> ways_;
};

// What outlives a process.
struct Machine {
  std::string memory;                  // the journal as it is read
  std::string disk;                    // the journal as it is after a crash
  std::set<std::size_t> dirty;         // pages of memory that the next sync writes
  std::map<std::string, bool> is_new;  // of each step, what is served
  bool is_down = false;                // crashed: nothing is done any more
  bool was_told_applied = false;
  bool was_told_undone = false;

  auto key() const {
    // Whole pages of zeros first: a journal reserves many, and tests are not optimised.
    const auto text = [](const std::string& bytes) {
      static const std::string kZeros(kPage, '\0');
      std::size_t used = bytes.size();
      while (used >= kPage && std::memcmp(&bytes[used - kPage], kZeros.data(), kPage) == 0) {
        used -= kPage;
      }
      const std::string rest = bytes.substr(0, used);
      return rest.substr(0, rest.find_last_not_of('\0') + 1);
    };
    return std::tuple(text(memory), text(disk), dirty, is_new, was_told_applied, was_told_undone);
  }

  void keep(std::size_t page) {
    disk.resize(std::max(disk.size(), memory.size()));
    disk.replace(page * kPage, kPage, memory.substr(page * kPage, kPage));
  }

  void crash(std::size_t way) {
    // Pages that wait to be written are on the disk by chance.
    if (way == 1) {
      for (const std::size_t page : dirty) keep(page);
    } else if (way == 2 && !dirty.empty()) {
      keep(*dirty.begin());
    }
    is_down = true;
  }

  void reboot() {
    memory = disk;
    dirty.clear();
    is_down = false;
  }
};

[[noreturn]] void fail(const char* what) {
  throw Error(Errc::io, format("{}: Input/output error", what));
}

class BadFile : public JournalFile {
 public:
  BadFile(Machine& machine, Turns& turns) : machine_(machine), turns_(turns) {}

  std::string read() const override { return machine_.memory; }
  std::uint64_t size() const override { return machine_.memory.size(); }
  void write(std::uint64_t offset, std::string_view bytes) override {
    begin();
    switch (turns_.choose(5)) {
      case 0:
        put(offset, bytes);
        return;
      case 1:
        fail("write");
      case 2:
        put(offset, bytes.substr(0, bytes.size() / 2));
        fail("write");
      case 3:
        put(offset, bytes);
        return crash(0);
      default:
        put(offset, bytes);
        return crash(1);
    }
  }
  void sync() override {
    begin();
    const std::size_t way = turns_.choose(5);
    if (way == 4) return crash(2);
    if (way == 0 || way == 2) {
      for (const std::size_t page : machine_.dirty) machine_.keep(page);
    } else if (way == 3 && !machine_.dirty.empty()) {
      machine_.keep(*machine_.dirty.begin());
    }
    machine_.dirty.clear();
    if (way != 0) fail("sync");
  }
  void reserve(std::uint64_t size) override {
    begin();
    if (turns_.choose(2) == 1) fail("reserve");
    machine_.memory.resize(size);
  }
  void truncate(std::uint64_t size) override {
    begin();
    if (turns_.choose(2) == 1) fail("truncate");
    machine_.memory.resize(size);
    machine_.disk.resize(size);
  }

 private:
  void begin() const {
    if (machine_.is_down) fail("dead");
  }
  void put(std::uint64_t offset, std::string_view bytes) {
    machine_.memory.resize(std::max<std::size_t>(machine_.memory.size(), offset + bytes.size()));
    machine_.memory.replace(offset, bytes.size(), bytes);
    for (std::size_t page = offset / kPage; page * kPage < offset + bytes.size(); ++page) {
      machine_.dirty.insert(page);
    }
  }
  void crash(std::size_t way) {
    machine_.crash(way);
    fail("dead");
  }

  Machine& machine_;
  Turns& turns_;
};

class BadDriver : public StepDriver {
 public:
  BadDriver(Machine& machine, Turns& turns) : machine_(machine), turns_(turns) {}

  StepState check(const Step& step, StepIo&) const override {
    return machine_.is_new.at(step.id) ? StepState::applied : StepState::not_applied;
  }
  Json apply(const Step& step, StepIo&) override {
    set(step, true);
    return nullptr;
  }
  void undo(const Step& step, const std::optional<Json>&, StepIo&) override { set(step, false); }

 private:
  void set(const Step& step, bool is_new) {
    if (machine_.is_down) fail("dead");
    const std::size_t way = turns_.choose(4);
    if (way != 1) machine_.is_new.at(step.id) = is_new;
    if (way == 3) machine_.crash(0);
    if (way != 0) fail("step");
  }

  Machine& machine_;
  Turns& turns_;
};

Plan plan_of(std::size_t steps) {
  Plan plan;
  plan.number = 1;
  plan.actor = "anna";
  plan.outcome.number = 1;
  for (std::size_t i = 0; i < steps; ++i) {
    Step step;
    step.id = format("switch:{}", i);
    step.phase = Phase::activate;
    step.driver = "bad";
    step.summary = "switch";
    plan.steps.push_back(std::move(step));
  }
  return plan;
}

enum class Process { apply, recover_back, recover_forward };

bool all(const Machine& machine, bool is_new) {
  return std::all_of(machine.is_new.begin(), machine.is_new.end(),
                     [&](const auto& each) { return each.second == is_new; });
}

// One process from its start to its end or a crash.
void work(Machine& machine, Turns& turns, Process process) {
  std::map<std::string, std::unique_ptr<Driver>> list;
  list["bad"] = std::make_unique<BadDriver>(machine, turns);
  const Drivers drivers(std::move(list));
  tests::NoContent content;
  Silence silence;
  const StopFlag stop;
  StepIo io{.content = content, .progress = silence, .stop = stop};
  std::optional<Journal> journal;
  try {
    journal = Journal::open(std::make_unique<BadFile>(machine, turns), "journal", kClock);
  } catch (const Error& error) {
    REQUIRE(error.code() == Errc::io);  // never corrupt
    return;
  }
  // Whoever reads that it has ended finds everything so, and stays with it after a crash.
  if (const auto ending = journal->ending()) {
    REQUIRE(all(machine, ending == Event::commit));
    if (ending == Event::commit) machine.was_told_applied = true;
    if (ending == Event::abort) machine.was_told_undone = true;
    return;
  }
  REQUIRE_FALSE(machine.was_told_applied);
  REQUIRE_FALSE(machine.was_told_undone);
  std::optional<Errc> failure;
  try {
    if (process == Process::apply) run_transaction(*journal, drivers, io);
    if (process == Process::recover_back) recover_back(*journal, drivers, io);
    if (process == Process::recover_forward) recover_forward(*journal, drivers, io);
  } catch (const Error& error) {
    failure = error.code();
  }
  if (machine.is_down) return;
  if (!failure) {
    REQUIRE(journal->ending() == (process == Process::recover_back ? Event::abort : Event::commit));
    REQUIRE(all(machine, process != Process::recover_back));
  } else if (failure == Errc::target_failed) {
    REQUIRE(process == Process::apply);
    REQUIRE(journal->ending() == Event::abort);
    REQUIRE(all(machine, false));
  } else {
    REQUIRE(failure == Errc::needs_operator);
    REQUIRE_FALSE(journal->ending());
    return;
  }
  (journal->ending() == Event::commit ? machine.was_told_applied : machine.was_told_undone) = true;
}

struct Walk {
  std::size_t runs = 0;
  // States between two processes, with the faults that were left there.
  std::map<decltype(Machine().key()), std::size_t> seen;

  void from(const Machine& start, Process process, std::size_t faults) {
    std::optional<std::vector<std::size_t>> script = std::vector<std::size_t>();
    while (script) {
      Machine machine = start;
      Turns turns(*script, faults);
      work(machine, turns, process);
      ++runs;
      between(std::move(machine), turns.faults_left());
      script = turns.next();
    }
  }

  // Another process begins; before it the machine may go down.
  void between(Machine machine, std::size_t faults) {
    if (machine.is_down) {
      machine.reboot();
    } else if (faults > 0) {
      Machine cut = machine;
      cut.crash(1);
      cut.reboot();
      go_on(cut, faults - 1);
      cut = machine;
      cut.crash(0);
      cut.reboot();
      go_on(cut, faults - 1);
    }
    go_on(machine, faults);
  }

  void go_on(const Machine& machine, std::size_t faults) {
    const auto [known, is_new] = seen.try_emplace(machine.key(), faults);
    if (!is_new && known->second >= faults) return;
    known->second = faults;
    // Without a fault it ends, and what was said holds.
    for (const Process process : {Process::recover_back, Process::recover_forward}) {
      Machine last = machine;
      Turns none({}, 0);
      work(last, none, process);
      REQUIRE(last.was_told_applied != last.was_told_undone);
      REQUIRE(all(last, last.was_told_applied));
    }
    if (faults < 2) return;  // one for the process, one for what happens to it
    from(machine, Process::recover_back, faults - 1);
    from(machine, Process::recover_forward, faults - 1);
  }
};

std::size_t walk(std::size_t steps, std::size_t faults) {
  const Plan plan = plan_of(steps);
  Machine machine;
  machine.memory = Journal::first_line(plan, kClock);
  machine.memory.resize(machine.memory.size() + 68 * 1024);
  machine.disk = machine.memory;
  for (const Step& step : plan.steps) machine.is_new[step.id] = false;
  Walk walk;
  walk.from(machine, Process::apply, faults);
  return walk.runs;
}

}  // namespace

TEST_CASE("transaction: one step ends on the old or the new release under any six events") {
  CHECK(walk(1, kMaxEvents) > 1000);
}

TEST_CASE("transaction: two steps end on the old or the new release under any four events") {
  CHECK(walk(2, kMaxEventsOfTwo) > 1000);
}

}  // namespace sealift::installer::transaction_model_test
