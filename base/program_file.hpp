// SPDX-License-Identifier: Apache-2.0
#pragma once

// What execve(2) asks of a file that shall be started. Its beginning tells much of it wherever the
// file lies, so the builder can judge a program that travels; the rest only its host can tell.

#include <string>
#include <string_view>

#include "base/file.hpp"

namespace sealift {

// How much of a program's beginning is looked at where it travels; the kernel reads as much.
inline constexpr std::size_t kProgramHead = 256;

// Why no Linux starts a program that begins with `head`, as "its first line ends ..."; empty:
// nothing is wrong that can be seen there. Text without "#!" is a script of /bin/sh.
std::string program_flaw(std::string_view head);
// What to do about what program_flaw() found.
std::string flaw_hint(std::string_view head);

// The machine of an ELF program, "amd64" or "arm64" as release.yaml has it; empty for other files.
std::string program_machine(std::string_view head);

// The program that a script asks for in its first line; empty where it asks for none, or no path.
std::string interpreter_of(std::string_view head);

// Why this host does not start `program`, a path; empty: nothing is known. What a script has
// env(1) look for is looked for in `search_path`, folders with colons between.
std::string program_obstacle(const fs::path& program, std::string_view search_path);

// Where a program lies that execvp() would find under this name; empty: nowhere.
fs::path find_program(std::string_view name, std::string_view search_path);

// Whether programs may be started from the file system of `path`.
bool is_noexec(const fs::path& path);

}  // namespace sealift
