// SPDX-License-Identifier: Apache-2.0
#include "installer/records/journal.hpp"

#include <catch2/catch.hpp>

#include "tests/unit/errors.hpp"
#include "tests/unit/scratch_folder.hpp"

namespace sealift::installer::journal_test {

using tests::refusal_of;

namespace {

const FixedClock kClock(Time{1'700'000'000});
constexpr std::uint64_t kLimit = 1 << 20;

Plan some_plan() {
  Plan plan;
  plan.number = 7;
  plan.actor = "anna";
  plan.outcome.number = 7;
  plan.steps = {{.id = "unpack:web",
                 .phase = Phase::stage,
                 .component = "web",
                 .target = "web",
                 .driver = "directory",
                 .action = "unpack",
                 .data = {{"path", "/srv/web"}},
                 .summary = "unpack",
                 .undo = Undo::automatic}};
  return plan;
}

Journal some_journal(const tests::ScratchFolder& folder) {
  Journal journal = Journal::create(folder.path(), some_plan(), kClock);
  journal.append(Event::applying, "unpack:web");
  journal.append(Event::applied, "unpack:web", {{"written", 3}});
  return journal;
}

fs::path file_of(const tests::ScratchFolder& folder) {
  return folder.path() / "000007.journal";
}

std::string written(const tests::ScratchFolder& folder) {
  const std::string bytes = read_file(file_of(folder), kLimit);
  return bytes.substr(0, bytes.find('\0'));
}

}  // namespace

TEST_CASE("journal: what was appended is read back, and its space stays reserved until it ends") {
  const tests::ScratchFolder folder;
  Journal journal = some_journal(folder);
  const Journal read = Journal::read(file_of(folder), kClock);
  CHECK(read.plan() == some_plan());
  REQUIRE(read.records().size() == 3);
  CHECK(read.records()[1].event == Event::applying);
  CHECK(read.records()[2].detail == Json{{"written", 3}});
  CHECK_FALSE(read.ending());
  CHECK(fs::file_size(file_of(folder)) > 256 * 1024);
  journal.append(Event::commit);
  journal.close();
  CHECK(Journal::read(file_of(folder), kClock).ending() == Event::commit);
  CHECK(fs::file_size(file_of(folder)) == written(folder).size());
}

TEST_CASE("journal: a last record torn at any byte is cut off and can be written again") {
  const tests::ScratchFolder folder;
  some_journal(folder);
  const std::string whole = written(folder);
  const std::size_t last = whole.rfind('\n', whole.size() - 2) + 1;
  for (std::size_t size = last; size < whole.size(); ++size) {
    write_file(file_of(folder), whole.substr(0, size) + std::string(4096, '\0'));
    Journal journal = Journal::open(file_of(folder), kClock);
    REQUIRE(journal.records().size() == 2);
    journal.append(Event::undone, "unpack:web");
    REQUIRE(Journal::read(file_of(folder), kClock).records().size() == 3);
  }
}

TEST_CASE("journal: a broken record in the middle is corruption, whatever bit is broken") {
  const tests::ScratchFolder folder;
  some_journal(folder);
  const std::string whole = written(folder);
  const std::size_t last = whole.rfind('\n', whole.size() - 2);
  for (std::size_t at = 0; at < last; ++at) {
    std::string broken = whole;
    broken[at] = static_cast<char>(broken[at] ^ 1);
    write_file(file_of(folder), broken);
    CAPTURE(at);
    REQUIRE(refusal_of([&] { Journal::read(file_of(folder), kClock); }) == Errc::corrupt);
  }
}

TEST_CASE("journal: a zero byte ends it only where no more than a torn record follows") {
  const tests::ScratchFolder folder;
  some_journal(folder);
  const std::string whole = written(folder);
  const std::size_t last = whole.rfind('\n', whole.size() - 2) + 1;
  const std::size_t middle = whole.find('\n') + 1;
  std::string bytes = whole;
  bytes[last] = '\0';
  write_file(file_of(folder), bytes + std::string(4096, '\0'));
  CHECK(Journal::read(file_of(folder), kClock).records().size() == 2);
  bytes = whole;
  bytes[middle] = '\0';
  write_file(file_of(folder), bytes);
  CHECK(refusal_of([&] { Journal::read(file_of(folder), kClock); }) == Errc::corrupt);
}

TEST_CASE("journal: records cannot be removed, swapped or repeated") {
  const tests::ScratchFolder folder;
  some_journal(folder);
  const std::string whole = written(folder);
  const std::size_t one = whole.find('\n') + 1;
  const std::size_t two = whole.find('\n', one) + 1;
  const std::string begin = whole.substr(0, one);
  const std::string middle = whole.substr(one, two - one);
  const std::string end = whole.substr(two);
  // The last line of each is whole and would be cut off as torn; what stands before it is not.
  for (const std::string& bytes :
       {begin + end + middle, begin + middle + middle + end, middle + end, std::string()}) {
    write_file(file_of(folder), bytes);
    CHECK(refusal_of([&] { Journal::read(file_of(folder), kClock); }) == Errc::corrupt);
  }
}

}  // namespace sealift::installer::journal_test
