// SPDX-License-Identifier: Apache-2.0
#include "base/random_access.hpp"

#include <sys/stat.h>

#include "base/error.hpp"
#include "base/file.hpp"

namespace sealift {

FdAccess::FdAccess(int fd, std::string name) : fd_(fd), name_(std::move(name)) {
  struct stat status {};
  if (::fstat(fd, &status) != 0) throw_errno(name_, "stat");
  size_ = static_cast<std::uint64_t>(status.st_size);
}

std::size_t FdAccess::read_at(std::uint64_t offset, std::span<char> into) const {
  return sealift::read_at(fd_, offset, into, name_);
}

}  // namespace sealift
