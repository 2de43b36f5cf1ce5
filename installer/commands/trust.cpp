// SPDX-License-Identifier: Apache-2.0
#include "base/file.hpp"
#include "base/format.hpp"
#include "installer/commands/changing.hpp"
#include "installer/commands/commands.hpp"
#include "signing/root.hpp"

namespace sealift::installer {

namespace {

struct Options {
  std::string root;
  std::string fingerprint;
  ChangeOptions change;
};

void show_root(const signing::Root& root, cli::Session& session) {
  session.out.line(
      format("root         version {}, valid until {}", root.version(), to_text(root.expires())));
  session.out.line(format("fingerprint  {}", root.fingerprint().hex()));
  Json keys = Json::array();
  const signing::Role& role = root.approvers_for("");
  session.out.line(format("approvals    {} of {}", role.threshold, role.keys.size()));
  for (const signing::PublicKey& key : role.keys) {
    session.out.line(format("             {}  {}", key.id(), root.name_of(key)));
    keys.push_back({{"id", key.id()}, {"name", root.name_of(key)}});
  }
  session.out.json({{"version", root.version()},
                    {"expires", to_text(root.expires())},
                    {"fingerprint", root.fingerprint().hex()},
                    {"threshold", role.threshold},
                    {"approvers", std::move(keys)}});
}

void init(const Options& options, const std::string& site, cli::Session& session) {
  SiteWork work(session, site);
  work.lock("trust init", options.change);
  const Layout& layout = work.installation().layout;
  const signing::Root root =
      signing::Root::parse(read_file(options.root, signing::kMaxRootBytes), options.root);
  check_self_signed(root);
  if (root.fingerprint().hex() != options.fingerprint) {
    throw Error(Errc::untrusted,
                format("{}: has the fingerprint {}, expected {}", options.root,
                       root.fingerprint().hex(), options.fingerprint),
                "compare with the release owner over a second channel; nothing was trusted");
  }
  if (!Dir::open(layout.trust()).entries().empty()) {
    throw Error(Errc::invalid_input, "this site has a trust root already",
                "newer roots arrive inside bundles; see: sealift-installer trust show");
  }
  store_root(layout, root);
  work.tools().audit().append(
      "trust", {{"rootVersion", root.version()}, {"fingerprint", root.fingerprint().hex()}});
  show_root(root, session);
}

}  // namespace

void add_trust(cli::Command& program, const std::string& site) {
  cli::Command trust = program.sub("trust", "whom this site believes");
  trust.fails_with({});
  auto& options = cli::make_options<Options>();
  trust.sub("init", "trust a release owner's root, once, by an explicit act")
      .argument("ROOT", options.root, "the root file, such as 1.root.json", cli::Presence::required)
      .option("--fingerprint", options.fingerprint, "HEX",
              "the root's fingerprint, learnt over a second channel", cli::Presence::required)
      .fails_with({Errc::invalid_input, Errc::untrusted, Errc::corrupt, Errc::io})
      .runs([&](cli::Session& session) { init(options, site, session); });
  trust.sub("show", "show the trusted root")
      .fails_with({Errc::untrusted, Errc::io})
      .runs([&site](cli::Session& session) {
        const SiteWork work(session, site);
        show_root(trusted_root(work.installation().layout), session);
      });
}

}  // namespace sealift::installer
