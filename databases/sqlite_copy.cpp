// SPDX-License-Identifier: Apache-2.0
#include "databases/sqlite_copy.hpp"

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <thread>

#include "base/format.hpp"
#include "base/path.hpp"
#include "base/random.hpp"

namespace sealift::databases {

namespace {
constexpr int kPagesAtOnce = 1024;
}  // namespace

ScratchFile::ScratchFile(const fs::path& folder)
    : path_(folder / format(".scratch-{}.db", random_hex(8))) {
  // Made before SQLite makes it for everybody to read.
  const Fd made(::open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                       static_cast<mode_t>(FileMode::secret)));
  if (!made.is_open()) throw_errno(path_.string(), "create");
}

ScratchFile::~ScratchFile() {
  for (const char* ending : {"", "-journal", "-wal", "-shm"}) {
    ::unlink((path_.string() + ending).c_str());
  }
}

void copy_pages(const SqliteConnection& from, const SqliteConnection& to, unsigned attempts) {
  sqlite3_backup* backup = ::sqlite3_backup_init(to.handle(), "main", from.handle(), "main");
  if (backup == nullptr) to.fail("copying");
  int status = SQLITE_OK;
  for (unsigned refused = 0; refused <= attempts;) {
    status = ::sqlite3_backup_step(backup, kPagesAtOnce);
    if (status == SQLITE_OK) continue;
    if ((status & 0xFF) != SQLITE_BUSY && (status & 0xFF) != SQLITE_LOCKED) break;
    ++refused;
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  ::sqlite3_backup_finish(backup);
  if (status != SQLITE_DONE) {
    if ((status & 0xFF) == SQLITE_BUSY || (status & 0xFF) == SQLITE_LOCKED) {
      throw Error(Errc::busy, "copying the database: somebody else holds it",
                  "stop what uses it for a while, or raise lock_timeout in site.yaml");
    }
    throw Error(Errc::io, format("copying the database: {}", ::sqlite3_errstr(status)));
  }
}

void check_integrity(const SqliteConnection& connection, Errc code) {
  SqliteQuery query(connection, "PRAGMA integrity_check(1)");
  if (!query.step() || query.text(0) != "ok") {
    throw Error(code, format("integrity check: {}", printable(query.text(0), 400)));
  }
}

}  // namespace sealift::databases
