// SPDX-License-Identifier: Apache-2.0
#include "base/process.hpp"

#include <catch2/catch.hpp>

#include "tests/unit/errors.hpp"

namespace sealift {

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

TEST_CASE("process: a working folder is entered, and one that is missing is an error") {
  Command pwd = command({"pwd"});
  pwd.folder = "/";
  const auto outcome = run(pwd);
  REQUIRE(outcome);
  CHECK(outcome->output == "/\n");
  pwd.folder = "/no/such/folder";
  CHECK(refusal_of([&] { run(pwd); }) == Errc::io);
}

}  // namespace sealift
