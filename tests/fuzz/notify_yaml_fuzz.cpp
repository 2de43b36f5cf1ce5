// SPDX-License-Identifier: Apache-2.0
// To whom a host with a network tells events.
#include "base/file.hpp"
#include "release/site_file/notify.hpp"
#include "tests/fuzz/target.hpp"
#include "tests/unit/scratch_folder.hpp"

namespace sealift::fuzz {

const Target kNotifyYaml("notify_yaml", [](std::string_view bytes) {
  static const tests::ScratchFolder folder;
  const fs::path file = folder / "notify.yaml";
  write_file(file, bytes);
  for (const release::Destination& each : release::load_notify(file)) {
    require(!each.name.empty() && !each.on.empty(), "each has a name, and is told something");
  }
});

}  // namespace sealift::fuzz
