// SPDX-License-Identifier: Apache-2.0
#include "content/foreign_archive.hpp"

#include <array>

#include "tests/fuzz/target.hpp"

namespace sealift::fuzz {

namespace {

constexpr std::size_t kMost = 64U << 20;  // what a small file may unpack to here

void drain(Source& source) {
  std::array<char, 65536> buffer{};
  std::size_t total = 0;
  while (const std::size_t count = source.read(buffer)) {
    total += count;
    if (total > kMost) return;
  }
}

}  // namespace

const Target kForeignArchive("foreign_archive", [](std::string_view bytes) {
  even_if_refused([&] {
    StringSource packed(bytes);
    drain(*content::unpacked(packed, "layer"));
  });
  StringSource source(bytes);
  content::ForeignArchive archive(source, "archive");
  for (int entries = 0; entries < 1000 && archive.next(); ++entries) {
    drain(archive);
  }
});

}  // namespace sealift::fuzz
