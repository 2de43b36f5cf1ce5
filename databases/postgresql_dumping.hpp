// SPDX-License-Identifier: Apache-2.0
#pragma once

// What keeps a role from backing up a database of PostgreSQL, found before anything changes.

#include "base/error.hpp"
#include "base/json.hpp"
#include "databases/psql.hpp"

namespace sealift::databases {

// `found` is what facts() asks the server: {"role", "unreadable": tables, "guarded": tables whose
// rows the role sees only in part, "number": of the server's version}. pg_dump must be there and
// not older than the server.
void check_dumpable(const Psql& psql, const Json& found, Problems& problems);

}  // namespace sealift::databases
