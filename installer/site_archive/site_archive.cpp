// SPDX-License-Identifier: Apache-2.0
#include "installer/site_archive/site_archive.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>

#include "base/copy.hpp"
#include "base/error.hpp"
#include "base/format.hpp"
#include "base/null_sink.hpp"
#include "base/path.hpp"
#include "bundle/volumes/volume_set.hpp"
#include "content/tar.hpp"
#include "installer/site_archive/members.hpp"

namespace sealift::installer {

namespace {

constexpr std::uint64_t kMaxManifest = 16U << 20;

// A part of a file, which must be what its digest says.
class MemberSource : public Source {
 public:
  MemberSource(std::shared_ptr<const RandomAccess> bytes, const PlacedMember& member,
               const ArchivedFile& file, std::string name)
      : bytes_(std::move(bytes)), member_(member), file_(file), name_(std::move(name)) {}

  std::size_t read(std::span<char> into) override {
    const auto part =
        static_cast<std::size_t>(std::min<std::uint64_t>(into.size(), member_.bytes - used_));
    const std::size_t count = bytes_->read_at(member_.offset + used_, into.first(part));
    hasher_.update({into.data(), count});
    used_ += count;
    if (count == 0 && !is_checked_) {
      is_checked_ = true;
      if (used_ != file_.bytes || hasher_.finish() != file_.digest) {
        throw Error(Errc::corrupt,
                    format("{}: {} was altered or is damaged: found another digest than {}", name_,
                           printable(file_.name, 80), file_.digest.str()),
                    "take another copy of this archive, or an earlier one");
      }
    }
    return count;
  }

 private:
  std::shared_ptr<const RandomAccess> bytes_;
  PlacedMember member_;
  ArchivedFile file_;
  std::string name_;
  Hasher hasher_;
  std::uint64_t used_ = 0;
  bool is_checked_ = false;
};

// As much of a source as was promised; a file that others write would make a tar of no use.
class ExactSink : public Sink {
 public:
  ExactSink(Sink& to, std::uint64_t bytes, const std::string& name)
      : to_(to), left_(bytes), name_(name) {}
  void write(std::string_view bytes) override {
    if (bytes.size() > left_) refuse();
    left_ -= bytes.size();
    to_.write(bytes);
  }
  void finish() const {
    if (left_ > 0) refuse();
  }

