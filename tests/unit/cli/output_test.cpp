// SPDX-License-Identifier: Apache-2.0
#include "cli/output.hpp"

#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdio>
#include <functional>

#include "base/error.hpp"
#include "base/file.hpp"
#include "cli/table.hpp"
#include "tests/unit/scratch_folder.hpp"

namespace sealift::cli::output_test {

namespace {

// What `work` writes to standard output while that is the file `to`.
void with_stdout(const char* to, const std::function<void()>& work) {
  std::fflush(stdout);
  const Fd kept(::dup(STDOUT_FILENO));
  REQUIRE(std::freopen(to, "w", stdout) != nullptr);
  try {
    work();
  } catch (...) {
    std::clearerr(stdout);
    ::dup2(kept.get(), STDOUT_FILENO);
    throw;
  }
  std::fflush(stdout);
  ::dup2(kept.get(), STDOUT_FILENO);
}

std::string output_of(const cli::Globals& globals, const std::function<void(cli::Output&)>& work) {
  const tests::ScratchFolder folder;
  const std::string file = (folder.path() / "stdout").string();
  with_stdout(file.c_str(), [&] {
    cli::Output out(globals);
    work(out);
    out.finish();
  });
  return read_file(file, 1 << 20);
}

void say_both(cli::Output& out) {
  out.line("for people");
  out.table({{"NAME", "SIZE"}, {"a long name", "1"}});
  out.json({{"for", "programs"}});
}

}  // namespace

TEST_CASE("output: people get lines and aligned columns, and no JSON") {
  CHECK(output_of({}, say_both) == "for people\nNAME         SIZE\na long name  1\n");
}

TEST_CASE("output: a table of too many columns for a terminal is one of lines") {
  const std::vector<Row> rows = {{"REVISION", "TIME", "BY", "END", "TOOK", "WHY"},
                                 {"1", "now", "", "done", "1 s", ""},
                                 {"2", "then", "anna", "undone", "2 s", "a disk was full"}};
  CHECK(laid_out(rows, 40) ==
        std::vector<std::vector<std::string>>{
            {},
            {"REVISION  1", "TIME      now", "END       done", "TOOK      1 s", ""},
            {"REVISION  2", "TIME      then", "BY        anna", "END       undone", "TOOK      2 s",
             "WHY       a disk was full"}});
  CHECK(laid_out(rows, 80).front().size() == 1);
}

TEST_CASE("output: with --json there is one document and nothing else") {
  const std::string text = output_of({.json = true}, say_both);
  CHECK(parse_json(text, "stdout") == Json({{"for", "programs"}}));
}

TEST_CASE("output: columns that do not fit are wrapped, and none is padded at the end") {
  const auto lines = cli::laid_out({{"NAME", "FOUND"}, {"web", "one two three"}, {"a", ""}}, 13);
  CHECK(lines == std::vector<std::vector<std::string>>{
                     {"NAME  FOUND"}, {"web   one two", "      three"}, {"a"}});
  const auto all = cli::laid_out({{"A", "B"}, {"a-very-long-word", "x"}}, 0);
  CHECK(all[1] == std::vector<std::string>{"a-very-long-word  x"});
}

TEST_CASE("output: colours are wanted where they are asked for") {
  const auto with = [](const char* variable, const char* value, auto work) {
    ::setenv(variable, value, 1);
    const auto found = work();
    ::unsetenv(variable);
    return found;
  };
  const int none = -1;
  CHECK(cli::wants_color(cli::Color::always, none));
  CHECK_FALSE(cli::wants_color(cli::Color::never, none));
  const auto automatic = [&] { return cli::wants_color(cli::Color::automatic, none); };
  CHECK_FALSE(automatic());
  CHECK(with("CLICOLOR_FORCE", "1", automatic));
  CHECK_FALSE(with("CLICOLOR_FORCE", "0", automatic));
  CHECK_FALSE(with("CLICOLOR_FORCE", "1", [&] { return with("NO_COLOR", "1", automatic); }));
  CHECK(with("NO_COLOR", "1", [&] { return cli::wants_color(cli::Color::always, none); }));
}

TEST_CASE("output: a colour changes no word") {
  const std::string text = output_of({.color = cli::Color::always}, say_both);
  CHECK(text == "for people\n\x1b[1mNAME         SIZE\x1b[0m\na long name  1\n");
}

TEST_CASE("output: times have the unit that a person would choose") {
  CHECK(cli::duration_text(std::chrono::seconds(3)) == "3 s");
  CHECK(cli::duration_text(std::chrono::seconds(125)) == "2 min 5 s");
  CHECK(cli::duration_text(std::chrono::seconds(7260)) == "2 h 1 min");
}

TEST_CASE("output: a disk that is full is an error, not silence") {
  Errc code = Errc::internal;
  try {
    with_stdout("/dev/full", [] {
      const cli::Globals globals;
      cli::Output out(globals);
      out.line("lost");
      out.finish();
    });
  } catch (const Error& error) {
    code = error.code();
  }
  CHECK(code == Errc::io);
}

TEST_CASE("output: sizes have the unit that a person would choose") {
  CHECK(cli::size_text(0) == "0 B");
  CHECK(cli::size_text(1023) == "1023 B");
  CHECK(cli::size_text(1024) == "1.0 KiB");
  CHECK(cli::size_text(43935334) == "41.9 MiB");
  CHECK(cli::size_text(std::uint64_t{5} << 40) == "5.0 TiB");
  CHECK(cli::size_text(std::uint64_t{5000} << 40) == "5000.0 TiB");
}

TEST_CASE("output: one file, two files") {
  CHECK(cli::count_text(0, "file") == "0 files");
  CHECK(cli::count_text(1, "file") == "1 file");
  CHECK(cli::count_text(2, "file") == "2 files");
}

}  // namespace sealift::cli::output_test
