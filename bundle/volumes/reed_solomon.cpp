// SPDX-License-Identifier: Apache-2.0
#include "bundle/volumes/reed_solomon.hpp"

#include <array>
#include <utility>

#include "base/error.hpp"

namespace sealift::bundle {

namespace {

constexpr unsigned kPolynomial = 0x11D;

// Every element but 0 is a power of 2, so that a product is a sum of exponents.
struct Tables {
  std::array<Factor, 2 * kMaxPieces> power{};
  std::array<std::uint8_t, 256> exponent{};
};

constexpr Tables make_tables() {
  Tables tables;
  unsigned element = 1;
  for (std::size_t i = 0; i < kMaxPieces; ++i) {
    tables.power[i] = tables.power[i + kMaxPieces] = static_cast<Factor>(element);
    tables.exponent[element] = static_cast<std::uint8_t>(i);
    element <<= 1U;
    if (element > kMaxPieces) element ^= kPolynomial;
  }
  return tables;
}

constexpr Tables kTables = make_tables();

using Row = std::vector<Factor>;

void add_row(Row& sum, const Row& row, Factor factor) {
  for (std::size_t i = 0; i < row.size(); ++i) {
    sum[i] = static_cast<Factor>(sum[i] ^ product(row[i], factor));
  }
}

// Gauss and Jordan: what is done to the matrix until it is the unit is done to the unit.
std::vector<Row> inverted(std::vector<Row> matrix) {
  const std::size_t size = matrix.size();
  std::vector<Row> result(size, Row(size));
  for (std::size_t i = 0; i < size; ++i) result[i][i] = 1;
  for (std::size_t column = 0; column < size; ++column) {
    std::size_t pivot = column;
    while (pivot < size && matrix[pivot][column] == 0) ++pivot;
    if (pivot == size) throw Error(Errc::internal, "a matrix of parity has no inverse");
    std::swap(matrix[pivot], matrix[column]);
    std::swap(result[pivot], result[column]);
    const Factor scale = inverse(matrix[column][column]);
    for (Row* row : {&matrix[column], &result[column]}) {
      for (Factor& each : *row) each = product(each, scale);
    }
    for (std::size_t i = 0; i < size; ++i) {
      if (i == column || matrix[i][column] == 0) continue;
      const Factor factor = matrix[i][column];
      add_row(matrix[i], matrix[column], factor);
      add_row(result[i], result[column], factor);
    }
  }
  return result;
}

}  // namespace

Factor product(Factor a, Factor b) {
  if (a == 0 || b == 0) return 0;
  return kTables.power[std::size_t{kTables.exponent[a]} + kTables.exponent[b]];
}

Factor inverse(Factor a) {
  return kTables.power[kMaxPieces - kTables.exponent[a]];
}

Factor parity_factor(std::size_t parity, std::size_t data) {
  return inverse(static_cast<Factor>((kMaxPieces - parity) ^ data));
}

// One look into a table of 256 bytes for each byte; the table costs nothing beside the bytes.
void add_product(std::span<char> sum, std::span<const char> bytes, Factor factor) {
  std::array<char, 256> products{};
  for (std::size_t i = 0; i < products.size(); ++i) {
    products[i] = static_cast<char>(product(static_cast<Factor>(i), factor));
  }
  char* const to = sum.data();
  const char* const from = bytes.data();
  const std::size_t count = bytes.size();
  for (std::size_t i = 0; i < count; ++i) {
    to[i] = static_cast<char>(to[i] ^ products[static_cast<unsigned char>(from[i])]);
  }
}

std::vector<std::vector<Factor>> recovery_factors(std::span<const std::size_t> left) {
  const std::size_t data = left.size();
  std::vector<Row> matrix(data, Row(data));
  for (std::size_t i = 0; i < data; ++i) {
    if (left[i] < data) {
      matrix[i][left[i]] = 1;
      continue;
    }
    for (std::size_t j = 0; j < data; ++j) matrix[i][j] = parity_factor(left[i] - data, j);
  }
  return inverted(std::move(matrix));
}

}  // namespace sealift::bundle
