// SPDX-License-Identifier: Apache-2.0
#include "installer/operations/damage.hpp"

#include <algorithm>
#include <functional>

#include "base/format.hpp"
#include "base/path.hpp"
#include "installer/site/private_file.hpp"
#include "release/documents/file_table.hpp"

namespace sealift::installer {

namespace {

constexpr const char* kRepair = "run: sealift-installer apply --repair";

bool is_missing(const fs::path& place) {
  return !entry_exists(place);
}

std::string from_backup(const Layout& layout) {
  return format("restore it from a backup of {}", layout.state.string());
}

// A damage where `read` throws. The message names its file already; said twice it would be hard to
// read.
void add_unreadable(std::vector<Damage>& all, const std::string& what, const fs::path& file,
                    const std::string& mend, const std::function<void()>& read) {
  try {
    read();
  } catch (const Error& error) {
    const std::string place = file.string();
    const std::string& said = error.message();
    all.push_back(
        {what,
         format(
             "{} cannot be read: {}", place,
             printable(said.starts_with(place + ": ") ? said.substr(place.size() + 2) : said, 300)),
         error.code() == Errc::incompatible ? error.hint() : mend});
  }
}

void add_lost_folders(const Layout& layout, std::vector<Damage>& all) {
  const auto add = [&](const char* what, const fs::path& folder, const std::string& mend) {
    if (is_missing(folder)) all.push_back({what, format("{} is missing", folder.string()), mend});
  };
  add("store", layout.store(),
      "bring the bundle of the installed release back: sealift-installer apply BUNDLE --repair");
  add("tables", layout.tables(), kRepair);
  add("revisions", layout.revisions(),
      format("{}; without one nothing can be rolled back to: apply the next release",
             from_backup(layout)));
}

// Without a backup they are lost for good: what was sealed for them has to be sealed anew.
void add_lost_keys(const Layout& layout, std::vector<Damage>& all) {
  for (const fs::path& file :
       {layout.site_key(), layout.site_public_key(), layout.age_identity()}) {
    if (!is_missing(file)) continue;
    all.push_back({"keys", format("{} is missing", file.string()),
                   format("{}; without one make new keys: sealift-installer init; then have the "
                          "secrets of this site sealed for its new recipient",
                          from_backup(layout))});
  }
}

// Commands that need one refuse it; a person should know before.
void add_open_keys(const Layout& layout, std::vector<Damage>& all) {
  if (!dir_exists(layout.keys())) return;
  for (const fs::path& file : open_keys(layout)) {
    all.push_back(
        {"keys", format("{}: others than its owner may read it", file.string()),
         "run: sealift-installer doctor --repair; if somebody has read it, make another"});
  }
}

void add_unreadable_files(const Layout& layout, const Clock& clock, std::vector<Damage>& all) {
  const std::string audit = layout.audit().string();
  add_unreadable(all, "audit log", layout.audit(),
                 format("{}; without one set it aside, the next command begins another: mv '{}' "
                        "'{}.damaged'",
                        from_backup(layout), audit, audit),
                 [&] { (void)AuditLog(layout.audit(), clock).entries(); });
  if (is_missing(layout.summary())) return;
  add_unreadable(all, "state.json", layout.summary(),
                 "it is written for people and monitoring only; write it again: sealift-installer "
                 "recover",
                 [&] { check_summary(layout); });
}

// A rollback, a repair and a rendering of templates need it; what is served goes on without.
void add_lost_bundle(const Layout& layout, const Revision& revision, bool is_current,
                     std::vector<Damage>& all) {
  const fs::path file = layout.store() / revision.bundle;
  if (revision.bundle.empty() || !is_missing(file)) return;
  all.push_back({"store",
                 format("{} is missing, the bundle of revision {}, {}", file.string(),
                        revision.number, revision.title()),
                 is_current ? "bring it back: sealift-installer apply BUNDLE --repair"
                            : format("bring it back: cp BUNDLE '{}'", file.string())});
}

// Whether a table has files that nobody but their owner may read: their digests are keyed.
bool has_private_files(const Layout& layout, const Placement& placement) {
  const fs::path file = table_file(layout, placement.table);
  if (placement.directory.empty() || is_missing(file)) return false;
  const Fd fd = open_for_reading(file);
  FdSource source(fd.get(), file.string());
  release::FileTableReader reader(source);
  while (const std::optional<release::FileEntry> entry = reader.next()) {
    if (entry->type == EntryType::file && (entry->mode & 077U) == 0) return true;
  }
  return false;
}

// Content is not read: that is what `drift` is for.
void add_damage_of(const Placement& placement, const Layout& layout, const Drivers& drivers,
                   std::vector<Damage>& all) {
  if (placement.directory.empty()) return;
  const std::string what = format("component {}", placement.component);
  const fs::path place = fs::path(placement.path) / placement.directory;
  if (is_on_host(placement.path) && is_missing(place)) {
    all.push_back({what, format("{} is missing", place.string()), kRepair});
  }
  if (!drivers.named(placement.driver).is_current(placement)) {
    all.push_back({what,
                   format("{}/current {} {}", placement.path,
                          is_missing(fs::path(placement.path) / "current") ? "is missing, expected"
                                                                           : "does not lead to",
                          placement.directory),
                   kRepair});
  }
  if (!has_table(layout, placement.table)) {
    const fs::path file = table_file(layout, placement.table);
    all.push_back({what,
                   format("{} {}", file.string(), is_missing(file) ? "is missing" : "is damaged"),
                   kRepair});
  } else if (is_missing(layout.table_key()) && has_private_files(layout, placement)) {
    all.push_back(
        {"keys",
         format("{} is missing, so the files of {} that hold secrets cannot be compared",
                layout.table_key().string(), placement.component),
         format("{}; without one: sealift-installer apply --repair", from_backup(layout))});
  }
}

}  // namespace

std::vector<Damage> damage_of_state(const Layout& layout, const Clock& clock) {
  std::vector<Damage> all;
  add_lost_folders(layout, all);
  add_lost_keys(layout, all);
  add_open_keys(layout, all);
  add_unreadable_files(layout, clock, all);
  return all;
}

std::vector<fs::path> open_keys(const Layout& layout) {
  std::vector<fs::path> open;
  for (const Entry& each : Dir::open(layout.keys()).entries()) {
    const fs::path file = layout.keys() / each.name;
    if (each.type != EntryType::file || file == layout.site_public_key()) continue;
    if (is_open_to_others(file)) open.push_back(file);
  }
  return open;
}

std::vector<Damage> damage_of_audit_log(const Tools& tools, const State& state) {
  const Layout& layout = tools.installation.layout;
  const auto last =
      std::find_if(state.history.rbegin(), state.history.rend(),
                   [](const PastTransaction& past) { return past.ending.has_value(); });
  if (last == state.history.rend() || !state.unclosed.empty()) return {};
  try {
    if (tools.audit().tells_of(last->number)) return {};
  } catch (const Error&) {
    return {};  // told as what cannot be read
  }
  return {{"audit log",
           format("{} has no line of transaction {}, which has ended: lines were cut off",
                  layout.audit().string(), last->number),
           format("{}; find out who did it. Where it was set aside on purpose, the next "
                  "transaction ends this",
                  from_backup(layout))}};
}

// Of revisions that can still be gone back to; each bundle is named once.
std::vector<Damage> damage_of_releases(const Tools& tools, const State& state) {
  const Layout& layout = tools.installation.layout;
  const Drivers& drivers = tools.drivers;
  std::vector<Damage> all;
  const Revision* now = state.current();
  std::set<std::string> seen;
  for (const PastTransaction& past : state.history) {
    const bool is_open = !past.ending;
    if (!is_open && (past.ending != Event::commit || !is_retained(layout, past.outcome))) continue;
    if (!seen.insert(past.outcome.bundle).second) continue;
    add_lost_bundle(layout, past.outcome, now != nullptr && now->bundle == past.outcome.bundle,
                    all);
  }
  // While a transaction is open, its own report says what is served.
  if (now == nullptr || state.unfinished) return all;
  for (const Placement& placement : now->placements) {
    try {
      add_damage_of(placement, layout, drivers, all);
    } catch (const Error& error) {
      // A store that does not answer, or not to us, is none that a repair would reach.
      all.push_back({format("component {}", placement.component), printable(error.message(), 300),
                     error.hint().empty() ? kRepair : error.hint()});
    }
  }
  return all;
}

}  // namespace sealift::installer
