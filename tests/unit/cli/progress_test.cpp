// SPDX-License-Identifier: Apache-2.0
#include "cli/progress.hpp"

#include <catch2/catch.hpp>

namespace sealift::cli::progress_test {

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::size_t kMiB = 1U << 20U;

// A screen with a clock of its own, and what was written to it.
struct Given {
  explicit Given(std::size_t columns, log::Level level = log::Level::normal)
      : progress({.level = level,
                  .columns = columns,
                  .now = [this] { return now; },
                  .write = [this](std::string_view text) { written += text; }}) {}

  // As a Ticker does.
  void pass(milliseconds time) {
    now += time;
    progress.look();
  }
  // What stands on the line of a terminal now.
  std::string line() const {
    const std::size_t begin = written.rfind("\x1b[K");
    return begin == written.npos ? written : written.substr(begin + 3);
  }

  Screen::Now now;
  std::string written;
  ScreenProgress progress;
};

}  // namespace

TEST_CASE("progress: a pipe gets one line at the end of each step") {
  Given given(0);
  {
    ShownStep first(given.progress, 1, 2, "unpack web");
    given.pass(milliseconds(200));
    first.done();
  }
  {
    ShownStep second(given.progress, 2, 2, "bring web up");
    given.pass(seconds(3));
  }
  CHECK(given.written ==
        "[1/2] unpack web ... 0.2 s\n"
        "[2/2] bring web up ... failed after 3 s\n");
}

TEST_CASE("progress: a pipe is told of a step that takes long, and what it waits for") {
  Given given(0);
  given.progress.begin_step(12, 18, "bring web up");
  given.progress.wait_for("service api (starting)", seconds(60));
  given.pass(seconds(4));
  CHECK(given.written.empty());
  given.pass(seconds(2));
  const std::string first =
      "[12/18] bring web up: waiting for service api (starting), 6 s of at most 1 min 0 s ...\n";
  CHECK(given.written == first);
  given.pass(seconds(30));
  CHECK(given.written == first);
  given.progress.end_step(12, StepEnd::done);
  CHECK(given.written == first + "[12/18] bring web up ... 36 s\n");
}

TEST_CASE("progress: a terminal has one line, which shows bytes, rate and time left") {
  Given given(200);
  given.progress.begin("apply", 10 * kMiB);
  given.progress.begin_step(1, 3, "unpack web");
  given.now += seconds(2);
  given.progress.advance(4 * kMiB);
  CHECK(given.line() == "[1/3] unpack web: 4.0 MiB of 10.0 MiB, 2.0 MiB/s, 4 s left");
  given.progress.begin_step(2, 3, "load api");
  given.pass(seconds(1));
  CHECK(given.line().starts_with("[2/3] load api (and 1 more): 4.0 MiB of 10.0 MiB"));
  given.progress.end_step(2, StepEnd::done);
  given.progress.end_step(1, StepEnd::done);
  CHECK(given.line().empty());
  given.progress.begin_step(3, 3, "restart nginx");
  given.progress.wait_for("nginx -s reload", seconds(0));
  given.pass(seconds(2));
  CHECK(given.line() == "[3/3] restart nginx: waiting for nginx -s reload, 2 s");
  CHECK(given.written.find('\n') == std::string::npos);
}

TEST_CASE("progress: the time of a wait counts from its first look") {
  Given given(200);
  given.progress.begin_step(1, 1, "check health");
  given.progress.wait_for("api (found status 503)", seconds(30));
  given.pass(seconds(5));
  given.progress.wait_for("api (found status 404)", seconds(30));
  given.pass(seconds(5));
  CHECK(given.line() ==
        "[1/1] check health: waiting for api (found status 404), 10 s of at most 30 s");
}

TEST_CASE("progress: what a step left begun ends with it") {
  Given given(200);
  given.progress.begin("apply", 10);
  given.progress.begin_step(1, 2, "back up app");
  given.progress.begin("dump", kMiB);
  given.progress.end_step(1, StepEnd::failed);
  given.progress.begin_step(2, 2, "undo: stage");
  given.pass(seconds(3));
  CHECK(given.line() == "[2/2] undo: stage, 3 s");
}

TEST_CASE("progress: the line is never wider than the terminal") {
  Given given(20);
  given.progress.begin_step(1, 9, "bring \xC3\xA4 very long name up");
  CHECK(given.line() == "[1/9] bri..., 0.0 s");
}

TEST_CASE("progress: nothing is said where nobody wants to hear it") {
  for (const std::size_t columns : {0, 80}) {
    Given given(columns, log::Level::quiet);
    given.progress.begin("apply", 10);
    given.progress.begin_step(1, 1, "unpack web");
    given.pass(seconds(20));
    given.progress.advance(5);
    given.progress.end_step(1, StepEnd::done);
    given.progress.end();
    CHECK(given.written.empty());
  }
}

}  // namespace sealift::cli::progress_test
