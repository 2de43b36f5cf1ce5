// SPDX-License-Identifier: Apache-2.0
#include "cli/version.hpp"

#include "base/format.hpp"

namespace sealift::cli {

void add_version(Command& program, const std::string& name) {
  program.sub("version", "print the version and the formats that this program reads")
      .fails_with({})
      .runs([name](Session& session) {
        session.out.line(format("{} {}", name, SEALIFT_VERSION));
        session.out.line("reads: bundle format 1, release.yaml 1, site.yaml 1, journal 1");
        session.out.json(
            {{"program", name},
             {"version", SEALIFT_VERSION},
             {"reads",
              {{"bundle", {1}}, {"release.yaml", {1}}, {"site.yaml", {1}}, {"journal", {1}}}}});
      });
}

}  // namespace sealift::cli
