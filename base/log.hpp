// SPDX-License-Identifier: Apache-2.0
#pragma once

// The door to spdlog: remarks to standard error while a command works. Results go to standard
// output and failures are Errors; neither comes through here. Nothing secret may be passed in.

#include <functional>
#include <string_view>

namespace sealift::log {

// Of --quiet, neither, and --verbose.
enum class Level { quiet, normal, verbose };

// Once, from main: the program's name starts every line.
void open(std::string_view program, Level level);

// Called before each line, so that a line which is rewritten can make room; empty: nothing is.
void before_each_line(std::function<void()> work);

void detail(std::string_view text);   // shown with --verbose
void warning(std::string_view text);  // shown unless --quiet

}  // namespace sealift::log
