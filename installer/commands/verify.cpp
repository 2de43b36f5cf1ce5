// SPDX-License-Identifier: Apache-2.0
#include "base/format.hpp"
#include "base/path.hpp"
#include "base/sandbox.hpp"
#include "bundle/report.hpp"
#include "installer/commands/commands.hpp"
#include "installer/content/given_bundle.hpp"
#include "installer/session/changing.hpp"
#include "installer/session/refusal.hpp"

namespace sealift::installer {

namespace {

struct VerifyOptions {
  std::vector<std::string> bundle;
  std::optional<int> at_root;
  TrustOptions trust;
};

bundle::Trust trust_of(const VerifyOptions& options, const Tools& tools) {
  bundle::Trust trust = tools.trust(options.trust.expiry());
  if (options.at_root) {
    trust.root = accepted_root(tools.installation.layout,
                               static_cast<std::uint64_t>(std::max(*options.at_root, 0)));
    trust.standpoint = bundle::Standpoint::as_given;
  }
  return trust;
}

bundle::VerifiedBundle judged(const VerifyOptions& options, const Layout& layout,
                              const bundle::Trust& trust, RefusalRecord& refusal,
                              cli::Session& session) {
  try {
    return verify_given(layout, options.bundle, trust, session.progress,
                        [&](const bundle::Judgement& judgement) {
                          refusal.know(judgement);
                          for (const std::string& line : bundle::report_lines(judgement, trust)) {
                            session.out.line(printable(line));
                          }
                        });
  } catch (const Error& error) {
    refusal.record(error);
    throw;
  }
}

void run_verify(const VerifyOptions& options, const std::string& site, cli::Session& session) {
  const SiteWork work(session, site);
  const bundle::Trust trust = trust_of(options, work.tools());
  RefusalRecord refusal(
      work.tools(),
      options.at_root ? format("verify --at-root {}", *options.at_root) : std::string("verify"),
      options.bundle);
  give_up_changes();  // all of this process, which only reads and says what it found
  const bundle::VerifiedBundle verified =
      judged(options, work.installation().layout, trust, refusal, session);
  session.out.line(bundle::content_line(verified.contents()));
  if (options.at_root) {
    session.out.line("judged as that root would have, which is not what apply does");
  }
  session.out.json(bundle::report_json(verified));
}

}  // namespace

void add_verify(cli::Command& program, const std::string& site) {
  auto& options = cli::make_options<VerifyOptions>();
  cli::Command command =
      program.sub("verify", "check approvals and every byte of a bundle; changes nothing");
  command
      .arguments("BUNDLE", options.bundle,
                 "the bundle file, volumes of it or their folder, a delta, or - for standard input",
                 cli::Presence::required)
      .option("--at-root", options.at_root, "N",
              "judge by root version N, which this site once trusted, whatever came later");
  add_expiry_option(command, options.trust);
  command
      .example("sealift-installer verify shop-1.0.0.bundle.tar.zst",
               "who approved it, and whether every byte is right")
      .example("sealift-installer verify shop-1.0.0.bundle.tar.zst --at-root 1",
               "an old bundle, as it was judged then")
      .example("sealift-installer verify /media/first /media/second",
               "volumes on two media: which are damaged or missing")
      .fails_with(
          {Errc::invalid_input, Errc::untrusted, Errc::corrupt, Errc::incompatible, Errc::io})
      .runs([&](cli::Session& session) { run_verify(options, site, session); });
}

}  // namespace sealift::installer
