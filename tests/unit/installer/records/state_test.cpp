// SPDX-License-Identifier: Apache-2.0
#include "installer/records/state.hpp"

#include <catch2/catch.hpp>

#include "tests/unit/errors.hpp"
#include "tests/unit/installer/given.hpp"
#include "tests/unit/scratch_folder.hpp"

namespace sealift::installer::state_test {

using tests::given_revision;
using tests::kGivenClock;

namespace {

// A state folder in which transactions leave their journals.
struct Past {
  tests::ScratchFolder folder;
  Layout layout{.site_yaml = folder / "site.yaml", .state = folder / "state"};

  Past() {
    make_dirs(layout.journal());
    make_dirs(layout.revisions());
  }
  Journal begin(Purpose purpose, const Revision& outcome) const {
    return Journal::create(layout.journal(), tests::given_plan(purpose, outcome), kGivenClock);
  }
  void end(Purpose purpose, const Revision& outcome, Event ending, Json detail = nullptr) const {
    Journal journal = begin(purpose, outcome);
    journal.append(ending, {}, std::move(detail));
    journal.close();
  }
  void commit(Purpose purpose, const Revision& outcome) const {
    end(purpose, outcome, Event::commit);
  }
  void retain(std::uint64_t number) const {
    make_dirs(layout.revisions() / std::to_string(number));
  }
  State state() const { return load_state(layout, kGivenClock); }
};

std::vector<std::uint64_t> numbers(const std::vector<Revision>& revisions) {
  std::vector<std::uint64_t> numbers;
  for (const Revision& each : revisions) numbers.push_back(each.number);
  return numbers;
}

Revision rolled_back(std::uint64_t number, const Revision& to) {
  Revision revision = to;
  revision.number = number;
  revision.parent = number - 1;
  revision.restores = to.number;
  return revision;
}

Placement web_in(const std::string& directory) {
  return {.component = "web",
          .target = "web",
          .driver = "directory",
          .path = "/srv/web",
          .directory = directory,
          .table = Digest::of(directory)};
}

}  // namespace

TEST_CASE("state: a new site has nothing, and its first transaction is number 1") {
  const Past past;
  const State state = past.state();
  CHECK(state.current() == nullptr);
  CHECK(state.previous() == nullptr);
  CHECK(state.next_number == 1);
  CHECK(state.history.empty());
}

TEST_CASE("state: what was committed is what stood, oldest first, and the last is current") {
  const Past past;
  past.commit(Purpose::apply, given_revision(1, "1.0.0"));
  past.commit(Purpose::apply, given_revision(2, "2.0.0"));
  const State state = past.state();
  CHECK(numbers(state.revisions) == std::vector<std::uint64_t>{1, 2});
  REQUIRE(state.current() != nullptr);
  CHECK(state.current()->version == "2.0.0");
  CHECK(state.stands(Digest::of("2.0.0")));
  CHECK_FALSE(state.stands(Digest::of("1.0.0")));
  REQUIRE(state.previous() != nullptr);
  CHECK(state.previous()->version == "1.0.0");
  CHECK(state.revision(1)->title() == "1.0.0 (" + Digest::of("1.0.0").short_hex() + ")");
  CHECK(state.revision(3) == nullptr);
  CHECK(state.next_number == 3);
}

TEST_CASE("state: a transaction that was undone is history alone, with its reason") {
  const Past past;
  past.commit(Purpose::apply, given_revision(1, "1.0.0"));
  past.end(Purpose::apply, given_revision(2, "2.0.0"), Event::abort, "no room");
  const State state = past.state();
  CHECK(numbers(state.revisions) == std::vector<std::uint64_t>{1});
  REQUIRE(state.history.size() == 2);
  CHECK(state.history[1].ending == Event::abort);
  CHECK(state.history[1].why == "no room");
  CHECK(state.history[1].actor == "anna");
  CHECK(state.next_number == 3);
}

TEST_CASE("state: an open transaction changes nothing that is current, and is named") {
  const Past past;
  past.commit(Purpose::apply, given_revision(1, "1.0.0"));
  for (const Purpose purpose : {Purpose::apply, Purpose::stage, Purpose::rollback}) {
    CAPTURE(name(purpose));
    Journal open = past.begin(purpose, given_revision(2, "2.0.0"));
    const State state = past.state();
    CHECK(state.current()->version == "1.0.0");
    CHECK_FALSE(state.staged);
    CHECK(state.unfinished == past.layout.journal() / "000002.journal");
    CHECK(state.unclosed.empty());
    CHECK(state.next_number == 3);
    fs::remove(past.layout.journal() / "000002.journal");
  }
}

TEST_CASE("state: one that has ended without what follows is left to the next command") {
  const Past past;
  Journal journal = past.begin(Purpose::apply, given_revision(1, "1.0.0"));
  journal.append(Event::commit);
  State state = past.state();
  CHECK_FALSE(state.unfinished);
  CHECK(state.unclosed == std::vector{past.layout.journal() / "000001.journal"});
  CHECK(state.current()->version == "1.0.0");
  journal.close();
  state = past.state();
  CHECK(state.unclosed.empty());
}

TEST_CASE("state: a staged release waits until something is applied or rolled back") {
  const Revision one = given_revision(1, "1.0.0");
  for (const Purpose purpose : {Purpose::apply, Purpose::rollback, Purpose::adopt}) {
    CAPTURE(name(purpose));
    const Past past;
    past.commit(Purpose::apply, one);
    past.commit(Purpose::stage, given_revision(2, "2.0.0"));
    const State staged = past.state();
    REQUIRE(staged.staged);
    CHECK(staged.staged->version == "2.0.0");
    CHECK(numbers(staged.revisions) == std::vector<std::uint64_t>{1});
    past.commit(purpose, given_revision(3, "3.0.0"));
    CHECK_FALSE(past.state().staged);
  }
}

TEST_CASE(
    "state: a change of flags, a repair or a failure leaves the staged release the next one") {
  for (const Purpose purpose : {Purpose::flags, Purpose::repair}) {
    CAPTURE(name(purpose));
    const Past past;
    past.commit(Purpose::apply, given_revision(1, "1.0.0"));
    past.commit(Purpose::stage, given_revision(2, "2.0.0"));
    past.commit(purpose, given_revision(3, "1.0.0"));
    past.end(Purpose::apply, given_revision(4, "2.0.0"), Event::abort);
    const State state = past.state();
    REQUIRE(state.staged);
    CHECK(state.staged->number == 2);
    CHECK(state.current()->number == 3);
  }
}

TEST_CASE("state: a rollback leads to what stood before the release that stands now") {
  const Past past;
  const Revision one = given_revision(1, "1.0.0");
  const Revision two = given_revision(2, "2.0.0");
  const Revision three = given_revision(3, "3.0.0");
  for (const Revision* each : {&one, &two, &three}) past.commit(Purpose::apply, *each);
  past.commit(Purpose::rollback, rolled_back(4, two));
  // Not to 3.0.0, which was left: once more back is 1.0.0.
  State state = past.state();
  REQUIRE(state.previous() != nullptr);
  CHECK(state.previous()->version == "1.0.0");
  past.commit(Purpose::rollback, rolled_back(5, one));
  state = past.state();
  CHECK(state.previous() == nullptr);
}

TEST_CASE("state: a change of flags leads back where its release does") {
  const Past past;
  past.commit(Purpose::apply, given_revision(1, "1.0.0"));
  past.commit(Purpose::apply, given_revision(2, "2.0.0"));
  Revision flags = given_revision(3, "2.0.0");
  flags.parent = 1;
  flags.changes = 2;
  past.commit(Purpose::flags, flags);
  REQUIRE(past.state().previous() != nullptr);
  CHECK(past.state().previous()->version == "1.0.0");
}

TEST_CASE("state: a bundle is needed while a transaction is open or its revision is kept") {
  const Past past;
  const Revision one = given_revision(1, "1.0.0");
  past.commit(Purpose::apply, one);
  past.retain(1);
  CHECK(needs_bundle(past.layout, past.state(), one.bundle));
  CHECK_FALSE(needs_bundle(past.layout, past.state(), "chanuka-2.0.0.bundle.tar.zst"));
  fs::remove_all(past.layout.revisions() / "1");
  CHECK_FALSE(needs_bundle(past.layout, past.state(), one.bundle));
  const Revision two = given_revision(2, "2.0.0");
  Journal open = past.begin(Purpose::apply, two);
  CHECK(needs_bundle(past.layout, past.state(), two.bundle));
  open.append(Event::abort);
  past.retain(2);  // what an abort has not removed yet is no reason
  CHECK_FALSE(needs_bundle(past.layout, past.state(), two.bundle));
}

TEST_CASE("state: placements are retained with their revisions, staged ones too") {
  const Past past;
  Revision one = given_revision(1, "1.0.0");
  one.placements = {web_in("releases/1.0.0")};
  Revision two = given_revision(2, "2.0.0");
  two.placements = {web_in("releases/2.0.0")};
  Revision three = given_revision(3, "3.0.0");
  three.placements = {web_in("releases/3.0.0")};
  past.commit(Purpose::apply, one);
  past.commit(Purpose::stage, two);
  past.end(Purpose::apply, three, Event::abort);
  past.retain(2);
  past.retain(3);
  const std::vector<Placement> kept = retained_placements(past.layout, past.state());
  REQUIRE(kept.size() == 1);
  CHECK(kept.front() == two.placements.front());
}

TEST_CASE("state: the summary says what is current, what is before it and what is staged") {
  const Past past;
  past.commit(Purpose::apply, given_revision(1, "1.0.0"));
  past.commit(Purpose::apply, given_revision(2, "2.0.0"));
  past.commit(Purpose::stage, given_revision(3, "3.0.0"));
  write_summary(past.layout, past.state());
  const Json summary = parse_json(read_file(past.layout.summary(), 1 << 20), "state.json");
  CHECK(summary["unfinished"] == false);
  CHECK(summary["program"].is_string());
  CHECK(summary["current"]["version"] == "2.0.0");
  CHECK(summary["floor"]["version"] == "2.0.0");
  CHECK(summary["previous"]["version"] == "1.0.0");
  CHECK(summary["staged"]["version"] == "3.0.0");
}

}  // namespace sealift::installer::state_test
