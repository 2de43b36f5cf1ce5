// SPDX-License-Identifier: Apache-2.0
#include "installer/session/forecast.hpp"

#include <catch2/catch.hpp>

#include "tests/unit/installer/given.hpp"

namespace sealift::installer::forecast_test {

namespace {

constexpr std::uint64_t kMegabyte = 1'000'000;

// A transaction that took so long, and whose release has a component of this version and size.
PastTransaction past(std::uint64_t number, Purpose purpose, std::int64_t seconds,
                     std::uint64_t bytes, Event ending = Event::commit) {
  Revision outcome = tests::given_revision(number, std::to_string(number));
  outcome.placements.push_back({.component = "web",
                                .target = "web",
                                .driver = "directory",
                                .path = "/srv/web",
                                .directory = "",
                                .table = Digest::of(outcome.version),
                                .bytes = bytes});
  const Time begun{1'700'000'000};
  return {.number = number,
          .purpose = purpose,
          .begun = begun,
          .actor = "anna",
          .reason = "",
          .ending = ending,
          .ended = Time{begun.seconds + seconds},
          .why = "",
          .outcome = std::move(outcome)};
}

Draft draft_of(std::uint64_t bytes) {
  Draft draft;
  draft.plan = tests::given_plan(Purpose::apply, tests::given_revision(9, "9"),
                                 {tests::given_step("a", Phase::stage, "directory")});
  draft.changes.emplace_back().new_bytes = bytes;
  return draft;
}

std::string said(const std::vector<PastTransaction>& history, std::uint64_t bytes) {
  State state;
  state.history = history;
  return text(forecast_of(draft_of(bytes), state, std::nullopt));
}

}  // namespace

TEST_CASE("forecast: a plan takes about as long as the last ones of its purpose") {
  CHECK(said({past(1, Purpose::apply, 40, kMegabyte)}, kMegabyte) ==
        "about 40 s like the last one");
  CHECK(said({past(1, Purpose::apply, 40, kMegabyte), past(2, Purpose::rollback, 2, kMegabyte),
              past(3, Purpose::apply, 20, kMegabyte), past(4, Purpose::apply, 19, kMegabyte),
              past(5, Purpose::apply, 900, kMegabyte, Event::abort)},
             kMegabyte) == "about 20 s like the last 3");
}

TEST_CASE("forecast: nothing is said where nothing is known") {
  CHECK(said({}, kMegabyte).empty());
  CHECK(said({past(1, Purpose::rollback, 2, kMegabyte)}, kMegabyte).empty());
  CHECK(said({past(1, Purpose::apply, 2, kMegabyte)}, 3 * kMegabyte).empty());
}

TEST_CASE("forecast: the window follows, for people and for programs") {
  State state;
  state.history = {past(1, Purpose::apply, 0, kMegabyte)};
  const Forecast forecast =
      forecast_of(draft_of(1), state, Maintenance{.is_open = true, .until = std::nullopt});
  CHECK(text(forecast) == "about 1 s like the last one; window open");
  CHECK(to_json(forecast) ==
        Json({{"estimate", {{"seconds", 1}, {"transactions", 1}}}, {"window", {{"open", true}}}}));
}

}  // namespace sealift::installer::forecast_test
