// SPDX-License-Identifier: Apache-2.0
#pragma once

// Text that is broken between its words. Columns are those of a terminal's letters, one for each
// character.

#include <string>
#include <string_view>

namespace sealift::cli {

// How many columns the text takes.
std::size_t columns_of(std::string_view text);

// The text in lines of at most `columns`, of which all but the first begin with `indent` blanks;
// the first has its indent already. A word that is longer than a line has a line of its own.
std::string wrapped(std::string_view text, std::size_t columns, std::size_t indent);

}  // namespace sealift::cli
