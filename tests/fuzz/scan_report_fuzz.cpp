// SPDX-License-Identifier: Apache-2.0
#include "builder/images/scan_report.hpp"

#include "tests/fuzz/target.hpp"

namespace sealift::fuzz {

const Target kScanReport("scan_report", [](std::string_view bytes) {
  even_if_refused([&] { builder::parse_scan_report(bytes, "report"); });
});

}  // namespace sealift::fuzz
