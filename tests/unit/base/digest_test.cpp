// SPDX-License-Identifier: Apache-2.0
#include "base/digest.hpp"

#include <catch2/catch.hpp>

#include "base/error.hpp"
#include "base/sha1.hpp"

namespace sealift::digest_test {

TEST_CASE("digest: of known bytes, in its one spelling") {
  const std::string text =
      "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";  // FIPS 180-4
  CHECK(Digest::of("abc").str() == text);
  CHECK(Digest::parse(text) == Digest::of("abc"));
  CHECK(Digest::of("abc").short_hex() == "ba7816bf8f01");
}

TEST_CASE("sha1: of known bytes") {
  CHECK(sha1_hex("abc") == "a9993e364706816aba3e25717850c26c9cd0d89d");  // FIPS 180-4
  CHECK(sha1_hex("") == "da39a3ee5e6b4b0d3255bfef95601890afd80709");
}

TEST_CASE("digest: any other spelling is refused") {
  const std::string good = Digest::of("abc").str();
  for (const std::string& bad :
       {std::string(), good.substr(7), good.substr(0, 70), good + "0", "SHA256:" + good.substr(7),
        "sha256:BA" + good.substr(9), "sha256:../" + good.substr(10), " " + good}) {
    CHECK_THROWS_AS(Digest::parse(bad), Error);
  }
}

TEST_CASE("digest: a hasher starts anew after each digest") {
  Hasher hasher;
  hasher.update("a");
  hasher.update("bc");
  CHECK(hasher.finish() == Digest::of("abc"));
  CHECK(hasher.finish() == Digest::of(""));
}

TEST_CASE("digest: a refusal shows no control bytes of what it refused") {
  for (const char* bad : {"\x1b[2J", "sha256:\x1b[2J"}) {
    try {
      Digest::parse(bad);
      FAIL("accepted");
    } catch (const Error& error) {
      CHECK(error.message().find('\x1b') == std::string::npos);
    }
  }
}

TEST_CASE("hex: bytes come back, and other characters, cases and odd lengths are refused") {
  const std::string bytes("\0\x7f\xff", 3);
  CHECK(to_hex(bytes) == "007fff");
  CHECK(bytes_from_hex("007fff") == bytes);
  CHECK(bytes_from_hex("").empty());
  for (const char* bad : {"0", "007", "FF", "0g", "g0", " 00", "0x00"}) {
    CHECK_THROWS_AS(bytes_from_hex(bad), Error);
  }
}

}  // namespace sealift::digest_test
