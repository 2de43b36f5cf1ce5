// SPDX-License-Identifier: Apache-2.0
#include "installer/site/audit.hpp"

#include <catch2/catch.hpp>

#include "base/digest.hpp"
#include "tests/unit/errors.hpp"
#include "tests/unit/scratch_folder.hpp"

namespace sealift::installer::audit_test {

using tests::refusal_of;

namespace {
const FixedClock kClock(Time{1'700'000'000});
}  // namespace

TEST_CASE("audit log: entries come back in order, each chained to the one before") {
  const tests::ScratchFolder folder;
  AuditLog log(folder.path() / "audit.jsonl", kClock);
  CHECK(log.head().count == 0);
  for (const char* event : {"trust", "apply", "refused"}) log.append(event, {{"x", event}});
  const std::vector<AuditEntry> entries = log.entries();
  REQUIRE(entries.size() == 3);
  CHECK(entries[1].event == "apply");
  CHECK(entries[2].details == Json{{"x", "refused"}});
  CHECK(log.head().count == 3);
  CHECK(log.head().digest.size() == 64);
}

TEST_CASE("audit log: an edit, a removal and a swap in the middle show") {
  const tests::ScratchFolder folder;
  const fs::path file = folder.path() / "audit.jsonl";
  AuditLog log(file, kClock);
  for (int i = 0; i < 4; ++i) log.append("apply", {{"number", i}});
  const std::string whole = read_file(file, 1 << 20);
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < whole.size(); at = whole.find('\n', at) + 1) {
    lines.push_back(whole.substr(at, whole.find('\n', at) + 1 - at));
  }
  std::string edited = lines[1];
  edited.replace(edited.find("\"number\":1"), 10, "\"number\":9");
  for (const std::string& bytes :
       {lines[0] + edited + lines[2] + lines[3], lines[0] + lines[2] + lines[3],
        lines[1] + lines[2] + lines[3], lines[0] + lines[2] + lines[1] + lines[3]}) {
    write_file(file, bytes);
    CHECK(refusal_of([&] { log.entries(); }) == Errc::corrupt);
  }
}

TEST_CASE("audit log: a torn last line is cut before the next append") {
  const tests::ScratchFolder folder;
  const fs::path file = folder.path() / "audit.jsonl";
  AuditLog log(file, kClock);
  log.append("apply", {{"number", 1}});
  const std::string whole = read_file(file, 1 << 20);
  write_file(file, whole + whole.substr(0, 40));
  CHECK(log.entries().size() == 1);
  log.append("apply", {{"number", 2}});
  CHECK(log.entries().size() == 2);
}

TEST_CASE("audit log: a line has one spelling, so that the head is the digest of the last") {
  const tests::ScratchFolder folder;
  const fs::path file = folder.path() / "audit.jsonl";
  AuditLog log(file, kClock);
  log.append("apply", {{"number", 1}});
  const std::string line = read_file(file, 1 << 20);
  CHECK(log.head().digest == Digest::of(line).hex());
  write_file(file, " " + line);
  CHECK(refusal_of([&] { log.head(); }) == Errc::corrupt);
}

TEST_CASE("audit log: what is no line of ours is not taken for a torn one, and nothing is cut") {
  const tests::ScratchFolder folder;
  const fs::path file = folder.path() / "audit.jsonl";
  AuditLog log(file, kClock);
  log.append("apply", {{"number", 1}});
  const std::string bytes = read_file(file, 1 << 20) + std::string(64 << 10, 'x');
  write_file(file, bytes);
  CHECK(refusal_of([&] { log.append("apply", {{"number", 2}}); }) == Errc::corrupt);
  CHECK(read_file(file, 1 << 20) == bytes);
}

TEST_CASE("audit log: a refusal cannot fill the disk") {
  const tests::ScratchFolder folder;
  const fs::path file = folder.path() / "audit.jsonl";
  AuditLog log(file, kClock);
  log.append("refused", {{"message", std::string(1 << 20, 'x')}});
  CHECK(fs::file_size(file) < 8192);
  log.append("refused", {{"message", "short"}});
  CHECK(log.entries().size() == 2);
}

}  // namespace sealift::installer::audit_test