 private:
  [[noreturn]] void refuse() const {
    throw Error(Errc::busy, format("{}: it was written while it was read", printable(name_, 80)),
                "run the command again");
  }
  Sink& to_;
  std::uint64_t left_;
  const std::string& name_;
};

Digest digest_at(int fd, const PlacedMember& member, const std::string& name) {
  NullSink nowhere;
  HashingSink hashed(nowhere);
  copy(FdAccess(fd, name), member.offset, member.bytes, hashed);
  return hashed.finish();
}

// Where earlier archives are looked for: beside the volumes.
fs::path place_of(const std::string& volume) {
  const fs::path path = absolute_path(volume);
  return dir_exists(path) ? path : path.parent_path();
}

// Compared with their digests first, all of them: what is damaged is made good, or named, before
// anything is restored. The archive's own name comes behind `place`.
std::shared_ptr<const RandomAccess> sound_volumes(const std::vector<std::string>& volumes,
                                                  fs::path& place) {
  auto set =
      std::make_shared<bundle::VolumeSet>(std::vector<fs::path>(volumes.begin(), volumes.end()));
  set->check();
  place /= set->table().file;
  return set;
}

}  // namespace

SiteArchiveWriter::SiteArchiveWriter(const fs::path& folder, const std::string& site,
                                     Progress& progress)
    : folder_(folder),
      part_(folder / format(".{}{}.part", site, kSiteArchiveEnding)),
      progress_(progress) {
  make_dirs(folder, 0700);
  fd_ = Fd(::open(part_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!fd_.is_open()) throw_errno(part_.string(), "open");
  for (const PlacedMember& each :
       members_of(FdAccess(fd_.get(), part_.string()), part_.string(), Ending::cut_off)) {
    if (!each.name.starts_with(kArchivedBundles)) break;
    found_.push_back(each);
  }
}

// A member that an earlier run has written whole, at the same place.
bool SiteArchiveWriter::is_written(const std::string& name, const ArchivedFile& wanted) {
  if (found_.empty()) return false;
  const PlacedMember next = found_.front();
  found_.erase(found_.begin());
  if (next.name == name && next.bytes == wanted.bytes &&
      digest_at(fd_.get(), next, part_.string()) == wanted.digest) {
    end_ = next.end();
    return true;
  }
  found_.clear();
  return false;
}

ArchivedFile SiteArchiveWriter::add(const std::string& name, const fs::path& file) {
  const std::uint64_t bytes = file_bytes(file);
  if (!found_.empty()) {
    FileSource content(open_for_reading(file), file.string());
    NullSink nowhere;
    HashingSink hashed(nowhere);
    copy(content, hashed);
    ArchivedFile wanted{.name = name, .digest = hashed.finish(), .bytes = bytes};
    if (is_written(name, wanted)) {
      progress_.advance(bytes);
      return wanted;
    }
  }
  FileSource content(open_for_reading(file), file.string());
  return write(name, bytes, [&](Sink& to) { copy(content, to, progress_); });
}

ArchivedFile SiteArchiveWriter::add_encrypted(
    const std::string& name, const fs::path& file,
    const std::vector<signing::AgeRecipient>& recipients) {
  FileSource content(open_for_reading(file), file.string());
  return write(name, signing::age_file_bytes(file_bytes(file), recipients.size()), [&](Sink& to) {
    signing::AgeSink sealed(to, recipients);
    copy(content, sealed, progress_);
    sealed.finish();
  });
}

ArchivedFile SiteArchiveWriter::add_encrypted(
    const std::string& name, const std::function<void(Sink&)>& produce,
    const std::vector<signing::AgeRecipient>& recipients) {
  const Fd scratch = open_scratch(folder_);
  FdSink to(scratch.get(), folder_.string());
  HashingSink counted(to);
  signing::AgeSink sealed(counted, recipients);
  produce(sealed);
  sealed.finish();
  const std::uint64_t bytes = counted.size();
  if (::lseek(scratch.get(), 0, SEEK_SET) != 0) throw_errno(folder_.string(), "read");
  FdSource content(scratch.get(), folder_.string());
  return write(name, bytes, [&](Sink& into) { copy(content, into, progress_); });
}

ArchivedFile SiteArchiveWriter::write(const std::string& name, std::uint64_t bytes,
                                      const std::function<void(Sink&)>& produce) {
  if (::ftruncate(fd_.get(), static_cast<off_t>(end_)) != 0 ||
      ::lseek(fd_.get(), static_cast<off_t>(end_), SEEK_SET) < 0) {
    throw_errno(part_.string(), "write");
  }
  found_.clear();
  FdSink file(fd_.get(), part_.string());
  const std::string header = member_header(name, bytes);
  file.write(header);
  HashingSink hashed(file);
  ExactSink exact(hashed, bytes, name);
  produce(exact);
  exact.finish();
  file.write(content::tar_padding(bytes));
  end_ += header.size() + bytes + content::tar_padding(bytes).size();
  return {.name = name, .digest = hashed.finish(), .bytes = bytes};
}

void SiteArchiveWriter::discard() {
  Dir::open(folder_).remove_tree(part_.filename().string());
}

std::string SiteArchiveWriter::finish(const SiteManifest& manifest, const signing::Signer& signer,
                                      const std::string& stem) {
  const std::string text = sign_manifest(manifest, signer);
  write(std::string(kArchiveManifest), text.size(), [&](Sink& to) { to.write(text); });
  FdSink(fd_.get(), part_.string()).write(content::tar_end());
  sync_fd(fd_.get(), part_.string());
  const Dir folder = Dir::open(folder_);
  std::string name = format("{}{}", stem, kSiteArchiveEnding);
  for (int i = 2; folder.stat(name); ++i) name = format("{}-{}{}", stem, i, kSiteArchiveEnding);
  folder.rename(part_.filename().string(), name);
  folder.sync();
  return name;
}

SiteArchive::SiteArchive(const fs::path& file)
    : path_(absolute_path(file)),
      bytes_(std::make_shared<FileAccess>(path_)),
      manifest_(read_manifest(*bytes_, path_.string())) {}

SiteArchive::SiteArchive(const std::vector<std::string>& volumes)
    : path_(place_of(volumes.front())),
      bytes_(sound_volumes(volumes, path_)),
      manifest_(read_manifest(*bytes_, path_.string())) {}

SiteManifest SiteArchive::read_manifest(const RandomAccess& bytes, const std::string& name) {
  const std::vector<PlacedMember> members = members_of(bytes, name, Ending::whole);
  if (members.empty() || members.back().name != kArchiveManifest ||
      members.back().bytes > kMaxManifest) {
    throw Error(Errc::corrupt, format("{}: its manifest is missing", name),
                "it is no whole site archive: take another copy of it");
  }
  std::string text(members.back().bytes, '\0');
  bytes.read_at(members.back().offset, text);
  SiteManifest manifest = open_manifest(text, format("{}: {}", name, kArchiveManifest));
  // All that lies here is named, so that nothing unsigned comes along.
  for (const PlacedMember& each : std::span(members).first(members.size() - 1)) {
    const ArchivedFile* named = manifest.file(each.name);
    if (named == nullptr || !named->archive.empty() || named->bytes != each.bytes) {
      throw Error(
          Errc::corrupt,
          format("{}: holds {}, which its manifest does not name", name, printable(each.name, 80)),
          "it was altered: take another copy of it");
    }
  }
  return manifest;
}

ArchivedFile SiteArchive::referred(const ArchivedFile& file) const {
  ArchivedFile known = file;
  if (known.archive.empty()) {
    known.archive = path_.filename().string();
    known.member = file.name;
  }
  return known;
}

std::unique_ptr<Source> SiteArchive::open(const ArchivedFile& file) const {
  const bool is_here = file.archive.empty();
  const fs::path holder = is_here ? path_ : path_.parent_path() / file.archive;
  const std::string& wanted = is_here ? file.name : file.member;
  if (!is_here && !path_exists(holder)) {
    throw Error(Errc::corrupt,
                format("{}: needs {} for {}, which is not beside it", path_.string(),
                       printable(file.archive, 80), printable(file.name, 80)),
                "put the archives that it was made since into the same folder");
  }
  std::shared_ptr<const RandomAccess> bytes = bytes_;
  if (!is_here) bytes = std::make_shared<FileAccess>(holder);
  for (const PlacedMember& each : members_of(*bytes, holder.string(), Ending::whole)) {
    if (each.name != wanted) continue;
    return std::make_unique<MemberSource>(std::move(bytes), each, file, holder.string());
  }
  throw Error(Errc::corrupt, format("{}: has no {}", holder.string(), printable(wanted, 80)),
              "take another copy of this archive, or an earlier one");
}

std::uint64_t SiteArchive::bytes() const {
  std::uint64_t bytes = 0;
  for (const ArchivedFile& each : manifest_.files) bytes += each.bytes;
  return bytes;
}

void SiteArchive::verify(Progress& progress) const {
  Problems problems;
  for (const ArchivedFile& each : manifest_.files) {
    try {
      const std::unique_ptr<Source> content = open(each);
      NullSink nowhere;
      copy(*content, nowhere, progress);
    } catch (const Error& error) {
      if (error.code() != Errc::corrupt) throw;
      problems.add(error);
    }
  }
  problems.throw_if_any(Errc::corrupt);
}

}  // namespace sealift::installer
