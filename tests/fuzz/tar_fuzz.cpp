// SPDX-License-Identifier: Apache-2.0
#include "base/format.hpp"
#include "content/expected_tar.hpp"
#include "tests/fuzz/target.hpp"

namespace sealift::fuzz {

namespace {

using content::TarEntry;
using content::TarType;

const std::vector<TarEntry>& entries() {
  static const std::vector<TarEntry> entries = {
      {.name = "folder/", .type = TarType::directory, .mode = 0755, .link = {}},
      {.name = "folder/" + std::string(200, 'n'), .size = 5, .link = {}},
      {.name = "link", .type = TarType::symlink, .mode = 0777, .link = "folder"},
      {.name = "rest", .size = 600, .link = {}}};
  return entries;
}

std::string written(const TarEntry& entry, std::string_view content) {
  return format("{}{}{}", tar_header(entry), content, content::tar_padding(content.size()));
}

}  // namespace

const Target kTar("tar", [](std::string_view bytes) {
  StringSource source(bytes);
  content::ExpectedTar tar(source, "tar");
  const std::string first = tar.file_of_unknown_size("index.json", 1U << 16);
  std::string all = written({.name = "index.json", .size = first.size(), .link = {}}, first);
  for (const TarEntry& entry : entries()) {
    tar.header(entry);
    all += written(entry, tar.content());
    require(tar.position() == all.size(), "the position is what was read");
  }
  tar.end();
  require(format("{}{}", all, content::tar_end()) == bytes, "a tar has one spelling");
});

}  // namespace sealift::fuzz
