// SPDX-License-Identifier: Apache-2.0
#include "base/format.hpp"
#include "installer/records/journal.hpp"
#include "tests/fuzz/target.hpp"
#include "tests/unit/scratch_folder.hpp"

namespace sealift::fuzz {

namespace {

// What stands behind `records` lines.
std::string_view after(std::string_view bytes, std::size_t records) {
  for (; records > 0; --records) bytes.remove_prefix(bytes.find('\n') + 1);
  return bytes;
}

}  // namespace

const Target kJournal("journal", [](std::string_view bytes) {
  static const tests::ScratchFolder folder;
  static const FixedClock clock(Time{1'700'000'000});
  const fs::path file = folder / "000007.journal";
  write_file(file, bytes);
  installer::Journal journal = installer::Journal::open(file, clock);
  const std::size_t count = journal.records().size();
  const std::string_view torn = after(bytes, count);
  const std::size_t end = std::min(torn.find('\n'), torn.size());
  require(torn.find_first_not_of(std::string_view("\n\0", 2), end) == std::string_view::npos,
          "only a last record is cut off");
  journal.append(installer::Event::recovering);
  require(installer::Journal::read(file, clock).records().size() == count + 1,
          "a journal that was opened can go on");
});

}  // namespace sealift::fuzz
