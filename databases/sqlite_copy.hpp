// SPDX-License-Identifier: Apache-2.0
#pragma once

// Copies of a database of SQLite, page by page, and what is done with one: a dump, a rehearsal, a
// database that is restored. Who uses the database meanwhile goes on.

#include "base/error.hpp"
#include "base/file.hpp"
#include "databases/sqlite_connection.hpp"

namespace sealift::databases {

// A file that only its owner can read, and that goes with this object, with what SQLite puts beside
// it.
class ScratchFile {
 public:
  explicit ScratchFile(const fs::path& folder);
  ScratchFile(const ScratchFile&) = delete;
  ScratchFile& operator=(const ScratchFile&) = delete;
  ~ScratchFile();
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

// All pages as they are at one moment. Error{busy} where others held the database at each of
// `attempts` + 1 steps.
void copy_pages(const SqliteConnection& from, const SqliteConnection& to, unsigned attempts);

// Error{code} with the first thing that is wrong with the file. Reads every page (PRAGMA
// integrity_check).
void check_integrity(const SqliteConnection& connection, Errc code);

}  // namespace sealift::databases
