// SPDX-License-Identifier: Apache-2.0
#pragma once

// A second place for backups: a folder, or a command that takes each on its standard input.

#include <cstddef>
#include <string>
#include <vector>

#include "release/site_file/keep_rule.hpp"

namespace sealift::release {

struct BackupCopy {
  std::string to;  // absolute; empty: a command
  KeepRule rule = {};
  std::vector<std::string> command = {};  // "{file}" in a word is the file's name
  std::vector<std::string> verify = {};   // prints what is kept there; empty: nobody asks

  std::string name() const;  // for people and records
};

inline constexpr const char* kCopyForm =
    "write {to: /mnt/second, keep: 14}, or {command: [...], verify: [...]}";

// A folder has a retention, a command has not; each place is named once.
struct CopyMistake {
  std::size_t index;
  std::string found;
};
std::vector<CopyMistake> copy_mistakes(const std::vector<BackupCopy>& copies);

}  // namespace sealift::release
