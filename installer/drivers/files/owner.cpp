// SPDX-License-Identifier: Apache-2.0
#include "installer/drivers/files/owner.hpp"

#include <sys/xattr.h>
#include <unistd.h>

#include <array>

#include "base/error.hpp"

namespace sealift::installer {

std::optional<Owner> parse_owner(const std::string& text) {
  if (text.empty()) return std::nullopt;
  const std::size_t colon = text.find(':');
  return Owner{static_cast<unsigned>(std::stoul(text)),
               static_cast<unsigned>(std::stoul(text.substr(colon + 1)))};
}

void own(const Dir& folder, const std::optional<Owner>& owner) {
  if (owner && ::fchown(folder.fd(), owner->uid, owner->gid) != 0) {
    throw_errno(folder.path(), "set the owner");
  }
}

void copy_selinux_label(const Dir& from, const Dir& to) {
  std::array<char, 256> label{};
  const ssize_t size = ::fgetxattr(from.fd(), "security.selinux", label.data(), label.size());
  if (size <= 0) return;
  if (::fsetxattr(to.fd(), "security.selinux", label.data(), static_cast<std::size_t>(size), 0) !=
      0) {
    throw_errno(to.path(), "set the SELinux label");
  }
}

}  // namespace sealift::installer
