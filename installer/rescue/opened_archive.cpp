// SPDX-License-Identifier: Apache-2.0
#include "installer/rescue/opened_archive.hpp"

#include "base/copy.hpp"
#include "base/format.hpp"
#include "base/null_sink.hpp"
#include "base/path.hpp"
#include "bundle/volumes/volume_set.hpp"
#include "content/frames.hpp"
#include "installer/drivers/data/archive.hpp"
#include "installer/rescue/typed_identity.hpp"
#include "installer/session/typed_hex.hpp"
#include "installer/site_archive/kept_archives.hpp"
#include "release/text/yaml.hpp"

namespace sealift::installer {

namespace {

constexpr const char* kWhereKeys =
    "compare with the registration card of the site, or what site export printed";

std::string typed_key(const ArchiveOptions& options) {
  return options.key.empty() ? "" : typed_hex("--key", options.key, kWhereKeys);
}

SiteArchive archive_of(const ArchiveOptions& options) {
  const std::vector<fs::path> paths(options.archive.begin(), options.archive.end());
  const bool is_folder = paths.size() == 1 && dir_exists(paths.front());
  const bool is_in_volumes =
      is_folder ? bundle::holds_volumes(paths.front()) : bundle::are_volumes(paths);
  if (is_folder && !is_in_volumes) {
    return archive_at(paths.front(),
                      options.at.empty() ? std::nullopt : std::optional(parse_time(options.at)),
                      typed_key(options));
  }
  if (!options.at.empty()) {
    throw Error(Errc::usage, "--at chooses among the archives of a folder, and one file is named");
  }
  return is_in_volumes ? SiteArchive(options.archive) : SiteArchive(paths.front());
}

// Whoever can write an archive could name a key of theirs in it: only a person knows the site's.
void check_key(const SiteArchive& archive, const std::string& wanted) {
  const std::string found = archive.manifest().key.id();
  if (wanted.empty()) {
    throw Error(Errc::usage,
                format("{}: is signed by the key {}, and --key does not say whose it should be",
                       archive.file().string(), found),
                format("{}; if it is the same, give --key", kWhereKeys));
  }
  if (wanted != found) {
    throw Error(
        Errc::untrusted,
        format("{}: is signed by the key {}, expected {}", archive.file().string(), found, wanted),
        "it is of another site, or somebody has made it: restore nothing of it");
  }
}

void write_to(const fs::path& place, FileMode mode, Source& content, Progress& progress) {
  AtomicFile out(place, mode);
  copy(content, out, progress);
  out.commit();
}

}  // namespace

void add_archive_options(cli::Command& command, ArchiveOptions& options, cli::Presence presence) {
  command
      .arguments("ARCHIVE", options.archive,
                 "the archive, a folder with archives of one site, volumes or their folder",
                 presence)
      .option("--identity", options.identity, "FILE",
              "the recovery identity that the archive is encrypted to", presence)
      .option("--key", options.key, "HEX",
              "the key of the site, as its registration card has it, or site export said")
      .option("--at", options.at, "TIME",
              "of a folder: the newest archive of that time or before, such as "
              "2026-01-31T12:00:00Z");
}

OpenedArchive::OpenedArchive(const ArchiveOptions& options)
    : archive_(archive_of(options)), identity_(identity_from(options.identity)) {
  check_key(archive_, typed_key(options));
  open(file(kArchivedSettings), [&](Source& plain) {
    settings_ = read_all(plain, release::kMaxYamlBytes, "site.yaml of the archive");
  });
}

const ArchivedFile& OpenedArchive::file(std::string_view name) const {
  if (const ArchivedFile* found = manifest().file(name)) return *found;
  throw Error(Errc::corrupt, format("{}: has no {}", archive_.file().string(), name));
}

void OpenedArchive::open(const ArchivedFile& file, const std::function<void(Source&)>& take) const {
  while_doing(archive_.file().string(), [&] {
    const std::unique_ptr<Source> sealed = archive_.open(file);
    signing::AgeSource plain(*sealed, identity_);
    take(plain);
    NullSink nowhere;
    copy(plain, nowhere);
    copy(*sealed, nowhere);
  });
}

void OpenedArchive::unpack_file(const ArchivedFile& file, const Layout& into,
                                Progress& progress) const {
  const fs::path name = fs::path(file.name).filename();
  if (file.name.starts_with(kArchivedBundles)) {
    write_to(into.store() / name, FileMode::plain, *archive_.open(file), progress);
  } else if (file.name.starts_with(kArchivedBackups)) {
    open(file, [&](Source& plain) {
      write_to(into.backups() / name.stem(), FileMode::secret, plain, progress);
    });
  }
}

void OpenedArchive::unpack(const Layout& into, Progress& progress) const {
  const Dir state = Dir::open(into.state);
  open(file(kArchivedState), [&](Source& plain) {
    Workers workers(usable_cores());
    content::FrameSource frames(plain, workers);
    unpack_archive(frames, state);
  });
  make_dirs(into.backups(), 0700);
  restore_folders(into);
  for (const ArchivedFile& each : manifest().files) unpack_file(each, into, progress);
}

}  // namespace sealift::installer
