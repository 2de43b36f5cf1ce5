// SPDX-License-Identifier: Apache-2.0
#include "installer/drivers/compose/compose_program.hpp"

#include <catch2/catch.hpp>

#include "tests/unit/errors.hpp"
#include "tests/unit/scratch_folder.hpp"

namespace sealift::installer::compose_program_test {

namespace {

// A program docker-compose with this text.
release::Target named(const tests::ScratchFolder& folder, const std::string& text) {
  const fs::path file = folder.path() / "docker-compose";
  write_file(file, text, FileMode::executable);
  release::Target target;
  target.driver = "compose";
  target.command = {file.string()};
  return target;
}

}  // namespace

TEST_CASE("compose program: a script of Python is Compose 1, and is not run to say so") {
  const tests::ScratchFolder folder;
  const release::Target target = named(folder, "#!/usr/bin/env python3\nraise SystemExit(1)\n");
  CHECK(find_compose(target).generation == kV1);
}

TEST_CASE("compose program: any other says its version") {
  const tests::ScratchFolder folder;
  CHECK(find_compose(named(folder, "#!/bin/sh\necho 2.20.0\n")).generation == kV2);
  CHECK(find_compose(named(folder, "#!/bin/sh\necho 1.29.2\n")).generation == kV1);
  const auto error = tests::error_of([&] { find_compose(named(folder, "#!/bin/sh\nexit 1\n")); });
  REQUIRE(error);
  CHECK(error->code() == Errc::incompatible);
}

}  // namespace sealift::installer::compose_program_test
