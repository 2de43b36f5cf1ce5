// SPDX-License-Identifier: Apache-2.0
#pragma once

// An erasure code: of `data` pieces and some of parity any `data` are enough. Reed-Solomon over
// GF(2^8) with the polynomial x^8+x^4+x^3+x^2+1 and a Cauchy matrix: byte p of parity piece i is
// the sum over all data pieces j of byte p of piece j times 1/((255-i)+j), where + is exclusive or.
// Every square part of such a matrix can be inverted, which is why any loss can be made good.
// Pieces are numbered from 0, data first; data and parity together are at most 255.

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace sealift::bundle {

inline constexpr std::size_t kMaxPieces = 255;

using Factor = std::uint8_t;

Factor product(Factor a, Factor b);
// Precondition: `a` is not 0.
Factor inverse(Factor a);

// What data piece `data` is multiplied by in parity piece `parity`, the first of which is 0.
Factor parity_factor(std::size_t parity, std::size_t data);

// sum += bytes * factor, byte by byte. `bytes` may be shorter: what it lacks counts as zeros.
void add_product(std::span<char> sum, std::span<const char> bytes, Factor factor);

// How each data piece is made of the pieces that are left: for each a row with the factors of
// these, in their order. `left` names just as many pieces as there are data pieces.
std::vector<std::vector<Factor>> recovery_factors(std::span<const std::size_t> left);

}  // namespace sealift::bundle
