// SPDX-License-Identifier: Apache-2.0
#include "installer/drivers/files/receipts.hpp"

#include <catch2/catch.hpp>

#include "tests/unit/scratch_folder.hpp"

namespace sealift::installer::receipts_test {

namespace {

struct stat status_of(const fs::path& file) {
  return *Dir::open(file.parent_path()).stat(file.filename().string());
}

}  // namespace

TEST_CASE("receipts: a file is vouched for until anything about it changes") {
  const tests::ScratchFolder folder;
  const fs::path file = folder.path() / "page";
  write_file(file, "one");
  Receipts receipts = Receipts::load(folder.path() / "web.receipts");
  const Digest one = Digest::of("one");
  CHECK_FALSE(receipts.vouch_for(status_of(file), one));
  receipts.record(status_of(file), one);
  CHECK(receipts.vouch_for(status_of(file), one));
  CHECK_FALSE(receipts.vouch_for(status_of(file), Digest::of("two")));

  // Written in place, its time put back: the ctime tells.
  struct stat edited = status_of(file);
  edited.st_ctim.tv_nsec ^= 1;
  CHECK_FALSE(receipts.vouch_for(edited, one));
  CHECK_FALSE(receipts.is_untouched(edited));
  receipts.refresh(edited);
  CHECK(receipts.vouch_for(edited, one));
}

TEST_CASE("receipts: what was saved is loaded; a broken or missing file is an empty cache") {
  const tests::ScratchFolder folder;
  const fs::path cache = folder.path() / "web.receipts";
  Receipts receipts = Receipts::load(cache);
  std::vector<struct stat> files;
  for (int i = 0; i < 50; ++i) {
    const fs::path file = folder.path() / std::to_string(i);
    write_file(file, std::to_string(i));
    files.push_back(status_of(file));
    receipts.record(files.back(), Digest::of(std::to_string(i)));
  }
  receipts.save();
  const Receipts loaded = Receipts::load(cache);
  for (int i = 0; i < 50; ++i) CHECK(loaded.vouch_for(files[i], Digest::of(std::to_string(i))));

  std::string bytes = read_file(cache, 1 << 20);
  bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
  write_file(cache, bytes);
  CHECK_FALSE(Receipts::load(cache).vouch_for(files[0], Digest::of("0")));
  write_file(cache, "");
  CHECK_FALSE(Receipts::load(cache).vouch_for(files[0], Digest::of("0")));
}

}  // namespace sealift::installer::receipts_test
