// SPDX-License-Identifier: Apache-2.0
#pragma once

// Backups by programs of the site's own (pgBackRest, a snapshot, what the DBA has). What `create`
// writes is kept in place of a dump: a dump, or the name under which the program keeps one.
// `verify` and `restore` get just that as their standard input.

#include <memory>
#include <string>
#include <vector>

#include "databases/database.hpp"

namespace sealift::databases {

struct BackupPrograms {
  std::string database;  // its name, for SEALIFT_DATABASE
  std::vector<std::string> create;
  std::vector<std::string> verify;
  std::vector<std::string> restore;
};

// `inner` with other backups. What a program refuses is Error{io} of dump(), Error{corrupt} of
// check_dump() and Error{target_failed} of restore(); rehearsal() is Error{incompatible}.
std::unique_ptr<Database> with_backups_by(BackupPrograms programs, std::unique_ptr<Database> inner);

}  // namespace sealift::databases
