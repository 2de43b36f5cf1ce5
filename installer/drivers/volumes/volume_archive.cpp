// SPDX-License-Identifier: Apache-2.0
#include "installer/drivers/volumes/volume_archive.hpp"

#include <algorithm>
#include <charconv>

#include "base/error.hpp"
#include "base/null_sink.hpp"
#include "content/foreign_archive.hpp"

namespace sealift::installer {

namespace {

constexpr std::uint64_t kMaxRecords = 1U << 20;
// Fields of a header block (ustar): where they begin, and their digits.
struct Octal {
  std::size_t offset;
  std::size_t digits;
};
constexpr Octal kMode{100, 7};
constexpr Octal kUid{108, 7};
constexpr Octal kGid{116, 7};
constexpr Octal kTime{136, 11};
constexpr std::size_t kType = 156;

std::uint64_t number_at(const std::string& block, Octal field) {
  std::uint64_t number = 0;
  const char* text = block.data() + field.offset;
  std::from_chars(text, text + field.digits, number, 8);
  return number;
}

DataEntry folder_in(const std::string& block) {
  DataEntry entry;
  entry.path = std::string(kTop);
  entry.type = content::TarType::directory;
  entry.mode = static_cast<unsigned>(number_at(block, kMode)) & kPermissions;
  entry.uid = static_cast<uid_t>(number_at(block, kUid));
  entry.gid = static_cast<gid_t>(number_at(block, kGid));
  entry.modified.tv_sec = static_cast<time_t>(number_at(block, kTime));
  return entry;
}

// What does not fit the block.
void add_records(std::string_view records, DataEntry& entry) {
  content::each_pax_record(records, [&](std::string_view key, std::string_view value) {
    if (key == "uid") std::from_chars(value.data(), value.data() + value.size(), entry.uid);
    if (key == "gid") std::from_chars(value.data(), value.data() + value.size(), entry.gid);
    if (key == "mtime") {
      std::from_chars(value.data(), value.data() + value.size(), entry.modified.tv_sec);
    }
  });
}

bool is_top(const std::string& block) {
  const std::string name(block.c_str());
  return block[kType] == '5' && (name == kTop || name == ".");
}

}  // namespace

VolumeArchive::VolumeArchive(Source& tar) : tar_(tar) {
  std::string block = take_block();
  std::string records;
  if (block.size() == content::kTarBlock && block[kType] == 'x') {
    const std::uint64_t size = content::tar_size_field(block);
    if (size > kMaxRecords) return;
    while (records.size() < size) {
      const std::string more = take_block();
      if (more.empty()) return;
      records += more;
    }
    records.resize(size);
    block = take_block();
  }
  if (block.size() != content::kTarBlock || !is_top(block)) return;
  top_ = folder_in(block);
  add_records(records, *top_);
}

std::string VolumeArchive::take_block() {
  std::string block(content::kTarBlock, '\0');
  std::size_t used = 0;
  while (used < block.size()) {
    const std::size_t count = tar_.read(std::span(block).subspan(used));
    if (count == 0) break;
    used += count;
  }
  block.resize(used);
  head_ += block;
  return block;
}

std::size_t VolumeArchive::read(std::span<char> into) {
  if (given_ == head_.size()) return tar_.read(into);
  const std::size_t count = std::min(into.size(), head_.size() - given_);
  std::copy_n(head_.begin() + static_cast<std::ptrdiff_t>(given_), count, into.begin());
  given_ += count;
  return count;
}

bool holds_entries(Source& tar) {
  bool found = false;
  try {
    content::ForeignArchive archive(tar, "the tar of a volume");
    while (const auto entry = archive.next()) {
      found = found || !(entry->name.empty() || entry->name == "." || entry->name == kTop);
      NullSink nowhere;
      copy(archive, nowhere);
    }
  } catch (const Error& error) {
    if (error.code() != Errc::invalid_input) throw;
    throw Error(Errc::corrupt, error.message());
  }
  return found;
}

}  // namespace sealift::installer
