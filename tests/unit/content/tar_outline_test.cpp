// SPDX-License-Identifier: Apache-2.0
#include "content/tar_outline.hpp"

#include <catch2/catch.hpp>

#include "tests/unit/errors.hpp"

namespace sealift::content::tar_outline_test {

namespace {

std::string tar_of(const std::vector<TarEntry>& entries) {
  std::string tar;
  for (const TarEntry& entry : entries) {
    tar += tar_header(entry) + std::string(entry.size, 'c');
    tar += tar_padding(entry.size);
  }
  return tar + std::string(tar_end());
}

Digest expected(const std::vector<TarEntry>& entries) {
  TarOutline outline;
  for (const TarEntry& entry : entries) outline.add(entry);
  return outline.finish();
}

Digest read(const std::string& tar) {
  StringSource source(tar);
  return read_outline(source);
}

const std::vector<TarEntry> kEntries = {
    {.name = "a/", .type = TarType::directory, .mode = 0755, .link = {}},
    {.name = "a/" + std::string(200, 'x'), .size = 5, .link = {}},
    {.name = "b", .size = 0, .link = {}},
    {.name = "c", .size = 512, .link = {}},
    {.name = "d", .size = 300'000, .link = {}},
    {.name = "e", .type = TarType::symlink, .mode = 0777, .link = std::string(200, 'y')}};

}  // namespace

TEST_CASE("tar outline: read off a tar it is that of its entries") {
  CHECK(read(tar_of(kEntries)) == expected(kEntries));
  CHECK(read(tar_of({})) == expected({}));
}

TEST_CASE("tar outline: another name, size, mode, type, link or order is another outline") {
  const Digest good = expected(kEntries);
  for (int change = 0; change < 6; ++change) {
    std::vector<TarEntry> entries = kEntries;
    if (change == 0) entries[2].name = "B";
    if (change == 1) entries[4].size = 299'999;
    if (change == 2) entries[2].mode = 04755;
    if (change == 3) entries[5].link += "z";
    if (change == 4) std::swap(entries[2], entries[3]);
    if (change == 5) entries.pop_back();
    CHECK(read(tar_of(entries)) != good);
  }
}

TEST_CASE("tar outline: what is no tar is refused, wherever it is cut") {
  const std::string good = tar_of(kEntries);
  for (std::size_t size = 0; size < good.size(); size += 97) {
    CHECK(tests::refusal_of([&] { read(good.substr(0, size)); }) == Errc::corrupt);
  }
  CHECK(tests::refusal_of([&] { read(good + "x"); }) == Errc::corrupt);
  CHECK(tests::refusal_of([&] { read(good + std::string(512, '\0')); }) == Errc::corrupt);
  std::string unclosed = good;
  unclosed[unclosed.size() - 1] = 'x';
  CHECK(tests::refusal_of([&] { read(unclosed); }) == Errc::corrupt);
  CHECK(tests::refusal_of([&] { read(std::string(2048, 'x')); }) == Errc::corrupt);
}

TEST_CASE("tar outline: a pax header that lies is bounded") {
  std::string tar = tar_of({{.name = std::string(300, 'n'), .size = 1, .link = {}}});
  std::string huge = tar;
  huge.replace(124, 11, "77777777777");
  CHECK(tests::refusal_of([&] { read(huge); }) == Errc::corrupt);
  for (const char* record : {"99999", "x", "3 \n", "0 a=b\n", "-1 a=b\n"}) {
    std::string broken = tar;
    broken.replace(512, std::string_view(record).size(), record);
    CHECK(tests::refusal_of([&] { read(broken); }) == Errc::corrupt);
  }
}

}  // namespace sealift::content::tar_outline_test
