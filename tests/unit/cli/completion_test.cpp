// SPDX-License-Identifier: Apache-2.0
#include "cli/completion.hpp"

#include <catch2/catch.hpp>

#include "tests/unit/cli/given_program.hpp"
#include "tests/unit/errors.hpp"

namespace sealift::cli::completion_test {

TEST_CASE("completion: each command offers its commands, its options and those of all", "[cli]") {
  const std::string script = completion_script(tests::given_program(), "bash");
  CHECK(script.find("    \"\") words=\"trust help --help --json \" ;;\n"
                    "    \"trust\") words=\"show --help --json \" ;;\n"
                    "    \"trust show\") words=\"--output --help --json \" ;;\n") !=
        std::string::npos);
  CHECK(script.find("    \"trust\" | \"trust show\" | \"help\") path=") != std::string::npos);
  CHECK(script.find("complete -o filenames -F _two_words two-words") != std::string::npos);
}

TEST_CASE("completion: zsh runs the script of bash", "[cli]") {
  CHECK(completion_script(tests::given_program(), "zsh")
            .starts_with("autoload -U +X bashcompinit && bashcompinit\n_two_words() {"));
}

TEST_CASE("completion: fish is told what each word means", "[cli]") {
  const std::string script = completion_script(tests::given_program(), "fish");
  CHECK(script.find("complete -c two-words -s h -l help -d 'show this help'\n") !=
        std::string::npos);
  CHECK(script.find("complete -c two-words -n \"__two_words_at 'trust'\" -f -a show -d "
                    "'show what\\'s there'\n") != std::string::npos);
  CHECK(script.find("-n \"__two_words_at 'trust show'\" -s o -l output -r -d 'where to'") !=
        std::string::npos);
}

TEST_CASE("completion: another shell is refused", "[cli]") {
  CHECK(tests::refusal_of([] { completion_script(tests::given_program(), "csh"); }) == Errc::usage);
}

}  // namespace sealift::cli::completion_test
