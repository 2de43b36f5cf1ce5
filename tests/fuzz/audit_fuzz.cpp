// SPDX-License-Identifier: Apache-2.0
#include "base/digest.hpp"
#include "installer/site/audit.hpp"
#include "tests/fuzz/target.hpp"
#include "tests/unit/scratch_folder.hpp"

namespace sealift::fuzz {

namespace {

// The last line that has its newline, with it.
std::string_view last_line(std::string_view bytes) {
  const std::size_t end = bytes.rfind('\n');
  const std::size_t before = end == 0 ? std::string_view::npos : bytes.rfind('\n', end - 1);
  return bytes.substr(before + 1, end - before);
}

}  // namespace

const Target kAudit("audit", [](std::string_view bytes) {
  static const tests::ScratchFolder folder;
  static const FixedClock clock(Time{1'700'000'000});
  write_file(folder / "audit.log", bytes);
  installer::AuditLog log(folder / "audit.log", clock);
  const installer::AuditLog::Head head = log.head();
  require(head.count == 0 || head.digest == Digest::of(last_line(bytes)).hex(),
          "the head is the digest of the last line");
  log.append("apply", {{"number", 1}});
  require(log.entries().size() == head.count + 1, "a log that was read can go on");
});

}  // namespace sealift::fuzz
