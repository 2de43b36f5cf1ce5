// SPDX-License-Identifier: Apache-2.0
#pragma once

// One question to a database, asked to learn whether it answers. Reads only: PostgreSQL is asked in
// a transaction that may not write, SQLite through a connection that cannot.
// The answer is the first column of the first row as text, empty for NULL and for no row.
// Error{target_failed} with what the database said, or that it did not answer within `limit`.

#include <chrono>
#include <string>

#include "databases/database.hpp"

namespace sealift::databases {

std::string ask_postgresql(const PostgresqlPlace& place, const std::string& query,
                           std::chrono::milliseconds limit);
// A file that is not there is an error: asking must not make one.
std::string ask_sqlite(const fs::path& file, const std::string& query,
                       std::chrono::milliseconds limit);

}  // namespace sealift::databases
