// SPDX-License-Identifier: Apache-2.0
#include "base/random_access.hpp"

#include <sys/stat.h>

#include <algorithm>

#include "base/error.hpp"

namespace sealift {

FdAccess::FdAccess(int fd, std::string name) : fd_(fd), name_(std::move(name)) {
  struct stat status {};
  if (::fstat(fd, &status) != 0) throw_errno(name_, "stat");
  size_ = static_cast<std::uint64_t>(status.st_size);
}

std::size_t FdAccess::read_at(std::uint64_t offset, std::span<char> into) const {
  return sealift::read_at(fd_, offset, into, name_);
}

std::uint64_t copy(const RandomAccess& from, std::uint64_t offset, std::uint64_t bytes, Sink& to) {
  constexpr std::uint64_t kPiece = 256U << 10;
  std::string buffer(static_cast<std::size_t>(std::min(kPiece, bytes)), '\0');
  std::uint64_t done = 0;
  while (done < bytes) {
    const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(kPiece, bytes - done));
    const std::size_t count = from.read_at(offset + done, std::span(buffer).first(wanted));
    to.write({buffer.data(), count});
    done += count;
    if (count < wanted) break;
  }
  return done;
}

}  // namespace sealift
