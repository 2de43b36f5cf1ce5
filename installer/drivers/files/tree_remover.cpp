// SPDX-License-Identifier: Apache-2.0
#include "installer/drivers/files/tree_remover.hpp"

#include "base/error.hpp"

namespace sealift::installer {

void remove_file(const Dir& folder, const std::string& name, Receipts& receipts) {
  const std::optional<struct stat> before = folder.stat(name);
  if (!before || !S_ISREG(before->st_mode) || before->st_nlink < 2 ||
      !receipts.is_untouched(*before)) {
    folder.remove(name);
    return;
  }
  const Fd fd = folder.open_file(name);
  folder.remove(name);
  struct stat after {};
  if (::fstat(fd.get(), &after) != 0) throw_errno(folder.path(), "stat");
  receipts.refresh(after);
}

void remove_tree(const Dir& folder, const std::string& name, Receipts& receipts) {
  const std::optional<struct stat> status = folder.stat(name);
  if (!status) return;
  if (!S_ISDIR(status->st_mode)) {
    remove_file(folder, name, receipts);
    return;
  }
  const Dir inside = folder.descend(name);
  for (const Entry& entry : inside.entries()) remove_tree(inside, entry.name, receipts);
  folder.remove_tree(name);
}

}  // namespace sealift::installer
