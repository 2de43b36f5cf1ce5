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

// A damaged file of the state folder stops every command: what it says comes with a way on.
template <typename Read>
auto read_or_advise(const std::string& advice, Read&& read) -> decltype(read()) {
  try {
    return read();
  } catch (const Error& error) {
    throw Error(error.code(), error.message(), error.hint().empty() ? advice : error.hint());
  }
}

std::string from_backup(const Layout& layout) {
  return format("restore it from a backup of {}", layout.state.string());
}

Time latest_time(const Layout& layout) {
  const std::string file = layout.latest_time().string();
  if (!path_exists(file)) return {};
  return read_or_advise(format("{}; without one, if the clock of this host is right: rm '{}'",
                               from_backup(layout), file),
                        [&] {
                          const Json value = parse_json(read_file(file, 4096), file);
                          Fields fields(value, file);
                          const std::string latest = fields.text("latest");
                          fields.done();
                          return while_reading(file, [&] { return parse_time(latest); });
                        });
}

std::string read_id(const Layout& layout) {
  const std::string file = layout.identity().string();
  return read_or_advise(from_backup(layout), [&] {
    const Json identity = parse_json(read_file(file, 64 << 10), file);
    return Fields(identity, file).text("id");
  });
}

std::string read_site_yaml(const Layout& layout) {
  return read_or_advise(
      format("restore it from a backup; each release that was applied has it as it was then: "
             "{}/NUMBER/site.yaml",
             layout.revisions().string()),
      [&] { return read_file(layout.site_yaml, release::kMaxYamlBytes); });
}

}  // namespace

void refuse_lost_identity(const Layout& layout) {
  if (path_exists(layout.identity()) || !dir_exists(layout.journal()) ||
      is_empty_dir(layout.journal())) {
    return;
  }
  throw Error(Errc::corrupt,
              format("{}: is missing, and {} has the transactions of a site",
                     layout.identity().string(), layout.journal().string()),
              from_backup(layout));
}

// Who may write here is asked before anything is read, for site.yaml names commands that we run.
Installation open_installation(const Layout& layout) {
  refuse_lost_identity(layout);
  if (!path_exists(layout.identity())) {
    throw Error(Errc::usage, format("{}: found no site", layout.state.string()),
                "make one with: sealift-installer init; or name one with --site DIR");
  }
  refuse_other_writers(layout);
  Installation installation{
      .layout = layout, .id = read_id(layout), .site = {}, .site_text = read_site_yaml(layout)};
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
