// SPDX-License-Identifier: Apache-2.0
#pragma once

// What people are told where a run of migrations or a client program of PostgreSQL fails: the
// cause, what to do about it, and whether anything of the run stays.

#include <string>
#include <string_view>

#include "base/error.hpp"
#include "base/process.hpp"
#include "databases/database.hpp"
#include "databases/psql.hpp"

namespace sealift::databases {

// Nothing where the program ended well; else Error{code} with the end of what it said.
void check_program(const Outcome& outcome, std::string_view program, Errc code);

// Throws for a refusal of the server during `run`. Its mark says where in our script that was
// (postgresql_script.hpp): Error{busy} at the lock, Error{incompatible} behind a pooler, else
// Error{target_failed}, which names the file and line of a migration.
[[noreturn]] void fail_run(const std::string& database, const Run& run, const Refusal& refusal);

}  // namespace sealift::databases
