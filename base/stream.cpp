// SPDX-License-Identifier: Apache-2.0
#include "base/stream.hpp"

#include <algorithm>
#include <array>

#include "base/error.hpp"
#include "base/format.hpp"

namespace sealift {

std::size_t StringSource::read(std::span<char> into) {
  const std::size_t count = std::min(into.size(), rest_.size());
  std::copy_n(rest_.begin(), count, into.begin());
  rest_.remove_prefix(count);
  return count;
}

PeekedSource::PeekedSource(Source& rest, std::size_t count) : first_(count, '\0'), rest_(rest) {
  first_.resize(read_fully(rest_, first_));
}

std::size_t PeekedSource::read(std::span<char> into) {
  if (used_ == first_.size()) return rest_.read(into);
  const std::size_t count = std::min(into.size(), first_.size() - used_);
  std::copy_n(first_.begin() + static_cast<std::ptrdiff_t>(used_), count, into.begin());
  used_ += count;
  return count;
}

std::size_t read_fully(Source& source, std::span<char> into) {
  std::size_t filled = 0;
  while (filled < into.size()) {
    const std::size_t count = source.read(into.subspan(filled));
    if (count == 0) break;
    filled += count;
  }
  return filled;
}

std::uint64_t copy(Source& from, Sink& to) {
  std::string buffer(256 * 1024, '\0');
  std::uint64_t total = 0;
  while (const std::size_t count = from.read(buffer)) {
    to.write(std::string_view(buffer).substr(0, count));
    total += count;
  }
  return total;
}

std::string read_all(Source& source, std::uint64_t limit, std::string_view what) {
  std::string bytes;
  std::string buffer(64 * 1024, '\0');
  while (const std::size_t count = source.read(buffer)) {
    if (bytes.size() + count > limit) {
      throw Error(Errc::invalid_input, format("{}: more than the limit of {} bytes", what, limit));
    }
    bytes.append(buffer, 0, count);
  }
  return bytes;
}

}  // namespace sealift
