// SPDX-License-Identifier: Apache-2.0
#include "base/process.hpp"

#include <catch2/catch.hpp>
#include <thread>

#include "tests/unit/errors.hpp"
#include "tests/unit/scratch_folder.hpp"

namespace sealift::process_test {

using tests::refusal_of;

namespace {

Command command(const std::vector<std::string>& arguments, const std::string& input = {}) {
  return {.arguments = arguments, .folder = {}, .input = input};
}

}  // namespace

TEST_CASE("process: arguments reach the program as they are, with no shell between") {
  const auto outcome = run(command({"printf", "%s|", "a b", "$HOME", ";x", ""}));
  REQUIRE(outcome);
  CHECK(outcome->status == 0);
  CHECK(outcome->output == "a b|$HOME|;x||");
}

TEST_CASE("process: a program that inherits nothing finds what it is given alone") {
  Command env = command({"/usr/bin/env"});
  env.environment = {{"A", "1"}, {"B", "two words"}};
  env.inherit = Inherit::nothing;
  const auto outcome = run(env);
  REQUIRE(outcome);
  CHECK(outcome->output == "A=1\nB=two words\n");
  // What it is given counts where it is looked for, too.
  env.arguments = {"env"};
  env.environment = {{"PATH", "/nowhere"}};
  CHECK_FALSE(run(env));
}

TEST_CASE("process: a program that gets no new privileges cannot start one that does") {
  const auto mark_of = [](Privileges privileges) {
    Command grep = command({"sh", "-c", "grep NoNewPrivs /proc/self/status"});
    grep.privileges = privileges;
    return run(grep)->output;
  };
  CHECK(mark_of(Privileges::no_new) == "NoNewPrivs:\t1\n");
  CHECK(mark_of(Privileges::keep) == "NoNewPrivs:\t0\n");
  // Nor is ours touched.
  CHECK(mark_of(Privileges::keep) == "NoNewPrivs:\t0\n");
}

TEST_CASE("process: one that inherits nothing and takes too long goes with all that it started") {
  const tests::ScratchFolder folder;
  const std::string mark = (folder / "mark").string();
  Command slow = command({"sh", "-c", "(sleep 2; touch \"$0\") & wait", mark});
  slow.timeout = std::chrono::seconds(1);
  slow.environment = {{"PATH", "/usr/bin:/bin"}};
  slow.inherit = Inherit::nothing;
  CHECK(refusal_of([&] { run(slow); }) == Errc::io);
  std::this_thread::sleep_for(std::chrono::milliseconds(1500));
  CHECK_FALSE(fs::exists(mark));
}

TEST_CASE("process: what a program said is one line, bounded, and safe for a terminal") {
  CHECK(said({1, "out\n", "bad\nworse\n"}) == "bad; worse; out");
  CHECK(said({1, "\n \n", ""}) == "and said nothing");
  CHECK(said({1, "\033[2J", ""}).find('\033') == std::string::npos);
  CHECK(said({1, std::string(100'000, 'x'), ""}).size() < 1100);
}

TEST_CASE("process: status, signals and both outputs are told apart") {
  const auto failed = run(command({"sh", "-c", "echo out; echo err >&2; exit 3"}));
  REQUIRE(failed);
  CHECK(failed->status == 3);
  CHECK(failed->output == "out\n");
  CHECK(failed->error_output == "err\n");
  const auto killed = run(command({"sh", "-c", "kill -TERM $$"}));
  REQUIRE(killed);
  CHECK(killed->status == 128 + 15);
}

TEST_CASE("process: input larger than a pipe flows through a program that answers as it reads") {
  const std::string input(3 << 20, 'x');
  Command cat = command({"cat"}, input);
  cat.timeout = std::chrono::seconds(20);
  cat.output_limit = 4 << 20;
  const auto outcome = run(cat);
  REQUIRE(outcome);
  CHECK((outcome->output == input));
}

TEST_CASE("process: a program that reads none of its input does not end us") {
  const auto outcome = run(command({"true"}, std::string(1 << 20, 'x')));
  REQUIRE(outcome);
  CHECK(outcome->status == 0);
}

TEST_CASE("process: output beyond the limit is dropped") {
  Command head = command({"head", "-c", "100000", "/dev/zero"});
  head.output_limit = 1000;
  const auto outcome = run(head);
  REQUIRE(outcome);
  CHECK(outcome->status == 0);
  CHECK(outcome->output.size() == 1000);
}

TEST_CASE("process: a program that does not exist is nothing") {
  CHECK_FALSE(run(command({"sealift-no-such-program"})));
}

TEST_CASE("process: a program that may not be run or takes too long is an error") {
  CHECK(refusal_of([] { run(command({"/etc/passwd"})); }) == Errc::io);
  Command sleep = command({"sleep", "60"});
  sleep.timeout = std::chrono::seconds(1);
  CHECK(refusal_of([&] { run(sleep); }) == Errc::io);
}

TEST_CASE("process: a program that closes its streams and goes on has no more time than others") {
  Command silent = command({"sh", "-c", "exec <&- >&- 2>&-; exec sleep 60"});
  silent.timeout = std::chrono::seconds(1);
  CHECK(refusal_of([&] { run(silent); }) == Errc::io);
  ProgramSink program(silent);
  CHECK(refusal_of([&] { program.finish(); }) == Errc::io);
}

TEST_CASE("process: what a program leaves running holds up nobody, silent or not") {
  for (const std::string left : {"sleep 8", "timeout 8 yes", "timeout 8 yes >&2"}) {
    CAPTURE(left);
    Command starts = command({"sh", "-c", "echo said; " + left + " & exit 3"});
    starts.timeout = std::chrono::seconds(4);
    starts.output_limit = 1000;
    const auto outcome = run(starts);
    REQUIRE(outcome);
    CHECK(outcome->status == 3);
    CHECK(outcome->output.find("said\n") != std::string::npos);
    ProgramSink sink(starts);
    CHECK(sink.finish().status == 3);
  }
  Command dumps = command({"sh", "-c", "sleep 8 & head -c 300000 /dev/zero"});
  dumps.timeout = std::chrono::seconds(4);
  ProgramSource source(dumps);
  std::string buffer(10'000, '\0');
  std::size_t total = 0;
  while (const std::size_t count = source.read(buffer)) total += count;
  CHECK(total == 300'000);
  CHECK(source.finish().status == 0);
}

TEST_CASE("process: a working folder is entered, and one that is missing is an error") {
  Command pwd = command({"pwd"});
  pwd.folder = "/";
  const auto outcome = run(pwd);
  REQUIRE(outcome);
  CHECK(outcome->output == "/\n");
  pwd.folder = "/no/such/folder";
  CHECK(refusal_of([&] { run(pwd); }) == Errc::io);
}

TEST_CASE("program sink: what is written reaches the program, whatever it says meanwhile") {
  Command talkative = command({"sh", "-c", "head -c 1000000 /dev/zero >&2; wc -c; exit 4"});
  talkative.output_limit = 1000;
  ProgramSink program(talkative);
  const std::string piece(100'000, 'x');
  for (int i = 0; i < 20; ++i) program.write(piece);
  const Outcome outcome = program.finish();
  CHECK(outcome.status == 4);
  CHECK(outcome.output == "2000000\n");
  CHECK(outcome.error_output.size() >= 1000);
  CHECK(outcome.error_output.size() <= 2000);
}

TEST_CASE("program sink: one that ends early is an error with what it said") {
  ProgramSink program(command({"sh", "-c", "echo full >&2; exit 1"}));
  const std::string piece(1'000'000, 'x');
  const auto error = tests::error_of([&] {
    for (int i = 0; i < 10; ++i) program.write(piece);
  });
  REQUIRE(error);
  CHECK(error->code() == Errc::io);
  CHECK_THAT(error->message(), Catch::Matchers::Contains("full"));
}

TEST_CASE("program sink: one that does nothing, or does not exist, is an error") {
  Command sleep = command({"sleep", "10"});
  sleep.timeout = std::chrono::seconds(1);
  ProgramSink program(sleep);
  const std::string piece(1'000'000, 'x');
  CHECK(refusal_of([&] { program.write(piece); }) == Errc::io);
  ProgramSink missing(command({"/no/such/program"}));
  CHECK(refusal_of([&] { missing.finish(); }) == Errc::io);
}

TEST_CASE("program source: all of the output, then the status") {
  ProgramSource program(command({"sh", "-c", "head -c 3000000 /dev/zero; echo end >&2; exit 5"}));
  std::string buffer(10'000, '\0');
  std::size_t total = 0;
  while (const std::size_t count = program.read(buffer)) total += count;
  CHECK(total == 3'000'000);
  const Outcome outcome = program.finish();
  CHECK(outcome.status == 5);
  CHECK(outcome.error_output == "end\n");
}

}  // namespace sealift::process_test
