// SPDX-License-Identifier: Apache-2.0
#include "cli/version.hpp"

#include "base/format.hpp"

namespace sealift::cli {

void show_version(const std::string& program, Session& session) {
  session.out.line(format("{} {}", program, SEALIFT_VERSION));
  session.out.line("reads: bundle format 1, release.yaml 1, site.yaml 1, journal 1");
  session.out.json(
      {{"program", program},
       {"version", SEALIFT_VERSION},
       {"reads", {{"bundle", {1}}, {"release.yaml", {1}}, {"site.yaml", {1}}, {"journal", {1}}}}});
}

}  // namespace sealift::cli
