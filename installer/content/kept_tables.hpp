// SPDX-License-Identifier: Apache-2.0
#pragma once

// The file tables of what is installed: STATE/tables/HEX.jsonl, where HEX is the SHA-256 of the
// content. They say what a repair and `drift` compare with, so one that is damaged counts as lost,
// and comes back from the bundle that was kept.

#include <memory>

#include "base/digest.hpp"
#include "base/stream.hpp"
#include "installer/site/layout.hpp"

namespace sealift::installer {

// Where the table with this digest is kept.
fs::path table_file(const Layout& layout, const Digest& digest);

// Whether it is there and whole: all of it is read.
bool has_table(const Layout& layout, const Digest& digest);

// Read once before it is given out, so that nobody works with half of a damaged one. Error{corrupt}
// with the command that brings it back.
std::unique_ptr<Source> open_table(const Layout& layout, const Digest& digest);

}  // namespace sealift::installer
