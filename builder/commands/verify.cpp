// SPDX-License-Identifier: Apache-2.0
// Judges a bundle as a site would, with a root that is given.
#include "base/path.hpp"
#include "base/sandbox.hpp"
#include "builder/commands/commands.hpp"
#include "builder/signing_desk/trust_folder.hpp"
#include "bundle/report.hpp"
#include "bundle/verified.hpp"

namespace sealift::builder {

namespace {

struct VerifyOptions {
  std::vector<std::string> bundle;
  std::string root;
  std::string environment;
};

void run_verify(const VerifyOptions& options, cli::Session& session) {
  const signing::Root root = load_root(options.root);
  check_self_signed(root);
  const bundle::Trust trust{
      .root = root, .environment = options.environment, .policy = {}, .now = session.clock.now()};
  give_up_changes();  // all of this process, which only reads and says what it found
  const bundle::VerifiedBundle verified = bundle::verify_given(
      options.bundle, trust, session.progress, [&](const bundle::Judgement& judgement) {
        for (const std::string& line : bundle::report_lines(judgement, trust)) {
          session.out.line(printable(line));
        }
      });
  session.out.line(bundle::content_line(verified.contents()));
  session.out.json(bundle::report_json(verified));
}

}  // namespace

void add_verify(cli::Command& program) {
  auto& options = cli::make_options<VerifyOptions>();
  program.sub("verify", "check approvals and every byte of a bundle, as an installer does")
      .arguments("BUNDLE", options.bundle,
                 "the bundle file, volumes of it or their folder, or - for standard input",
                 cli::Presence::required)
      .option("--root", options.root, "FILE", "the trust root, N.root.json",
              cli::Presence::required)
      .option("--environment", options.environment, "NAME", "the environment whose approvers count")
      .example("sealift verify dist/shop-1.0.0.bundle.tar.zst --root trust/1.root.json",
               "check a bundle before it is carried to the sites")
      .example("sealift verify - --root trust/1.root.json < shop.bundle.tar.zst",
               "read the bundle from standard input")
      .fails_with(
          {Errc::invalid_input, Errc::untrusted, Errc::corrupt, Errc::incompatible, Errc::io})
      .runs([&options](cli::Session& session) { run_verify(options, session); });
}

}  // namespace sealift::builder
