// SPDX-License-Identifier: Apache-2.0
#pragma once

// What both programs say about a bundle that they verified.

#include <string>
#include <vector>

#include "base/json.hpp"
#include "bundle/verified.hpp"

namespace sealift::bundle {

// Verifies the file at `path`, or standard input for "-".
VerifiedBundle verify_file(const std::string& path, const Trust& trust, Progress& progress);

std::vector<std::string> report_lines(const VerifiedBundle& verified);
Json report_json(const VerifiedBundle& verified);

}  // namespace sealift::bundle
