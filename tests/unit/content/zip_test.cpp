// SPDX-License-Identifier: Apache-2.0
#include "content/zip.hpp"

#include <catch2/catch.hpp>

#include "base/little_endian.hpp"

namespace sealift::content::zip_test {

namespace {

std::string archive(const std::string& begin) {
  ZipWriter zip(begin);
  zip.add("a/ä.txt", "123456789");
  zip.add("b", "");
  return zip.finish();
}

}  // namespace

// That another program reads it, tests/observability/sentry_test.py shows.
TEST_CASE("zip: a file stands in front of its content and in the directory", "[content]") {
  const std::string zip = archive("");
  CHECK(zip.starts_with("PK\x03\x04"));
  CHECK(little<std::uint32_t>(zip.substr(14)) == 0xcbf43926U);  // CRC-32 of "123456789"
  CHECK(little<std::uint32_t>(zip.substr(22)) == 9);
  CHECK(zip.substr(30, 8) == "a/ä.txt");
  const std::string end = zip.substr(zip.size() - 22);
  CHECK(end.starts_with("PK\x05\x06"));
  CHECK(little<std::uint16_t>(end.substr(10)) == 2);
  const std::size_t directory = little<std::uint32_t>(end.substr(16));
  CHECK(zip.substr(directory, 4) == std::string("PK\x01\x02"));
  CHECK(directory + little<std::uint32_t>(end.substr(12)) == zip.size() - 22);
}

TEST_CASE("zip: what stands in front counts in the offsets", "[content]") {
  const std::string plain = archive("");
  const std::string zip = archive("12345678");
  CHECK(zip.size() == plain.size() + 8);
  CHECK(little<std::uint32_t>(zip.substr(zip.size() - 6)) ==
        little<std::uint32_t>(plain.substr(plain.size() - 6)) + 8);
  CHECK(archive("") == plain);
}

}  // namespace sealift::content::zip_test
