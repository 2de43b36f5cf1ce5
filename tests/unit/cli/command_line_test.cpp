// SPDX-License-Identifier: Apache-2.0
#include "cli/command_line.hpp"

#include <catch2/catch.hpp>

#include "tests/unit/cli/given_program.hpp"
#include "tests/unit/errors.hpp"

namespace sealift::cli::command_line_test {

namespace {

struct Found {
  std::string path;
  Asked asked;
  bool operator==(const Found&) const = default;
};

Found read(const std::vector<std::string>& words) {
  const Description program = tests::given_program();
  const Invocation found = read_command_line(program, words);
  return {path_of(found.route), found.asked};
}

std::string refused(const std::vector<std::string>& words) {
  return tests::messages(tests::error_of([&] { read(words); }));
}

}  // namespace

TEST_CASE("command line: a command is found behind options, and their values are none", "[cli]") {
  CHECK(read({"--json", "trust", "show", "-o", "help", "a.json"}) ==
        Found{"two-words trust show", Asked::run});
  CHECK(read({"trust", "show", "--output=help", "-ohelp", "--out", "--help", "x"}) ==
        Found{"two-words trust show", Asked::run});
  CHECK(read({"trust", "show", "-", "--", "--help"}) == Found{"two-words trust show", Asked::run});
}

TEST_CASE("command line: help is asked for in three ways", "[cli]") {
  const Found expected{"two-words trust show", Asked::help};
  CHECK(read({"trust", "show", "--help"}) == expected);
  CHECK(read({"-h", "trust", "show"}) == expected);
  CHECK(read({"help", "trust", "show"}) == expected);
  CHECK(read({"help"}) == Found{"two-words", Asked::help});
  CHECK(read({"help", "help"}) == Found{"two-words help", Asked::help});
}

TEST_CASE("command line: an unknown command is told the nearest, also with --help", "[cli]") {
  const std::string said = "unknown command \"trsut\"; did you mean \"trust\"?\n";
  CHECK(refused({"trsut"}) == said);
  CHECK(refused({"trsut", "--help"}) == said);
  CHECK(refused({"--help", "trsut"}) == said);
  CHECK(refused({"help", "trsut"}) == said);
  CHECK(refused({"trust", "shwo"}) == "unknown command \"shwo\"; did you mean \"show\"?\n");
  CHECK(refused({"help", "trust", "shwo"}) == "unknown command \"shwo\"; did you mean \"show\"?\n");
  CHECK(refused({"other"}) == "unknown command \"other\"\n");
}

TEST_CASE("command line: an unknown option is told the nearest, also with --help", "[cli]") {
  CHECK(refused({"trust", "show", "--ouptut=x"}) ==
        "unknown option \"--ouptut\" of two-words trust show; did you mean \"--output\"?\n");
  CHECK(refused({"--hlep"}) ==
        "unknown option \"--hlep\" of two-words; did you mean \"--help\"?\n");
  CHECK(refused({"trust", "show", "--help", "-hx"}) ==
        "unknown option \"-x\" of two-words trust show\n");
  CHECK(refused({"--other"}) == "unknown option \"--other\" of two-words\n");
}

TEST_CASE("command line: half a command is told how it goes on", "[cli]") {
  CHECK(refused({"trust"}) ==
        "found no command behind \"two-words trust\", expected one of: show\n");
  CHECK(tests::refusal_of([] { read({}); }) == Errc::usage);
}

}  // namespace sealift::cli::command_line_test
