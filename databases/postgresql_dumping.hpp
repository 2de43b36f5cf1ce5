// SPDX-License-Identifier: Apache-2.0
#pragma once

// What keeps a role from backing up a database of PostgreSQL, found before anything changes.

#include "base/error.hpp"
#include "databases/postgresql_facts.hpp"
#include "databases/psql.hpp"

namespace sealift::databases {

// pg_dump must be there and not older than the server.
void check_dumpable(const Psql& psql, const ServerFacts& found, Problems& problems);

}  // namespace sealift::databases
