// SPDX-License-Identifier: Apache-2.0
#include "installer/drivers/runtime/installed_file.hpp"

#include <catch2/catch.hpp>

#include "tests/unit/errors.hpp"
#include "tests/unit/scratch_folder.hpp"

namespace sealift::installer::installed_file_test {

TEST_CASE("installed file: it is read, and no link below the target is followed") {
  const tests::ScratchFolder folder;
  const auto read = [&](const std::string& name) {
    return installed_file(folder.path(), "releases/1", name, 100);
  };
  make_dirs(folder / "releases/1/deploy");
  make_dirs(folder / "secret");
  write_file(folder / "secret/key", "not for the owner of the target");
  write_file(folder / "releases/1/compose.yaml", "services: {}");
  write_file(folder / "releases/1/deploy/a.yaml", "a");
  CHECK(read("compose.yaml") == "services: {}");
  CHECK(read("deploy/a.yaml") == "a");
  fs::create_symlink(folder / "secret/key", folder / "releases/1/link");
  fs::create_symlink(folder / "secret", folder / "releases/1/folder");
  fs::create_symlink("releases", folder / "other");
  for (const char* name : {"link", "folder/key", "deploy", "missing"}) {
    CAPTURE(name);
    CHECK(tests::refusal_of([&] { read(name); }) == Errc::io);
  }
  CHECK(tests::refusal_of([&] { installed_file(folder.path(), "other/1", "compose.yaml", 100); }) ==
        Errc::io);
  CHECK(tests::refusal_of([&] {
          installed_file(folder.path(), "releases/1", "compose.yaml", 3);
        }) == Errc::invalid_input);
}

}  // namespace sealift::installer::installed_file_test
