// SPDX-License-Identifier: Apache-2.0
// Events that were carried out of a site, which `events forward` tells others.
#include "base/file.hpp"
#include "installer/events/forwarding.hpp"
#include "tests/fuzz/target.hpp"
#include "tests/unit/scratch_folder.hpp"

namespace sealift::fuzz {

const Target kEventsFile("events_file", [](std::string_view bytes) {
  static const tests::ScratchFolder folder;
  const fs::path file = folder / "events.jsonl";
  write_file(file, bytes);
  const std::string told = installer::events_text(installer::read_events(file));
  write_file(file, told);
  require(installer::events_text(installer::read_events(file)) == told,
          "what is told is read as it was");
});

}  // namespace sealift::fuzz
