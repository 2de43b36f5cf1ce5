// SPDX-License-Identifier: Apache-2.0
#include "bundle/volumes/volume_header.hpp"

#include "bundle/volumes/reed_solomon.hpp"
#include "tests/unit/errors.hpp"

namespace sealift::bundle::volume_header_test {

using tests::error_of;
using tests::refusal_of;

namespace {

// Of `data` volumes of 100 bytes, the last of one byte, and of parity.
VolumeHeader some_header(unsigned data = 3, unsigned parity = 2) {
  VolumeHeader header{.table = {.file = "shop-1.0.0.bundle.tar.zst",
                                .bytes = (data - 1) * 100ULL + 1,
                                .digest = Digest::of("file"),
                                .release = NamedRelease{Digest::of("D"), "shop", "1.0.0"},
                                .volume_bytes = 100,
                                .data = data,
                                .parity = parity,
                                .digests = {}},
                      .number = 2};
  header.table.digests.assign(header.table.count(), Digest::of("content"));
  return header;
}

// A header whose document says something else, with the digest that fits.
std::string with(const VolumeHeader& header, const std::function<void(Json&)>& change) {
  constexpr std::size_t kDocumentAt = 56;
  const std::string good = to_bytes(header);
  Json document = parse_json(good.substr(kDocumentAt), "header");
  change(document);
  const std::string text = to_canonical(document);
  std::string start = good.substr(0, 20);
  for (std::size_t i = 0; i < 4; ++i) start += static_cast<char>(text.size() >> (8 * i));
  const Digest digest = Digest::of(start + text);
  return start + std::string(digest.bytes().begin(), digest.bytes().end()) + text;
}

VolumeHeader parsed(std::string_view bytes) {
  return parse_volume_header(bytes, "v");
}

}  // namespace

TEST_CASE("volume header: what was written is read back, whatever follows it") {
  for (const unsigned parity : {0U, 2U}) {
    VolumeHeader header = some_header(3, parity);
    if (parity == 0) header.table.release.reset();
    const VolumeHeader found = parsed(to_bytes(header) + "content");
    CHECK(found.table == header.table);
    CHECK(found.number == 2);
  }
}

TEST_CASE("volume header: every byte that is changed in any bit is found") {
  const std::string good = to_bytes(some_header());
  for (std::size_t i = 0; i < good.size(); ++i) {
    for (const int bit : {1, 2, 4, 8, 16, 32, 64, 128}) {
      std::string bad = good;
      bad[i] = static_cast<char>(bad[i] ^ bit);
      REQUIRE(refusal_of([&] { parsed(bad); }) == Errc::corrupt);
    }
  }
}

TEST_CASE("volume header: every truncation is found") {
  const std::string good = to_bytes(some_header());
  for (std::size_t size = 0; size < good.size(); ++size) {
    REQUIRE(refusal_of([&] { parsed(std::string_view(good).substr(0, size)); }) == Errc::corrupt);
  }
}

TEST_CASE("volume header: that of 255 volumes is within its bound") {
  VolumeHeader header = some_header(200, 55);
  header.table.file = std::string(255, 'x');
  CHECK(to_bytes(header).size() < kMaxHeaderBytes / 2);
  CHECK(parsed(to_bytes(header)).table == header.table);
}

TEST_CASE("volume header: a document that contradicts itself is refused") {
  const std::pair<const char*, Json> changes[] = {
      {"/bytes", 0},
      {"/bytes", 301},
      {"/bytes", 200},
      {"/bytes", -1},
      {"/data", 2},
      {"/data", 0},
      {"/data", 256},
      {"/parity", 1},
      {"/parity", 253},
      {"/number", 0},
      {"/number", 6},
      {"/volumeBytes", 0},
      {"/volumeBytes", 50},
      {"/volumeBytes", 1ULL << 60U},
      {"/digests", Json::array()},
      {"/file", ""},
      {"/file", "../x"},
      {"/file", "a/b"},
      {"/file", "a\x1b[2J"},
      {"/digest", "sha256:"},
      {"/release", Json()},
      {"/release/extra", 1},
      {"/extra", 1},
      {"/release/digest", "x"},
  };
  CHECK_NOTHROW(parsed(with(some_header(), [](Json&) {})));
  for (const auto& change : changes) {
    CAPTURE(change.first, to_canonical(change.second));
    CHECK(refusal_of([&] {
            parsed(with(some_header(), [&](Json& document) {
              document[JsonPointer(change.first)] = change.second;
            }));
          }) == Errc::corrupt);
  }
}

TEST_CASE("volume header: sizes that no volumes can have are refused, not computed with") {
  VolumeHeader header = some_header(1, 0);
  header.number = 1;
  header.table.bytes = (1ULL << 53U) - 1;
  header.table.volume_bytes = (1ULL << 53U) - 1;
  CHECK(parsed(to_bytes(header)).table.content_bytes(1) == (1ULL << 53U) - 1);
  header.table.volume_bytes = 1;
  CHECK(refusal_of([&] { parsed(to_bytes(header)); }) == Errc::corrupt);
}

TEST_CASE("volume header: another spelling of the same document is refused") {
  const std::string good = to_bytes(some_header());
  const std::string text = " " + good.substr(56);
  std::string start = good.substr(0, 20);
  for (std::size_t i = 0; i < 4; ++i) start += static_cast<char>(text.size() >> (8 * i));
  const Digest digest = Digest::of(start + text);
  CHECK(refusal_of([&] {
          parsed(start + std::string(digest.bytes().begin(), digest.bytes().end()) + text);
        }) == Errc::corrupt);
}

TEST_CASE("volume header: a newer format is named as such, where the header is whole") {
  std::string bytes = to_bytes(some_header());
  bytes[16] = 2;
  CHECK(refusal_of([&] { parsed(bytes); }) == Errc::corrupt);
  const Digest digest = Digest::of(bytes.substr(0, 24) + bytes.substr(56));
  std::copy(digest.bytes().begin(), digest.bytes().end(), bytes.begin() + 24);
  CHECK(refusal_of([&] { parsed(bytes); }) == Errc::incompatible);
}

TEST_CASE("volume header: the command that makes volumes again says all that it needs") {
  VolumeHeader header = some_header();
  CHECK(make_again(header.table, {1, 3, 4, 5}) ==
        "sealift volumes shop-1.0.0.bundle.tar.zst --only 1,3-5 --size 65636 --parity 2");
  header.table.volume_bytes = kUsualVolume - kMaxHeaderBytes;
  header.table.parity = 0;
  CHECK(make_again(header.table, {7}) == "sealift volumes shop-1.0.0.bundle.tar.zst --only 7");
  header.table.volume_bytes = (700U << 20U) - kMaxHeaderBytes;
  header.table.file = "$(reboot)";
  CHECK(make_again(header.table, {7}) == "sealift volumes FILE --only 7 --size 700M");
}

TEST_CASE("volume numbers: they are said as over a telephone, and read as they are typed") {
  CHECK(spoken({3}) == "volume 3");
  CHECK(spoken({3, 7}) == "volumes 3 and 7");
  CHECK(spoken({3, 4}) == "volumes 3 and 4");
  CHECK(spoken({1, 2, 3, 4}) == "volumes 1 to 4");
  CHECK(spoken({1, 2, 3, 7, 9, 10}) == "volumes 1 to 3, 7, 9 and 10");
  CHECK(typed({1, 2, 3, 7, 9, 10}) == "1-3,7,9,10");
  CHECK(parse_numbers("7,1-3,2", "--only") == Numbers{1, 2, 3, 7});
  CHECK(parse_numbers(typed({1, 2, 3, 7, 9, 255}), "--only") == Numbers{1, 2, 3, 7, 9, 255});
  for (const char* text : {"", ",", "0", "256", "a", "1,", "3-", "-3", "1 2", "4294967297"}) {
    CAPTURE(text);
    CHECK(refusal_of([&] { parse_numbers(text, "--only"); }) == Errc::usage);
  }
}

}  // namespace sealift::bundle::volume_header_test
