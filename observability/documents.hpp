// SPDX-License-Identifier: Apache-2.0
#pragma once

// One file of dashboards, monitors or rules as a document: JSON (RFC 8259), or YAML as other
// programs read it, where a plain 99.9 is a number.

#include <cstddef>
#include <string>
#include <string_view>

#include "base/json.hpp"

namespace sealift::observability {

inline constexpr std::size_t kMaxDocumentBytes = 1U << 20;

// Whether a file is read: by its ending, .json, .yaml or .yml.
bool is_document(std::string_view path);

// Error{invalid_input} with every mistake, which names the file.
Json read_document(const std::string& text, const std::string& file);

}  // namespace sealift::observability
