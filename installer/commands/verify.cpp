// SPDX-License-Identifier: Apache-2.0
#include "bundle/report.hpp"
#include "installer/commands/changing.hpp"
#include "installer/commands/commands.hpp"

namespace sealift::installer {

void add_verify(cli::Command& program, const std::string& site) {
  auto& bundle_file = cli::make_options<std::string>();
  program.sub("verify", "check approvals and every byte of a bundle; changes nothing")
      .argument("BUNDLE", bundle_file, "the bundle file, or - for standard input",
                cli::Presence::required)
      .fails_with({Errc::untrusted, Errc::corrupt, Errc::incompatible, Errc::io})
      .runs([&](cli::Session& session) {
        const SiteWork work(session, site);
        const bundle::VerifiedBundle verified =
            bundle::verify_file(bundle_file, work.tools().trust(), session.progress);
        for (const std::string& line : bundle::report_lines(verified)) session.out.line(line);
        session.out.json(bundle::report_json(verified));
      });
}

}  // namespace sealift::installer
