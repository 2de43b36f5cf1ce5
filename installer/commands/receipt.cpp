// SPDX-License-Identifier: Apache-2.0
// What this site says that it holds, for the desk that makes its next release. Nothing is changed:
// no lock, no line of the audit log, so it works on a site that is mounted read-only too.
#include "base/file.hpp"
#include "base/format.hpp"
#include "base/log.hpp"
#include "base/path.hpp"
#include "base/text.hpp"
#include "installer/commands/commands.hpp"
#include "installer/session/changing.hpp"
#include "installer/site/site_key.hpp"
#include "release/site_file/site_receipt.hpp"

namespace sealift::installer {

namespace {

using release::HeldAs;
using release::HeldRelease;
using release::SiteReceipt;

// The newest that the log has. One that cannot be read is left out: `audit verify` says why.
std::string newest_checkpoint(const AuditText& log) {
  for (auto line = log.lines.rbegin(); line != log.lines.rend(); ++line) {
    if (!line->entry || line->entry->event != kCheckpointEvent) continue;
    try {
      return checkpoint_of(*line->entry).value().line();
    } catch (const Error& error) {
      log::warning(format("line {} of the audit log: {}", line->number, error.message()));
      return {};
    }
  }
  return {};
}

std::optional<release::RootSummary> root_of(const Layout& layout) {
  if (!dir_exists(layout.trust()) || Dir::open(layout.trust()).entries().empty()) {
    return std::nullopt;
  }
  const signing::Root root = trusted_root(layout);
  return release::RootSummary{.version = root.version(), .fingerprint = root.fingerprint()};
}

// By D, so that each is told once: a release that was applied twice is one bundle. The first use
// that a release has is the one that is told.
std::vector<HeldRelease> held_releases(const Layout& layout, const State& state) {
  std::map<Digest, HeldRelease> held;
  const auto add = [&](const Revision* revision, HeldAs use) {
    if (revision == nullptr || !revision->digest || revision->bundle.empty()) return;
    if (!path_exists(layout.store() / revision->bundle)) return;
    held.emplace(*revision->digest, HeldRelease{.name = revision->release,
                                                .version = revision->version,
                                                .digest = *revision->digest,
                                                .use = use});
  };
  add(state.current(), HeldAs::current);
  add(state.previous(), HeldAs::rollback);
  if (state.staged) add(&*state.staged, HeldAs::staged);
  for (const Revision& revision : state.revisions) {
    // Of the installed release even where it was lost and an older revision names another file.
    if (!state.stands(revision.digest)) add(&revision, HeldAs::kept);
  }
  std::vector<HeldRelease> list;
  list.reserve(held.size());
  for (auto& [digest, release] : held) list.push_back(std::move(release));
  return list;
}

SiteReceipt receipt_of(const SiteWork& work, const State& state, const SiteKey& key, Time now) {
  const Installation& installation = work.installation();
  SiteReceipt receipt{.site = installation.id,
                      .release = installation.site.release,
                      .environment = installation.site.environment,
                      .installer = SEALIFT_VERSION,
                      .made = now,
                      .key = key.public_key(),
                      .root = root_of(installation.layout),
                      .checkpoint = newest_checkpoint(work.tools().audit().text()),
                      .held = held_releases(installation.layout, state)};
  if (const Revision* installed = state.current()) {
    receipt.current = {
        .name = installed->release, .version = installed->version, .digest = installed->digest};
  }
  return receipt;
}

void show(const SiteReceipt& receipt, const std::string& file, cli::Output& out) {
  out.line(format("site         {} ({})", receipt.site, printable(receipt.environment)));
  out.line(receipt.current
               ? format("release      {} {}", receipt.current->name, receipt.current->version)
               : std::string("release      none yet"));
  std::vector<std::string> held;
  for (const HeldRelease& each : receipt.held) {
    held.push_back(format("{} ({})", each.version, name(each.use)));
  }
  out.line(format("holds        {}", held.empty() ? "no bundle" : joined(held)));
  out.line(format("receipt      {}, signed by the key {}", file, receipt.key.id()));
}

void make_receipt(const std::string& output, const std::string& site, cli::Session& session) {
  const SiteWork work(session, site);
  const SiteKey key = SiteKey::read(work.installation().layout);
  const SiteReceipt receipt = receipt_of(work, work.state(), key, session.clock.now());
  const std::string text =
      to_text(receipt, [&](std::string_view message) { return key.sign(message); });
  if (output.empty()) {
    session.out.text(text);
  } else {
    write_file(output, text);
    show(receipt, output, session.out);
  }
  session.out.json(to_json(receipt));
}

}  // namespace

void add_receipt(cli::Command& program, const std::string& site) {
  auto& output = cli::make_options<std::string>();
  program
      .sub("receipt", "say, signed by the site's key, which releases this site holds",
           "For the people who build the next release. Nothing is changed, and no secret is in it.")
      .option("-o,--output", output, "FILE", "write it into a file (default: standard output)")
      .example("sealift-installer receipt -o /media/safe/vault-room.receipt",
               "what `sealift sites` reads")
      .example("sealift-installer receipt > vault-room.receipt", "the same")
      .fails_with({Errc::invalid_input, Errc::untrusted, Errc::corrupt, Errc::io})
      .runs([&](cli::Session& session) { make_receipt(output, site, session); });
}

}  // namespace sealift::installer
