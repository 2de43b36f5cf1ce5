// SPDX-License-Identifier: Apache-2.0
#pragma once

// Text and names as parts of SQL, of PostgreSQL (with standard_conforming_strings on) and SQLite.

#include <string>
#include <string_view>

namespace sealift::databases {

// '...' Both double the quote that they stand in, and nothing else needs it.
std::string sql_text(std::string_view text);
// "..."
std::string sql_name(std::string_view name);

}  // namespace sealift::databases
