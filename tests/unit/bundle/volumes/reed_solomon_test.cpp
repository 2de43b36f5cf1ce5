// SPDX-License-Identifier: Apache-2.0
#include "bundle/volumes/reed_solomon.hpp"

#include <catch2/catch.hpp>
#include <random>

namespace sealift::bundle::reed_solomon_test {

namespace {

using Pieces = std::vector<std::string>;

// Multiplication as it is defined: of polynomials, a bit at a time.
Factor slow_product(unsigned a, unsigned b) {
  unsigned sum = 0;
  for (; b != 0; b >>= 1U) {
    if ((b & 1U) != 0) sum ^= a;
    a <<= 1U;
    if ((a & 0x100U) != 0) a ^= 0x11DU;
  }
  return static_cast<Factor>(sum);
}

// `data` pieces of random bytes, the last one shorter, and parity of them.
Pieces pieces_of(std::size_t data, std::size_t parity, std::mt19937& random) {
  const std::size_t size = 16;
  Pieces pieces(data, std::string(size, '\0'));
  for (std::string& piece : pieces) {
    for (char& each : piece) each = static_cast<char>(random());
  }
  pieces.back().resize(5);
  for (std::size_t i = 0; i < parity; ++i) {
    std::string sum(size, '\0');
    for (std::size_t j = 0; j < data; ++j) add_product(sum, pieces[j], parity_factor(i, j));
    pieces.push_back(sum);
  }
  return pieces;
}

// A data piece, made of the first that are left.
std::string recovered(const Pieces& pieces, std::size_t data, std::size_t wanted,
                      const std::vector<std::size_t>& lost) {
  std::vector<std::size_t> left;
  for (std::size_t i = 0; i < pieces.size() && left.size() < data; ++i) {
    if (std::find(lost.begin(), lost.end(), i) == lost.end()) left.push_back(i);
  }
  const std::vector<Factor> factors = recovery_factors(left)[wanted];
  std::string sum(16, '\0');
  for (std::size_t i = 0; i < left.size(); ++i) add_product(sum, pieces[left[i]], factors[i]);
  sum.resize(pieces[wanted].size());
  return sum;
}

}  // namespace

TEST_CASE("Reed-Solomon: every product and every inverse is that of the field") {
  for (unsigned a = 0; a < 256; ++a) {
    for (unsigned b = 0; b < 256; ++b) {
      REQUIRE(product(static_cast<Factor>(a), static_cast<Factor>(b)) == slow_product(a, b));
    }
    if (a != 0) REQUIRE(product(static_cast<Factor>(a), inverse(static_cast<Factor>(a))) == 1);
  }
}

TEST_CASE("Reed-Solomon: every pair that is lost of a small set comes back") {
  std::mt19937 random(1);
  for (std::size_t data = 1; data <= 8; ++data) {
    const Pieces pieces = pieces_of(data, 2, random);
    for (std::size_t a = 0; a < data + 2; ++a) {
      for (std::size_t b = a; b < data + 2; ++b) {
        for (const std::size_t wanted : {a, b}) {
          if (wanted >= data) continue;
          CAPTURE(data, a, b);
          CHECK((recovered(pieces, data, wanted, {a, b}) == pieces[wanted]));
        }
      }
    }
  }
}

TEST_CASE("Reed-Solomon: every three that are lost of seven come back") {
  std::mt19937 random(2);
  const Pieces pieces = pieces_of(4, 3, random);
  for (std::size_t a = 0; a < 7; ++a) {
    for (std::size_t b = a + 1; b < 7; ++b) {
      for (std::size_t c = b + 1; c < 7; ++c) {
        for (const std::size_t wanted : {a, b, c}) {
          if (wanted < 4) CHECK((recovered(pieces, 4, wanted, {a, b, c}) == pieces[wanted]));
        }
      }
    }
  }
}

TEST_CASE("Reed-Solomon: the largest sets have an inverse, whatever is lost") {
  std::mt19937 random(3);
  for (const std::size_t parity : {1, 2, 40, 127, 254}) {
    const std::size_t data = kMaxPieces - parity;
    const Pieces pieces = pieces_of(data, parity, random);
    std::vector<std::size_t> lost(kMaxPieces);
    for (std::size_t i = 0; i < lost.size(); ++i) lost[i] = i;
    std::shuffle(lost.begin(), lost.end(), random);
    lost.resize(parity);
    for (std::size_t i = 0; i < std::min<std::size_t>(lost.size(), 2); ++i) {
      if (lost[i] >= data) continue;
      CAPTURE(parity, lost[i]);
      CHECK((recovered(pieces, data, lost[i], lost) == pieces[lost[i]]));
    }
  }
}

}  // namespace sealift::bundle::reed_solomon_test
