// SPDX-License-Identifier: Apache-2.0
#pragma once

// Text for people.

#include <string>
#include <string_view>
#include <vector>

namespace sealift {

// "a, b"
std::string joined(const std::vector<std::string>& words, std::string_view between = ", ");

// Without the blanks at both ends.
std::string_view trimmed(std::string_view text, std::string_view blanks = " \t");

// The lines as one, "a; b", without blanks at the end.
std::string on_one_line(std::string_view text);

// By RFC 3629: no surrogates, no longer spelling than needed.
bool is_utf8(std::string_view text);
// Every `from` becomes `to`, in which none is looked for; an empty `from` is nowhere.
void replace_all(std::string& text, std::string_view from, std::string_view to);
// The text with A to Z made small; nothing else changes.
std::string lower(std::string_view text);

}  // namespace sealift
