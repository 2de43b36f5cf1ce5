// SPDX-License-Identifier: Apache-2.0
#include "installer/drivers/data/archive_entry.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/error.hpp"
#include "base/format.hpp"

namespace sealift::installer {

namespace {

using content::TarType;

constexpr std::string_view kAttribute = "SCHILY.xattr.";
constexpr std::size_t kTypeOffset = 156;
constexpr std::uint64_t kMaxRecords = 16U << 20;
constexpr long kNanoseconds = 1'000'000'000;

// "-1.25" is a quarter of a second before the last but one.
std::string to_decimal(timespec time) {
  const bool is_negative = time.tv_sec < 0;
  if (is_negative && time.tv_nsec > 0) {
    ++time.tv_sec;
    time.tv_nsec = kNanoseconds - time.tv_nsec;
  }
  return format("{}{}.{:09}", is_negative ? "-" : "", is_negative ? -time.tv_sec : time.tv_sec,
                time.tv_nsec);
}

template <typename Number>
Number number_in(std::string_view text) {
  Number number = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failure != std::errc() || end != text.data() + text.size()) {
    refuse_archive("found a pax record that is no number");
  }
  return number;
}

timespec time_in(std::string_view text) {
  const bool is_negative = text.starts_with('-');
  const std::size_t point = text.find('.');
  if (point == text.npos || text.size() - point != 10) {
    refuse_archive("found a pax record that is no time");
  }
  timespec time{};
  time.tv_sec = number_in<time_t>(text.substr(is_negative ? 1 : 0, point - (is_negative ? 1 : 0)));
  time.tv_nsec = number_in<long>(text.substr(point + 1));
  if (!is_negative) return time;
  time.tv_sec = -time.tv_sec;
  if (time.tv_nsec > 0) {
    --time.tv_sec;
    time.tv_nsec = kNanoseconds - time.tv_nsec;
  }
  return time;
}

[[noreturn]] void cut_off() {
  refuse_archive("found the end inside of an archive");
}

// Eight bytes at offset 100, octal (ustar).
unsigned mode_in(const std::string& block) {
  unsigned mode = 0;
  const char* text = block.data() + 100;
  if (std::from_chars(text, text + 7, mode, 8).ec != std::errc() || mode > kPermissions) {
    refuse_archive("found no mode in a header");
  }
  return mode;
}

void read_records(const std::string& text, DataEntry& entry) {
  content::each_pax_record(text, [&](std::string_view key, std::string_view value) {
    if (key == "path") entry.path = value;
    if (key == "linkpath") entry.link = value;
    if (key == "size") entry.size = number_in<std::uint64_t>(value);
    if (key == "uid") entry.uid = number_in<uid_t>(value);
    if (key == "gid") entry.gid = number_in<gid_t>(value);
    if (key == "mtime") entry.modified = time_in(value);
    if (key.starts_with(kAttribute)) {
      entry.attributes[std::string(key.substr(kAttribute.size()))] = value;
    }
  });
}

void check(const DataEntry& entry) {
  static constexpr std::array kKnown = {TarType::file, TarType::hard_link, TarType::symlink,
                                        TarType::directory, TarType::fifo};
  if (std::find(kKnown.begin(), kKnown.end(), entry.type) == kKnown.end()) {
    refuse_archive("found an entry of an unknown type");
  }
  if (entry.type != TarType::file && entry.size > 0) {
    refuse_archive("found content of what is no file");
  }
  if (entry.path.empty() || (entry.path.ends_with('/') != (entry.type == TarType::directory))) {
    refuse_archive("found an entry without a name");
  }
}

}  // namespace

void refuse_archive(std::string_view found) {
  throw Error(Errc::corrupt, std::string(found));
}

std::string header_of(const DataEntry& entry) {
  std::string records = content::pax_record("uid", std::to_string(entry.uid)) +
                        content::pax_record("gid", std::to_string(entry.gid)) +
                        content::pax_record("mtime", to_decimal(entry.modified)) +
                        content::pax_record("path", entry.path);
  if (!entry.link.empty()) records += content::pax_record("linkpath", entry.link);
  for (const auto& [name, value] : entry.attributes) {
    records += content::pax_record(std::string(kAttribute) + name, value);
  }
  return content::tar_header({.name = entry.path,
                              .type = entry.type,
                              .mode = entry.mode,
                              .size = entry.size,
                              .link = entry.link,
                              .records = std::move(records)});
}

// Each entry begins with its extended header of type x, since owner and time do not fit the other
// one. Two blocks of zeros are the end.
std::optional<DataEntry> ArchiveReader::next() {
  std::string rest(kArchivePiece, '\0');
  while (read(rest) > 0) {
  }
  take(content::tar_padding(size_).size());
  std::string block = take(content::kTarBlock);
  if (block == content::tar_end().substr(0, content::kTarBlock)) {
    end();
    return std::nullopt;
  }
  if (block[kTypeOffset] != 'x') refuse_archive("found an entry without its pax header");
  const std::uint64_t records = content::tar_size_field(block);
  if (records > kMaxRecords) refuse_archive("found a pax header that is too long");
  DataEntry entry;
  const std::string text = take(records);
  take(content::tar_padding(records).size());
  block = take(content::kTarBlock);
  entry.size = content::tar_size_field(block);
  read_records(text, entry);
  entry.type = static_cast<TarType>(block[kTypeOffset]);
  entry.mode = mode_in(block);
  check(entry);
  left_ = size_ = entry.size;
  return entry;
}

std::size_t ArchiveReader::read(std::span<char> into) {
  if (left_ == 0) return 0;
  const auto part = static_cast<std::size_t>(std::min<std::uint64_t>(left_, into.size()));
  if (read_fully(archive_, into.first(part)) != part) cut_off();
  left_ -= part;
  return part;
}

std::string ArchiveReader::take(std::uint64_t size) {
  std::string bytes(size, '\0');
  if (read_fully(archive_, bytes) != size) cut_off();
  return bytes;
}

void ArchiveReader::end() {
  std::string rest(1, '\0');
  if (take(content::kTarBlock) != content::tar_end().substr(0, content::kTarBlock) ||
      archive_.read(rest) != 0) {
    refuse_archive("found something behind the end of an archive");
  }
}

}  // namespace sealift::installer
