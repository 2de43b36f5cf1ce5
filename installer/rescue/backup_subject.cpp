// SPDX-License-Identifier: Apache-2.0
#include "installer/rescue/backup_subject.hpp"

#include "base/format.hpp"
#include "base/path.hpp"
#include "base/random.hpp"
#include "installer/drivers/compose/compose_release.hpp"
#include "installer/drivers/data/data.hpp"
#include "installer/drivers/data/folder.hpp"
#include "installer/drivers/databases/database_access.hpp"
#include "installer/drivers/files/directory_place.hpp"
#include "installer/drivers/files/shared_data.hpp"
#include "installer/drivers/volumes/volume.hpp"
#include "release/documents/persist.hpp"

namespace sealift::installer {

namespace {

BackupSubject folder_named(const std::string& name, std::size_t slash, const SiteWork& work) {
  constexpr const char* kHow = "write TARGET/FOLDER, such as web/uploads";
  const std::string target = name.substr(0, slash);
  const std::string folder = name.substr(slash + 1);
  const auto& all = work.installation().site.targets;
  const auto found = all.find(target);
  if (found == all.end() || found->second.path.empty()) {
    throw Error(Errc::usage,
                format("site.yaml has no target \"{}\" with a path", printable(target, 80)), kHow);
  }
  for (const release::PersistMistake& mistake : release::persist_mistakes({folder})) {
    throw Error(Errc::usage, mistake.found, kHow);
  }
  return {.name = name,
          .label = data_label(target, folder),
          .driver = kDataDriver,
          .content = open_folder(shared_place(found->second.path, folder))};
}

// What is installed on a target; null: nothing.
const Placement* placement_on(const std::string& target, const State& state) {
  if (state.current() == nullptr) return nullptr;
  const std::vector<Placement>& all = state.current()->placements;
  const auto found = std::find_if(all.begin(), all.end(),
                                  [&](const Placement& each) { return each.target == target; });
  return found == all.end() ? nullptr : &*found;
}

// The project that a target's stack is, or will be.
VolumePlace place_of(const std::string& name, const release::Target& target,
                     const std::string& volume, const Placement* installed,
                     const std::string& component, const std::string& site) {
  VolumePlace place{.engine = engine_of(target, find_compose(target).command),
                    .project = target.project,
                    .component = component,
                    .volume = volume,
                    .isolated = target.isolated};
  if (installed != nullptr && installed->driver == release::kCompose) {
    const ComposeSettings settings =
        compose_settings_from_json(installed->settings, installed->component);
    if (place.project.empty()) place.project = settings.project;
    place.component = installed->component;
  }
  if (!place.project.empty()) return place;
  if (component.empty()) {
    throw Error(Errc::usage, format("{}: nothing is installed on this target", name),
                "install a release first, or write its project into site.yaml");
  }
  place.project = default_project(component, site);
  return place;
}

BackupSubject volume_named(const std::string& name, std::size_t colon, const SiteWork& work,
                           const std::string& component) {
  const std::string target = name.substr(0, colon);
  const std::string volume = name.substr(colon + 1);
  const auto& all = work.installation().site.targets;
  const auto found = all.find(target);
  const bool is_known =
      found != all.end() && std::find(found->second.volumes.begin(), found->second.volumes.end(),
                                      volume) != found->second.volumes.end();
  if (!is_known) {
    throw Error(Errc::usage, format("site.yaml has no volume \"{}\"", printable(name, 80)),
                "write TARGET:VOLUME, and name the volume in volumes of that target");
  }
  const State state = work.state();
  return {.name = name,
          .label = volume_label(target, volume),
          .driver = kVolumeDriver,
          .content = open_volume(place_of(name, found->second, volume, placement_on(target, state),
                                          component, work.installation().id))};
}

}  // namespace

bool BackupSubject::is_folder() const {
  return driver == kDataDriver;
}

bool BackupSubject::is_database() const {
  return driver != kDataDriver && driver != kVolumeDriver;
}

BackupSubject subject_named(const std::string& name, const SiteWork& work, const Backups& backups,
                            const std::string& component) {
  if (const std::size_t slash = name.find('/'); slash != name.npos) {
    return folder_named(name, slash, work);
  }
  if (const std::size_t colon = name.find(':'); colon != name.npos) {
    return volume_named(name, colon, work, component);
  }
  const release::Site& site = work.installation().site;
  const auto found = site.databases.find(name);
  if (found == site.databases.end()) {
    throw Error(
        Errc::usage, format("site.yaml has no database \"{}\"", printable(name, 80)),
        "write the name of a database, TARGET/FOLDER for a folder of data, or TARGET:VOLUME "
        "for a volume of Compose");
  }
  return {.name = name,
          .label = name,
          .driver = found->second.driver,
          .content =
              open_database(database_settings(name, site, {}), backups.folder(), session_name(0))};
}

BackupSubject subject_of(const Backup& backup, const SiteWork& work, const Backups& backups) {
  const std::string component =
      backup.driver == kVolumeDriver ? component_of_volume(backup.about) : "";
  return subject_named(backup.database, work, backups, component);
}

std::vector<std::string> subjects_of(const SiteWork& work) {
  std::vector<std::string> names;
  for (const auto& [name, unused] : work.installation().site.databases) names.push_back(name);
  const State state = work.state();
  if (state.current() == nullptr) return names;
  for (const Placement& placement : state.current()->placements) {
    for (const auto& [folder, unused] : placement.persist) {
      names.push_back(data_name(placement.target, folder));
    }
    const auto target = work.installation().site.targets.find(placement.target);
    if (target == work.installation().site.targets.end()) continue;
    for (const std::string& volume : target->second.volumes) {
      names.push_back(volume_name(placement.target, volume));
    }
  }
  return names;
}

Backup back_up(const BackupSubject& subject, const SiteWork& work, const Backups& backups,
               cli::Session& session) {
  const databases::Facts facts = subject.content->facts();
  const State state = work.state();
  const Time now = session.clock.now();
  session.progress.begin(format("backing up {}", subject.name), facts.bytes);
  Backup wanted{.name = format("{}-{}", subject.label, stamp(now)),
                .database = subject.name,
                .driver = subject.driver,
                .server = facts.server,
                .made = now,
                .version = state.current() == nullptr ? "" : state.current()->version,
                .digest = Digest::of("")};
  encrypt_to(work.installation().site.encrypt_to, wanted);
  Backup made = backups.make(*subject.content, std::move(wanted), session.progress);
  session.progress.end();
  work.tools().audit().append("backup", to_json(made));
  return made;
}

void make_place_of(const BackupSubject& subject, const SiteWork& work) {
  const release::Site& site = work.installation().site;
  if (subject.driver == kVolumeDriver) return;
  if (!subject.is_folder()) {
    const std::string& path = site.databases.at(subject.name).path;
    if (!path.empty()) make_dirs(fs::path(path).parent_path());
    return;
  }
  const std::string target = subject.name.substr(0, subject.name.find('/'));
  const fs::path path = site.targets.at(target).path;
  claim(path, work.installation().id, target);
  make_dirs(path / kShared);
}

void bring_back(const Backup& backup, const Backups& backups, const SiteWork& work,
                cli::Session& session) {
  const BackupSubject subject = subject_of(backup, work, backups);
  make_place_of(subject, work);
  subject.content->check_restorable(backup.about);
  session.progress.begin(format("restoring {}", backup.name), backup.bytes);
  backups.restore(backup, *subject.content, label_of_old(session.clock.now()), session.progress);
  session.progress.end();
}

void note_return(const Backup& backup, const SiteWork& work, cli::Session& session) {
  work.tools().audit().append("restored", to_json(backup));
  session.out.line(
      format("data         {} is that of {}", backup.database, to_local_text(backup.made)));
}

std::string stamp(Time time) {
  std::string text = to_text(time);
  std::erase_if(text, [](char c) { return c < '0' || c > '9'; });
  return text;
}

std::string label_of_old(Time now) {
  return format("old_{}_{}", stamp(now), random_hex(2).substr(1));
}

}  // namespace sealift::installer
