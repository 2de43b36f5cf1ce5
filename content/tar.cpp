// SPDX-License-Identifier: Apache-2.0
#include "content/tar.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <numeric>

#include "base/error.hpp"
#include "base/format.hpp"

namespace sealift::content {

namespace {

constexpr std::array<char, 2 * kTarBlock> kZeros{};
constexpr std::size_t kNameBytes = 100;
constexpr std::size_t kPrefixBytes = 155;
constexpr std::uint64_t kMaxOctalSize = 077777777777;
constexpr std::string_view kPaxName = "././@PaxHeader";

struct Field {
  std::size_t offset;
  std::size_t size;
};
constexpr Field kName{0, 100}, kMode{100, 8}, kUid{108, 8}, kGid{116, 8}, kSize{124, 12},
    kMtime{136, 12}, kChecksum{148, 8}, kType{156, 1}, kLink{157, 100}, kMagic{257, 8},
    kMajor{329, 8}, kMinor{337, 8}, kPrefix{345, 155};

void set(std::string& block, Field field, std::string_view value) {
  std::copy_n(value.begin(), std::min(value.size(), field.size), block.begin() + field.offset);
}

std::string octal(std::uint64_t value, Field field) {
  return format("{:0{}o}", value, field.size - 1);
}

// Where a long name is cut into ustar's prefix and name: at the first '/' that leaves a name of at
// most 100 bytes. npos where there is none.
std::size_t prefix_end(std::string_view name) {
  const std::size_t slash = name.find('/', name.size() - std::min(name.size(), kNameBytes + 1));
  const bool fits = slash != std::string_view::npos && slash > 0 && slash <= kPrefixBytes &&
                    slash + 1 < name.size();
  return fits ? slash : std::string_view::npos;
}

bool fits_ustar(std::string_view name) {
  return name.size() <= kNameBytes || prefix_end(name) != std::string_view::npos;
}

std::string ustar_block(const TarEntry& entry, char type) {
  std::string block(kTarBlock, '\0');
  std::string_view name = entry.name;
  if (name.size() > kNameBytes) {
    const std::size_t cut = prefix_end(name);
    if (cut == std::string_view::npos) {
      name = name.substr(0, kNameBytes);  // the pax record holds the whole name
    } else {
      set(block, kPrefix, name.substr(0, cut));
      name.remove_prefix(cut + 1);
    }
  }
  set(block, kName, name);
  set(block, kMode, octal(entry.mode, kMode));
  set(block, kUid, octal(0, kUid));
  set(block, kGid, octal(0, kGid));
  set(block, kSize, octal(entry.size > kMaxOctalSize ? 0 : entry.size, kSize));
  set(block, kMtime, octal(0, kMtime));
  set(block, kType, std::string_view(&type, 1));
  set(block, kLink, entry.link);
  set(block, kMagic, std::string_view("ustar\00000", 8));
  set(block, kMajor, octal(0, kMajor));
  set(block, kMinor, octal(0, kMinor));
  set(block, kChecksum, "        ");
  const unsigned sum = std::accumulate(block.begin(), block.end(), 0U, [](unsigned total, char c) {
    return total + static_cast<unsigned char>(c);
  });
  set(block, kChecksum, format("{:06o}", sum) + std::string("\0 ", 2));
  return block;
}

}  // namespace

std::string pax_record(std::string_view key, std::string_view value) {
  const std::size_t rest = key.size() + value.size() + 3;
  std::size_t length = rest + 1;
  while (length != rest + std::to_string(length).size()) {
    length = rest + std::to_string(length).size();
  }
  std::string record = format("{} {}=", length, key);
  record += value;
  return record + '\n';
}

void each_pax_record(std::string_view records,
                     const std::function<void(std::string_view, std::string_view)>& see) {
  while (!records.empty() && records.front() != '\0') {
    std::size_t length = 0;
    const auto [end, failure] =
        std::from_chars(records.data(), records.data() + records.size(), length);
    const auto digits = static_cast<std::size_t>(end - records.data());
    const bool is_whole = failure == std::errc() && length > digits + 1 && length <= records.size();
    const std::string_view record =
        is_whole ? records.substr(digits + 1, length - digits - 2) : std::string_view();
    const std::size_t equals = record.find('=');
    if (equals == record.npos) throw Error(Errc::corrupt, "found a broken pax record");
    see(record.substr(0, equals), record.substr(equals + 1));
    records.remove_prefix(length);
  }
}

std::string tar_header(const TarEntry& entry) {
  std::string records = entry.records;
  if (entry.link.size() > kNameBytes) records += pax_record("linkpath", entry.link);
  if (!fits_ustar(entry.name)) records += pax_record("path", entry.name);
  if (entry.size > kMaxOctalSize) records += pax_record("size", std::to_string(entry.size));
  std::string header;
  if (!records.empty()) {
    const TarEntry pax{.name = std::string(kPaxName), .size = records.size(), .link = {}};
    header += ustar_block(pax, 'x');
    header += records;
    header += tar_padding(records.size());
  }
  return header + ustar_block(entry, static_cast<char>(entry.type));
}

std::string_view tar_padding(std::uint64_t size) {
  return std::string_view(kZeros.data(), (kTarBlock - size % kTarBlock) % kTarBlock);
}

std::string_view tar_end() {
  return std::string_view(kZeros.data(), kZeros.size());
}

std::uint64_t tar_entry_size(const TarEntry& entry) {
  return tar_header(entry).size() + entry.size + tar_padding(entry.size).size();
}

std::uint64_t tar_size_field(std::string_view header) {
  std::uint64_t size = 0;
  for (const char c : header.substr(kSize.offset, kSize.size - 1)) {
    if (c < '0' || c > '7') {
      throw Error(Errc::corrupt, "found no octal number in the size field of a tar header");
    }
    size = size * 8 + static_cast<std::uint64_t>(c - '0');
  }
  return size;
}

}  // namespace sealift::content
