// SPDX-License-Identifier: Apache-2.0
#include "base/path.hpp"
#include "signing/certificate.hpp"
#include "tests/fuzz/target.hpp"

namespace sealift::fuzz {

const Target kCertificate("certificate", [](std::string_view bytes) {
  const signing::CertificateVerdict verdict =
      signing::judge({.chain = bytes,
                      .key = bytes,
                      .authorities = bytes,
                      .hosts = {"chanuka.example", "192.0.2.7"},
                      .warn_days = 30,
                      .now = parse_time("2026-11-25T00:00:00Z")});
  for (const auto* list : {&verdict.mistakes, &verdict.warnings}) {
    for (const std::string& line : *list) {
      require(printable(line, line.size()) == line, "what is said is safe to show");
    }
  }
});

}  // namespace sealift::fuzz
