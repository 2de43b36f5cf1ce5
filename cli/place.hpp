// SPDX-License-Identifier: Apache-2.0
#pragma once

// Where in a document a problem is, for editors and programs. Every message about a document begins
// "FILE:LINE: KEY: ", so that is read here, and nowhere else.

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/json.hpp"

namespace sealift::cli {

struct Place {
  std::string file;
  std::size_t line = 0;    // from 1
  std::size_t column = 0;  // of the key, in characters, from 1; 0: not known
  std::string key;         // "components[2].source"; empty: none
};

// Gives the text of a file; nothing where it cannot be read.
using TextOf = std::function<std::optional<std::string>(const std::string& file)>;

// Nothing where the message names no line of a file.
std::optional<Place> place_of(std::string_view message, const TextOf& text_of);
// The keys of `place` that are known are added to a problem.
void add_place(const Place& place, Json& problem);
// The files of this machine, up to a size that people write.
std::optional<std::string> text_of_file(const std::string& file);

}  // namespace sealift::cli
