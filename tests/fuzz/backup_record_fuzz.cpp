// SPDX-License-Identifier: Apache-2.0
// The record beside a backup, which anybody who can write to a disk of backups can write.
#include "base/json.hpp"
#include "installer/drivers/databases/backups.hpp"
#include "tests/fuzz/target.hpp"

namespace sealift::fuzz {

const Target kBackupRecord("backup_record", [](std::string_view bytes) {
  using namespace installer;
  const Backup backup = backup_from_json(parse_json(bytes, "backup"), "backup");
  const Json again = to_json(backup);
  require(to_json(backup_from_json(again, "backup")) == again, "it is read as it was written");
});

}  // namespace sealift::fuzz
