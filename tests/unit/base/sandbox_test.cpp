// SPDX-License-Identifier: Apache-2.0
#include "base/sandbox.hpp"

#include <sys/stat.h>
#include <unistd.h>
#include <catch2/catch.hpp>

#include <thread>

#include "base/file.hpp"
#include "base/process.hpp"
#include "tests/unit/errors.hpp"
#include "tests/unit/scratch_folder.hpp"

namespace sealift::sandbox_test {

TEST_CASE("sandbox: who gave up changes reads on, and changes and starts nothing") {
  if (!has_landlock()) {
    WARN("SKIPPED: this kernel has no Landlock");
    return;
  }
  const tests::ScratchFolder folder;
  const fs::path old = folder / "old";
  write_file(old, "text", FileMode::plain);
  std::string read;
  std::optional<Errc> written;
  std::optional<Errc> started;
  int removed = 0;
  std::thread([&] {
    give_up_changes();
    read = read_file(old, 100);
    written = tests::refusal_of([&] { write_file(folder / "new", "x", FileMode::plain); });
    started = tests::refusal_of([&] { run({.arguments = {"true"}, .folder = {}, .input = {}}); });
    removed = ::unlink(old.c_str());
  }).join();
  CHECK(read == "text");
  CHECK(written == Errc::io);
  CHECK(started == Errc::io);
  CHECK(removed == -1);
  // This thread has given up nothing.
  write_file(folder / "new", "x", FileMode::plain);
}

TEST_CASE("sandbox: what is done without changes comes back, and so does what it throws") {
  const tests::ScratchFolder folder;
  std::optional<Errc> written;
  int done = 0;
  without_changes([&] {
    written = tests::refusal_of([&] { write_file(folder / "new", "x", FileMode::plain); });
    std::thread([&] { done = ::mkdir((folder / "by-a-thread-of-it").c_str(), 0700); }).join();
  });
  CHECK((written == Errc::io) == has_landlock());
  CHECK((done == -1) == has_landlock());
  CHECK(tests::refusal_of([] {
          without_changes([] { throw Error(Errc::corrupt, "found nothing"); });
        }) == Errc::corrupt);
  write_file(folder / "new", "x", FileMode::plain);
}

}  // namespace sealift::sandbox_test
