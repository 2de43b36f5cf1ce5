// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace sealift::cli {

using Row = std::vector<std::string>;

// The lines of each row, its cells left-aligned, two blanks apart, with none at the end. Where that
// takes more than `columns` (0: as many as it takes), the widest cells are wrapped; where the
// headings alone take most of them, each cell has a line of its own behind its heading.
std::vector<std::vector<std::string>> laid_out(const std::vector<Row>& rows, std::size_t columns);

}  // namespace sealift::cli
