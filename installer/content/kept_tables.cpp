// SPDX-License-Identifier: Apache-2.0
#include "installer/content/kept_tables.hpp"

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/format.hpp"

namespace sealift::installer {

namespace {

std::unique_ptr<Source> open(const fs::path& file) {
  return std::make_unique<FileSource>(open_for_reading(file), file.string());
}

bool is_whole(const fs::path& file, const Digest& digest) {
  const std::unique_ptr<Source> source = open(file);
  Hasher hasher;
  std::string block(64U << 10, '\0');
  while (const std::size_t count = source->read(block)) {
    hasher.update(std::string_view(block).substr(0, count));
  }
  return hasher.finish() == digest;
}

}  // namespace

fs::path table_file(const Layout& layout, const Digest& digest) {
  return layout.tables() / (digest.hex() + ".jsonl");
}

bool has_table(const Layout& layout, const Digest& digest) {
  const fs::path file = table_file(layout, digest);
  return path_exists(file) && is_whole(file, digest);
}

std::unique_ptr<Source> open_table(const Layout& layout, const Digest& digest) {
  const fs::path file = table_file(layout, digest);
  if (is_whole(file, digest)) return open(file);
  throw Error(Errc::corrupt,
              format("{}: is damaged: its content has another digest than its name", file.string()),
              "run: sealift-installer apply --repair");
}

}  // namespace sealift::installer
