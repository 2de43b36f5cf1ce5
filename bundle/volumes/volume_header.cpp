// SPDX-License-Identifier: Apache-2.0
#include "bundle/volumes/volume_header.hpp"

#include "base/error.hpp"
#include "base/format.hpp"
#include "base/little_endian.hpp"
#include "base/path.hpp"
#include "bundle/volumes/reed_solomon.hpp"

namespace sealift::bundle {

namespace {

constexpr std::uint32_t kFormat = 1;
// Magic, format, length of the document; behind them the digest of these and the document.
constexpr std::size_t kNumberBytes = 4;
constexpr std::size_t kDigestAt = kVolumeMagic.size() + 2 * kNumberBytes;
constexpr std::size_t kDocumentAt = kDigestAt + 32;

constexpr const char* kCarryAgain =
    "carry this volume again, or make it again: sealift volumes FILE --only NUMBER";

std::string_view raw(const Digest& digest) {
  return {reinterpret_cast<const char*>(digest.bytes().data()), digest.bytes().size()};
}

Digest digest_of_header(std::string_view start, std::string_view document) {
  Hasher hasher;
  hasher.update(start);
  hasher.update(document);
  return hasher.finish();
}

Json to_json(const VolumeHeader& header) {
  const VolumeTable& table = header.table;
  Json digests = Json::array();
  for (const Digest& digest : table.digests) digests.push_back(digest.str());
  Json value = {{"file", table.file},           {"bytes", table.bytes},
                {"digest", table.digest.str()}, {"volumeBytes", table.volume_bytes},
                {"data", table.data},           {"parity", table.parity},
                {"number", header.number},      {"digests", std::move(digests)}};
  if (table.release) value["release"] = to_json(*table.release);
  return value;
}

void check_counts(const VolumeHeader& header, const Fields& fields) {
  const VolumeTable& table = header.table;
  if (table.bytes == 0) fields.refuse("bytes", "found 0, expected a file that is not empty");
  if (table.volume_bytes == 0) fields.refuse("volumeBytes", "found 0, expected 1 or more");
  if (const std::uint64_t expected = data_volumes(table.bytes, table.volume_bytes);
      table.data != expected) {
    fields.refuse("data", format("found {}, expected {}, as bytes and volumeBytes say", table.data,
                                 expected));
  }
  if (table.parity > kMaxPieces - std::min<std::uint64_t>(table.data, kMaxPieces) ||
      table.data > kMaxPieces) {
    fields.refuse("parity", format("found {} data and {} parity volumes, expected at most {}",
                                   table.data, table.parity, kMaxPieces));
  }
  if (table.digests.size() != table.count()) {
    fields.refuse("digests", format("found {}, expected {}", table.digests.size(), table.count()));
  }
  if (header.number == 0 || header.number > table.count()) {
    fields.refuse("number", format("found {}, expected 1 to {}", header.number, table.count()));
  }
}

VolumeHeader header_from_json(const Json& value, const std::string& where) {
  Fields fields(value, where);
  VolumeHeader header{.table = {.file = fields.text("file"),
                                .bytes = fields.number("bytes"),
                                .digest = fields.digest("digest"),
                                .release = {},
                                .volume_bytes = fields.number("volumeBytes"),
                                .data = fields.count("data"),
                                .parity = fields.count("parity"),
                                .digests = fields.digests("digests")},
                      .number = fields.count("number")};
  if (const Json* release = fields.value_if("release")) {
    header.table.release = named_release_from_json(*release, fields.at("release"));
  }
  fields.done();
  blame(Errc::corrupt, fields.at("file"), [&] { check_name(header.table.file); });
  check_counts(header, fields);
  return header;
}

// In the largest unit that gives a whole number, as the option --size takes it.
std::string size_option(std::uint64_t bytes) {
  for (const auto& [unit, shift] : {std::pair('G', 30U), {'M', 20U}, {'K', 10U}}) {
    if (bytes % (1ULL << shift) == 0) return format("{}{}", bytes >> shift, unit);
  }
  return std::to_string(bytes);
}

// The name comes from bytes that nobody vouches for, and people paste the command into a shell.
std::string typed_file(const std::string& file) {
  constexpr std::string_view kPlain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._+-";
  const bool is_plain = file.find_first_not_of(kPlain) == file.npos && !file.starts_with('-');
  return is_plain ? file : "FILE";
}

}  // namespace

std::uint64_t VolumeTable::content_bytes(unsigned number) const {
  const std::uint64_t first = std::min(volume_bytes, bytes);
  if (number > data) return first;  // parity is over all, and the first is the longest
  const std::uint64_t begin = (number - 1) * volume_bytes;
  return std::min(volume_bytes, bytes - begin);
}

std::string to_bytes(const VolumeHeader& header) {
  const std::string document = to_canonical(to_json(header));
  std::string start(kVolumeMagic);
  put_little(start, kFormat);
  put_little(start, static_cast<std::uint32_t>(document.size()));
  return format("{}{}{}", start, raw(digest_of_header(start, document)), document);
}

// The digest stands where it stands in all formats, so that damage is not taken for a newer one.
VolumeHeader parse_volume_header(std::string_view bytes, const std::string& where) {
  const auto refuse = [&](std::string_view found) {
    throw Error(Errc::corrupt, format("{}: {}", where, found), kCarryAgain);
  };
  if (!bytes.starts_with(kVolumeMagic)) refuse("does not begin as a volume does");
  if (bytes.size() < kDocumentAt) refuse("is cut off in its header");
  const std::size_t length = little<std::uint32_t>(bytes.substr(kDigestAt - kNumberBytes));
  if (length > kMaxHeaderBytes - kDocumentAt || length > bytes.size() - kDocumentAt) {
    refuse("its header is cut off or damaged");
  }
  const std::string_view document = bytes.substr(kDocumentAt, length);
  const std::string_view start = bytes.substr(0, kDigestAt);
  if (raw(digest_of_header(start, document)) != bytes.substr(kDigestAt, 32)) {
    refuse("its header is not what the header's own digest says");
  }
  if (const auto found = little<std::uint32_t>(bytes.substr(kVolumeMagic.size()));
      found != kFormat) {
    throw Error(Errc::incompatible,
                format("{}: found a volume of format {}, expected {}", where, found, kFormat),
                "use a newer version of this program");
  }
  const std::string place = where + ": header";
  VolumeHeader header = header_from_json(parse_json(document, place), place);
  if (to_bytes(header) != bytes.substr(0, kDocumentAt + length)) {
    refuse("its header is not in its canonical form");
  }
  return header;
}

std::uint64_t data_volumes(std::uint64_t bytes, std::uint64_t volume_bytes) {
  return bytes / volume_bytes + (bytes % volume_bytes != 0 ? 1 : 0);
}

std::string volume_name(const VolumeTable& table, unsigned number) {
  return format("{}.{:03}-of-{:03}{}", table.file, number, table.count(), kVolumeEnding);
}

std::string make_again(const VolumeTable& table, const Numbers& numbers) {
  std::string command =
      format("sealift volumes {} --only {}", typed_file(table.file), typed(numbers));
  if (const std::uint64_t size = table.volume_bytes + kMaxHeaderBytes; size != kUsualVolume) {
    command += format(" --size {}", size_option(size));
  }
  if (table.parity > 0) command += format(" --parity {}", table.parity);
  return command;
}

}  // namespace sealift::bundle
