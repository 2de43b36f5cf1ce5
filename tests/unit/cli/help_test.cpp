// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include "tests/unit/cli/given_program.hpp"

namespace sealift::cli::help_test {

TEST_CASE("help: a command has everything in one order", "[cli]") {
  const Description program = tests::given_program();
  const Description& trust = program.commands.front();
  CHECK(help_of({&program, &trust, &trust.commands.front()}) ==
        "Show what's there. It changes nothing.\n\n"
        "Usage: two-words trust show [OPTIONS] ROOT\n\n"
        "Arguments:\n  ROOT  a root\n\n"
        "Options:\n  -o, --output FILE  where to\n\n"
        "Global options:\n  -h, --help  show this help\n  --json      as JSON\n\n"
        "Environment variables:\n  TMPDIR  a folder\n\n"
        "Examples:\n  two-words trust show a.json\n      one root\n\n"
        "Exit statuses:\n  0  done\n\n"
        "See docs/commands.md#two-words-trust-show\n");
}

TEST_CASE("help: commands stand in groups", "[cli]") {
  const Description program = tests::given_program();
  const std::string help = help_of({&program});
  CHECK(help.find("\nKeys:\n  trust  handle trust\n\nOthers:\n  help  help\n") !=
        std::string::npos);
}

}  // namespace sealift::cli::help_test
