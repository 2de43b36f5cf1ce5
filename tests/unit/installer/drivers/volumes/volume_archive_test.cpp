// SPDX-License-Identifier: Apache-2.0
#include "installer/drivers/volumes/volume_archive.hpp"

#include <catch2/catch.hpp>

#include "base/error.hpp"
#include "content/tar.hpp"
#include "tests/unit/errors.hpp"

namespace sealift::installer::volume_archive_test {

using tests::refusal_of;

namespace {

std::string entry(const std::string& path, content::TarType type, std::uint64_t size = 0) {
  DataEntry made;
  made.path = path;
  made.type = type;
  made.mode = 0750;
  made.uid = 3'000'000;
  made.gid = 55;
  made.size = size;
  return header_of(made);
}

const std::string kTopOnly = entry("./", content::TarType::directory);
const std::string kFile =
    entry("./kept", content::TarType::file, 5) + "hello" + std::string(content::tar_padding(5));
const std::string kEnd(content::tar_end());

bool holds(const std::string& tar) {
  StringSource source(tar);
  return holds_entries(source);
}

}  // namespace

TEST_CASE("volume: its own folder says whose it is, and every byte is passed on") {
  const std::string tar = kTopOnly + kFile + kEnd;
  StringSource source(tar);
  VolumeArchive archive(source);
  REQUIRE(archive.top());
  CHECK(archive.top()->uid == 3'000'000);
  CHECK(archive.top()->gid == 55);
  CHECK(archive.top()->mode == 0750);
  CHECK(read_all(archive, tar.size() + 1, "tar") == tar);
}

TEST_CASE("volume: a tar without the folder itself says nothing of it") {
  for (const std::string& tar : {kFile + kEnd, kEnd, std::string("x"), std::string()}) {
    StringSource source(tar);
    VolumeArchive archive(source);
    CHECK_FALSE(archive.top());
    CHECK(read_all(archive, tar.size() + 1, "tar") == tar);
  }
}

TEST_CASE("volume: it is empty where only its own folder is in it") {
  CHECK_FALSE(holds(kTopOnly + kEnd));
  CHECK(holds(kTopOnly + kFile + kEnd));
  CHECK(holds(kFile + kEnd));
}

TEST_CASE("volume: a tar that was cut off is refused") {
  const std::string cut = (kTopOnly + kFile).substr(0, kTopOnly.size() + kFile.size() - 510);
  CHECK(refusal_of([&] { (void)holds(cut); }) == Errc::corrupt);
}

}  // namespace sealift::installer::volume_archive_test
