// SPDX-License-Identifier: Apache-2.0
#include "release/site_file/backup_copy.hpp"

#include <set>

#include "base/text.hpp"

namespace sealift::release {

namespace {

std::string mistake_in(const BackupCopy& copy) {
  const bool has_rule = copy.rule.count || copy.rule.days || copy.rule.gib;
  if (copy.to.empty() == copy.command.empty()) {
    return "found to and command, or neither, expected one of both";
  }
  if (copy.to.empty() && has_rule) {
    return "found keep with a command, which removes by itself what it does not keep";
  }
  if (!copy.to.empty() && !copy.verify.empty()) {
    return "found verify with a folder, which is read back without it";
  }
  return "";
}

}  // namespace

std::string BackupCopy::name() const {
  return to.empty() ? joined(command, " ") : to;
}

std::vector<CopyMistake> copy_mistakes(const std::vector<BackupCopy>& copies) {
  std::vector<CopyMistake> mistakes;
  std::set<std::string> names;
  for (std::size_t i = 0; i < copies.size(); ++i) {
    std::string found = mistake_in(copies[i]);
    if (found.empty() && !names.insert(copies[i].name()).second) {
      found = "found the same place twice, expected each once";
    }
    if (!found.empty()) mistakes.push_back({i, std::move(found)});
  }
  return mistakes;
}

}  // namespace sealift::release
