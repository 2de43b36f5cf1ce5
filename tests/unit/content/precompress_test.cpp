// SPDX-License-Identifier: Apache-2.0
#include "content/precompress.hpp"

#include <catch2/catch.hpp>

#include "base/stream.hpp"
#include "content/foreign_archive.hpp"

namespace sealift::content::precompress_test {

namespace {

std::string text() {
  std::string text;
  for (int line = 0; line < 2000; ++line)
    text += "export const line = " + std::to_string(line) + ";\n";
  return text;
}

}  // namespace

TEST_CASE(
    "precompress: gzip is read by another library, and its header says nothing of its making") {
  const std::string packed = encode(Encoding::gzip, text());
  StringSource source(packed);
  const std::unique_ptr<Source> unpacked = content::unpacked(source, "packed");
  CHECK(read_all(*unpacked, 1U << 20, "packed") == text());
  // RFC 1952: magic, deflate, no flags, no time, the slowest algorithm, no known system.
  CHECK(packed.substr(0, 10) == std::string("\x1f\x8b\x08\0\0\0\0\0\x02\xff", 10));
}

TEST_CASE("precompress: the bytes depend on the content alone") {
  for (const Encoding encoding : {Encoding::brotli, Encoding::gzip}) {
    CHECK(encode(encoding, text()) == encode(encoding, text()));
    CHECK(encode(encoding, text()).size() < text().size() / 4);
    CHECK_FALSE(encode(encoding, "").empty());
  }
}

TEST_CASE("precompress: a second file must be worth it") {
  CHECK(pays(2000, 1900));
  CHECK_FALSE(pays(2000, 1901));
  CHECK_FALSE(pays(1024, 1000));
  CHECK_FALSE(pays(100'000, 95'001));
  CHECK(pays(100'000, 95'000));
}

TEST_CASE("precompress: suffixes lead back to the file") {
  CHECK(without_suffix("app.js.br") == "app.js");
  CHECK(without_suffix("app.js.gz") == "app.js");
  CHECK(without_suffix("app.js").empty());
  CHECK(suffix_of(Encoding::brotli) < suffix_of(Encoding::gzip));
}

}  // namespace sealift::content::precompress_test
