// SPDX-License-Identifier: Apache-2.0
#include "base/file.hpp"
#include "base/format.hpp"
#include "base/path.hpp"
#include "base/text.hpp"
#include "bundle/report.hpp"
#include "content/media_types.hpp"
#include "installer/commands/commands.hpp"
#include "installer/session/changing.hpp"
#include "installer/session/typed_hex.hpp"
#include "signing/root.hpp"

namespace sealift::installer {

namespace {

using signing::Root;

struct RootOptions {
  std::vector<std::string> files;
  std::string root;
  std::string fingerprint;
  ChangeOptions change;
  TrustOptions trust;
};

void show_root(const Root& root, Time now, cli::Session& session) {
  for (const std::string& line : bundle::root_lines(root, now)) {
    session.out.line(printable(line));
  }
  session.out.json(bundle::root_json(root));
}

Root load_root(const std::string& file) {
  return Root::parse(read_file(file, signing::kMaxRootBytes), file);
}

Json evidence(const Root& root) {
  return {{"rootVersion", root.version()}, {"fingerprint", root.fingerprint().hex()}};
}

void init(const RootOptions& options, const std::string& site, cli::Session& session) {
  SiteWork work(session, site);
  work.lock("trust init", options.change);
  const Layout& layout = work.installation().layout;
  const std::string expected =
      typed_hex("--fingerprint", options.fingerprint,
                "the release owner reads it from: sealift trust show 1.root.json");
  AuditLog audit = work.tools().audit();
  const Root root = load_root(options.root);
  check_self_signed(root);
  if (root.fingerprint().hex() != expected) {
    Json known = evidence(root);
    known["expected"] = expected;
    audit.append("refused", std::move(known));
    throw Error(Errc::untrusted,
                format("{}: has the fingerprint {}, expected {}", options.root,
                       root.fingerprint().hex(), expected),
                "compare with the release owner over a second channel; nothing was trusted");
  }
  if (!Dir::open(layout.trust()).entries().empty()) {
    throw Error(Errc::invalid_input, "this site has a trust root already",
                "newer roots arrive inside bundles, or with: sealift-installer trust update");
  }
  store_roots(layout, {root}, audit);
  show_root(root, session.clock.now(), session);
}

// Root files in any order, or a bundle that carries a chain.
std::vector<Root> roots_in(const std::string& file, Workers& workers) {
  const Fd fd = open_for_reading(file);
  char first = 0;
  if (read_at(fd.get(), 0, {&first, 1}, file) == 1 && first == '{') return {load_root(file)};
  FdSource source(fd.get(), file);
  bundle::Reader reader(source, workers, file);
  std::vector<Root> roots;
  for (const std::string& text : reader.read_claim().layers_of(media_type::kRootChain)) {
    roots.push_back(Root::parse(text, format("{}: root chain[{}]", file, roots.size())));
  }
  return roots;
}

void update(const RootOptions& options, const std::string& site, cli::Session& session) {
  SiteWork work(session, site);
  work.lock("trust update", options.change);
  const Tools& tools = work.tools();
  const Layout& layout = work.installation().layout;
  const Time now = believed_now(layout, session.clock);
  try {
    std::vector<Root> offered;
    for (const std::string& file : options.files) {
      for (Root& root : roots_in(file, tools.workers)) offered.push_back(std::move(root));
    }
    std::stable_sort(offered.begin(), offered.end(),
                     [](const Root& a, const Root& b) { return a.version() < b.version(); });
    const std::vector<Root> newer = follow_chain(trusted_root(layout), offered);
    if (!newer.empty() && now > newer.back().expires()) {
      if (!options.trust.accept_expired) {
        throw Error(Errc::untrusted,
                    format("root version {} expired at {}", newer.back().version(),
                           to_text(newer.back().expires())),
                    "ask the release owner for a newer one; check this host's clock");
      }
      Json known = evidence(newer.back());
      known["acceptExpired"] = true;
      tools.audit().append("accepted", std::move(known));
    }
    store_roots(layout, newer, tools.audit());
    if (newer.empty()) session.out.line("nothing newer; the trusted root stays");
    session.effect = newer.empty() ? cli::Effect::none : cli::Effect::changed;
  } catch (...) {
    const Error error = current_error();
    audit_failure(tools, "refused", {{"roots", printable(joined(options.files), 1024)}}, error);
    throw error;
  }
  show_root(trusted_root(layout), now, session);
}

}  // namespace

void add_trust(cli::Command& program, const std::string& site) {
  cli::Command trust = program.sub("trust", "show and change whom this site trusts");
  trust.example("sealift-installer trust show", "who may approve releases for this site")
      .fails_with({});
  auto& options = cli::make_options<RootOptions>();
  trust.sub("init", "trust a release owner's root, once, by an explicit act")
      .argument("ROOT", options.root, "the root file, such as 1.root.json", cli::Presence::required)
      .option("--fingerprint", options.fingerprint, "HEX",
              "the root's fingerprint, learnt over a second channel", cli::Presence::required)
      .example("sealift-installer trust init 1.root.json --fingerprint \"5F2C 9A41 ...\"",
               "all 64 digits, as they were read over the telephone")
      .fails_with({Errc::invalid_input, Errc::untrusted, Errc::corrupt, Errc::busy, Errc::io})
      .runs([&](cli::Session& session) { init(options, site, session); });
  trust.sub("show", "show the trusted root")
      .example("sealift-installer trust show", "keys, thresholds and expiry")
      .fails_with({Errc::untrusted, Errc::corrupt, Errc::io})
      .runs([&site](cli::Session& session) {
        const SiteWork work(session, site);
        const Layout& layout = work.installation().layout;
        show_root(trusted_root(layout), believed_now(layout, session.clock), session);
      });
  auto& updating = cli::make_options<RootOptions>();
  cli::Command update_command =
      trust.sub("update", "take newer roots, each signed by the one before, without a release");
  update_command.arguments("FILE", updating.files, "root files, or a bundle that carries them",
                           cli::Presence::required);
  add_expiry_option(update_command, updating.trust);
  update_command
      .example("sealift-installer trust update 2.root.json 3.root.json", "two newer roots")
      .example("sealift-installer trust update shop-1.1.0.bundle.tar.zst",
               "those that a bundle carries")
      .fails_with({Errc::invalid_input, Errc::untrusted, Errc::corrupt, Errc::incompatible,
                   Errc::busy, Errc::io})
      .runs([&](cli::Session& session) { update(updating, site, session); });
}

}  // namespace sealift::installer
