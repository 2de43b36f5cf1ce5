// SPDX-License-Identifier: Apache-2.0
#include "base/program_file.hpp"

#include <catch2/catch.hpp>

#include "base/process.hpp"
#include "tests/unit/errors.hpp"
#include "tests/unit/scratch_folder.hpp"

namespace sealift::program_file_test {

using Catch::Matchers::Contains;

namespace {

// The beginning of an ELF program for that machine.
std::string elf_for(char machine) {
  std::string head(
      "\x7f"
      "ELF\x02\x01\x01",
      7);
  head.resize(64);
  head[16] = 2;
  head[18] = machine;
  return head;
}

constexpr char kX86 = 62;
constexpr char kArm = static_cast<char>(183);

}  // namespace

TEST_CASE("program file: what no host starts is seen in its beginning") {
  CHECK_THAT(program_flaw("#!/bin/sh\r\nexit 0\r\n"), Contains("CRLF"));
  CHECK_THAT(program_flaw("#!/usr/bin/env bash\r\n"), Contains("CRLF"));
  CHECK_THAT(program_flaw("#!/bin/sh\r"), Contains("CRLF"));
  CHECK_THAT(program_flaw("\xEF\xBB\xBF#!/bin/sh\n"), Contains("byte order mark"));
  CHECK_THAT(program_flaw("\xCF\xFA\xED\xFE rest"), Contains("macOS"));
  CHECK_THAT(program_flaw(std::string_view("MZ\x90\0", 4)), Contains("Windows"));
  for (const std::string_view good : {"#!/bin/sh\nexit\r\n", "echo\r\n", "", "#!", "MZ=1\n"}) {
    CAPTURE(good);
    CHECK(program_flaw(good).empty());
  }
  CHECK(program_flaw(elf_for(kX86)).empty());
}

TEST_CASE("program file: the machine of a program, the interpreter of a script") {
  CHECK(program_machine(elf_for(kX86)) == "amd64");
  CHECK(program_machine(elf_for(kArm)) == "arm64");
  CHECK(program_machine(elf_for(1)) == "machine 1");
  CHECK(program_machine("#!/bin/sh\n").empty());
  CHECK(program_machine("\x7f"
                        "ELF")
            .empty());
  CHECK(interpreter_of("#! /bin/sh -e\n") == "/bin/sh");
  CHECK(interpreter_of("#!bin/sh\n").empty());
  CHECK(interpreter_of("echo\n").empty());
}

TEST_CASE("program file: what this host does not start is named before it is tried") {
  const tests::ScratchFolder folder;
  const auto obstacle = [&](const std::string& content, FileMode mode = FileMode::executable) {
    write_file(folder / "program", content, mode);
    return program_obstacle(folder / "program", "/usr/bin:/bin");
  };
  CHECK(obstacle("#!/bin/sh\n").empty());
  CHECK(obstacle("exit 0\n").empty());
  CHECK(obstacle("#!/usr/bin/env sh\n").empty());
  CHECK(obstacle("#!/usr/bin/env -S A=1 sh -e\n").empty());
  CHECK_THAT(obstacle("#!/bin/sh\n", FileMode::plain), Contains("not executable"));
  CHECK_THAT(obstacle("#!/bin/sh\r\n"), Contains("CRLF"));
  CHECK_THAT(obstacle("#!/no/such/shell -e\n"), Contains("interpreter /no/such/shell"));
  CHECK_THAT(obstacle("#!/usr/bin/env no-such-shell\n"), Contains("interpreter no-such-shell"));
  CHECK_THAT(obstacle("#!/usr/bin/env -S A=1 no-such-shell -e\n"), Contains("no-such-shell"));
  CHECK_THAT(program_obstacle(folder / "none", ""), Contains("not there"));
  CHECK_THAT(program_obstacle(folder.path(), ""), Contains("a directory"));
#if defined(__x86_64__)
  if (!path_exists("/proc/sys/fs/binfmt_misc/register")) {
    CHECK_THAT(obstacle(elf_for(kArm)), Contains("for arm64"));
  }
#endif
  // An interpreter that is a script has one as well.
  write_file(folder / "shell", "#!/no/such/shell\n", FileMode::executable);
  CHECK_THAT(obstacle("#!" + (folder / "shell").string() + "\n"), Contains("/no/such/shell"));
}

TEST_CASE("program file: a program that cannot be started says why") {
  const tests::ScratchFolder folder;
  write_file(folder / "program", "#!/no/such/shell\n", FileMode::executable);
  const auto error = tests::error_of(
      [&] { run({.arguments = {"./program"}, .folder = folder.path().string(), .input = {}}); });
  REQUIRE(error);
  CHECK(error->code() == Errc::io);
  CHECK_THAT(error->message(), Contains("interpreter /no/such/shell, which is not there"));
  CHECK_FALSE(run({.arguments = {"./none"}, .folder = folder.path().string(), .input = {}}));
}

}  // namespace sealift::program_file_test
