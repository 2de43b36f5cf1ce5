// SPDX-License-Identifier: Apache-2.0
#include "installer/site/installation.hpp"

#include <charconv>

#include "base/format.hpp"
#include "base/json.hpp"
#include "installer/site/site_access.hpp"
#include "release/text/yaml.hpp"

namespace sealift::installer {

namespace {

// Behind the version: "3.root.json".
constexpr std::string_view kRootEnding = ".root.json";

std::optional<std::uint64_t> root_version(std::string_view file) {
  std::uint64_t version = 0;
  const auto [end, failure] = std::from_chars(file.data(), file.data() + file.size(), version);
  if (failure != std::errc() || std::string_view(end) != kRootEnding) return std::nullopt;
  return version;
}

fs::path root_file(const Layout& layout, std::uint64_t version) {
  return layout.trust() / format("{}{}", version, kRootEnding);
}

Time latest_time(const Layout& layout) {
  const fs::path file = layout.latest_time();
  if (!path_exists(file)) return {};
  const Json value = parse_json(read_file(file, 4096), file.string());
  Fields fields(value, file.string());
  const std::string latest = fields.text("latest");
  fields.done();
  return while_reading(file.string(), [&] { return parse_time(latest); });
}

}  // namespace

// Who may write here is asked before anything is read, for site.yaml names commands that we run.
Installation open_installation(const Layout& layout) {
  if (!path_exists(layout.identity())) {
    throw Error(Errc::usage, format("{}: found no site", layout.state.string()),
                "make one with: sealift-installer init; or name one with --site DIR");
  }
  refuse_other_writers(layout);
  const Json identity =
      parse_json(read_file(layout.identity(), 64 << 10), layout.identity().string());
  Fields fields(identity, layout.identity().string());
  Installation installation{.layout = layout,
                            .id = fields.text("id"),
                            .site = {},
                            .site_text = read_file(layout.site_yaml, release::kMaxYamlBytes)};
  installation.site = release::parse_site(installation.site_text, layout.site_yaml.string());
  return installation;
}

void restore_folders(const Layout& layout) {
  for (const fs::path& folder :
       {layout.store(), layout.tables(), layout.revisions(), layout.receipts(), layout.trust()}) {
    make_dirs(folder);
  }
  make_dirs(layout.keys(), 0700);
}

void remove_unfinished_files(const Layout& layout) {
  const auto is_ours = [](std::string_view) { return true; };
  for (const fs::path& folder :
       {layout.state, layout.journal(), layout.receipts(), layout.trust(), layout.tables(),
        layout.keys(), layout.backups(), layout.timestamps()}) {
    if (dir_exists(folder)) remove_leftovers(folder, is_ours);
  }
  for (const Entry& revision : Dir::open(layout.revisions()).entries()) {
    const fs::path folder = layout.revisions() / revision.name;
    if (dir_exists(folder)) remove_leftovers(folder, is_ours);
  }
  // Its folder may be an administrator's.
  remove_leftovers(layout.site_yaml.parent_path(), [&](std::string_view name) {
    return name == layout.site_yaml.filename().string();
  });
}

// A folder without roots is a site that was made and not given one yet.
signing::Root trusted_root(const Layout& layout) {
  std::uint64_t newest = 0;
  for (const Entry& entry : Dir::open(layout.trust()).entries()) {
    newest = std::max(newest, root_version(entry.name).value_or(0));
  }
  if (newest == 0) {
    throw Error(
        Errc::untrusted, "this site trusts nobody yet",
        "give it the release owner's root: sealift-installer trust init ROOT --fingerprint HEX");
  }
  return accepted_root(layout, newest);
}

signing::Root accepted_root(const Layout& layout, std::uint64_t version) {
  const fs::path file = root_file(layout, version);
  if (!path_exists(file)) {
    throw Error(Errc::usage, format("this site never accepted a root of version {}", version),
                "see: sealift-installer trust show");
  }
  return signing::Root::parse(read_file(file, signing::kMaxRootBytes), file.string());
}

void store_roots(const Layout& layout, const std::vector<signing::Root>& roots, AuditLog audit) {
  for (const signing::Root& root : roots) {
    const fs::path file = root_file(layout, root.version());
    if (path_exists(file)) continue;
    // The log first: a root that cannot be recorded is not accepted.
    audit.append("trust",
                 {{"rootVersion", root.version()}, {"fingerprint", root.fingerprint().hex()}});
    write_file(file, root.text());
  }
}

Time believed_now(const Layout& layout, const Clock& clock) {
  return std::max(clock.now(), latest_time(layout));
}

// It only ever moves on.
void remember_time(const Layout& layout, Time time) {
  if (time <= latest_time(layout)) return;
  write_file(layout.latest_time(), to_pretty({{"latest", to_text(time)}}));
}

}  // namespace sealift::installer
