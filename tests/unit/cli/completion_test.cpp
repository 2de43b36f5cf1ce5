// SPDX-License-Identifier: Apache-2.0
#include "cli/completion.hpp"

#include <catch2/catch.hpp>

#include "tests/unit/errors.hpp"

namespace sealift::cli::completion_test {
using cli::CommandTree;

static const CommandTree kProgram{
    .name = "two-words",
    .options = {"json"},
    .commands = {{.name = "trust", .options = {"help"}, .commands = {{"show", {"key"}, {}}}}}};

TEST_CASE("completion: each command offers its commands, then its options", "[cli]") {
  const std::string script = cli::completion_script(kProgram, "bash");
  CHECK(script.find("    \"\") words=\"trust --json \" ;;\n"
                    "    \"trust\") words=\"show --help \" ;;\n"
                    "    \"trust show\") words=\"--key \" ;;\n") != std::string::npos);
  CHECK(script.find("complete -o filenames -F _two_words two-words") != std::string::npos);
}

TEST_CASE("completion: zsh runs the script of bash, another shell is refused", "[cli]") {
  CHECK(cli::completion_script(kProgram, "zsh").starts_with("autoload -U +X bashcompinit"));
  CHECK(tests::refusal_of([] { cli::completion_script(kProgram, "fish"); }) == Errc::usage);
}

}  // namespace sealift::cli::completion_test
