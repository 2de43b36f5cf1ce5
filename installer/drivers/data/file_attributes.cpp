// SPDX-License-Identifier: Apache-2.0
#include "installer/drivers/data/file_attributes.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <array>

#include "base/error.hpp"
#include "base/format.hpp"

namespace sealift::installer {

namespace {

// Those that have the value already are left alone: setting one may need rights that a restore does
// not have.
void set_attributes(int fd, const DataEntry& entry) {
  const std::map<std::string, std::string> found = attributes_of(fd, entry.path);
  for (const auto& [name, value] : entry.attributes) {
    if (const auto same = found.find(name); same != found.end() && same->second == value) continue;
    if (::fsetxattr(fd, name.c_str(), value.data(), value.size(), 0) != 0) {
      throw_errno(entry.path, format("set the attribute {} of", name));
    }
  }
}

}  // namespace

// 64 KiB is the kernel's limit both for the list of names and for one value (xattr(7)). An
// attribute that is gone again when its value is asked for is left out.
std::map<std::string, std::string> attributes_of(int fd, const std::string& where) {
  std::string names(64 * 1024, '\0');
  const ssize_t all = ::flistxattr(fd, names.data(), names.size());
  if (all < 0) {
    if (errno == ENOTSUP) return {};
    throw_errno(where, "list the extended attributes of");
  }
  names.resize(static_cast<std::size_t>(all));
  std::map<std::string, std::string> attributes;
  std::string value(64 * 1024, '\0');
  for (std::size_t begin = 0; begin < names.size(); begin = names.find('\0', begin) + 1) {
    const std::string name = names.c_str() + begin;
    const ssize_t size = ::fgetxattr(fd, name.c_str(), value.data(), value.size());
    if (size < 0 && errno == ENODATA) continue;
    if (size < 0) throw_errno(where, format("read the attribute {} of", name));
    attributes[name] = value.substr(0, static_cast<std::size_t>(size));
  }
  return attributes;
}

void set_all(int fd, const DataEntry& entry) {
  if (::fchown(fd, entry.uid, entry.gid) != 0) {
    throw_errno(entry.path, format("set the owner {}:{} of", entry.uid, entry.gid));
  }
  if (::fchmod(fd, entry.mode) != 0) throw_errno(entry.path, "set the mode of");
  set_attributes(fd, entry);
  const std::array<timespec, 2> times = {entry.modified, entry.modified};
  if (::futimens(fd, times.data()) != 0) throw_errno(entry.path, "set the time of");
}

void set_by_name(const Dir& folder, const std::string& name, const DataEntry& entry) {
  if (::fchownat(folder.fd(), name.c_str(), entry.uid, entry.gid, AT_SYMLINK_NOFOLLOW) != 0) {
    throw_errno(entry.path, format("set the owner {}:{} of", entry.uid, entry.gid));
  }
  if (entry.type == TarType::fifo && ::fchmodat(folder.fd(), name.c_str(), entry.mode, 0) != 0) {
    throw_errno(entry.path, "set the mode of");
  }
  const std::array<timespec, 2> times = {entry.modified, entry.modified};
  if (::utimensat(folder.fd(), name.c_str(), times.data(), AT_SYMLINK_NOFOLLOW) != 0) {
    throw_errno(entry.path, "set the time of");
  }
}

}  // namespace sealift::installer
