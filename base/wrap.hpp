// SPDX-License-Identifier: Apache-2.0
#pragma once

// Text that is broken between its words. Columns are those of a terminal's letters: one for each
// character, none for what sets a colour.

#include <string>
#include <string_view>

namespace sealift {

// How many columns the text takes.
std::size_t columns_of(std::string_view text);
// What of the text, which has no colours, fits into so many.
std::string_view first_columns(std::string_view text, std::size_t columns);

// A word that is longer than a line has one of its own, or is broken.
enum class LongWord { whole, broken };

// The text in lines of at most `columns`, of which all but the first begin with `indent` blanks;
// the first has its indent already.
std::string wrapped(std::string_view text, std::size_t columns, std::size_t indent,
                    LongWord long_word = LongWord::whole);

// A line of output: unchanged where it fits. Otherwise it goes on below its text: what stands
// behind two blanks ("status    the text"), or its first letter.
std::string wrapped_line(std::string_view line, std::size_t columns);

}  // namespace sealift
