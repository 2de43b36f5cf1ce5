// SPDX-License-Identifier: Apache-2.0
#include "base/copy.hpp"

#include <string>

namespace sealift {

namespace {
constexpr std::size_t kPiece = 256 * 1024;
}  // namespace

std::uint64_t copy(Source& from, Sink& to, Progress& progress) {
  std::string buffer(kPiece, '\0');
  std::uint64_t total = 0;
  while (const std::size_t count = from.read(buffer)) {
    to.write({buffer.data(), count});
    progress.advance(count);
    total += count;
  }
  return total;
}

}  // namespace sealift
