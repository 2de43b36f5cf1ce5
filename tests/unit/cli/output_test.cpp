// SPDX-License-Identifier: Apache-2.0
#include "cli/output.hpp"

#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdio>
#include <functional>

#include "base/error.hpp"
#include "base/file.hpp"
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

TEST_CASE("output: with --json there is one document and nothing else") {
  const std::string text = output_of({.json = true}, say_both);
  CHECK(parse_json(text, "stdout") == Json({{"for", "programs"}}));
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
