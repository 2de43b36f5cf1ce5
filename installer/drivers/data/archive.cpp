// SPDX-License-Identifier: Apache-2.0
#include "installer/drivers/data/archive.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <map>
#include <optional>

#include "base/error.hpp"
#include "base/format.hpp"
#include "base/path.hpp"
#include "content/tar.hpp"
#include "installer/drivers/data/archive_entry.hpp"
#include "installer/drivers/data/file_attributes.hpp"

namespace sealift::installer {

namespace {

using content::TarType;

DataEntry entry_of(std::string path, TarType type, const struct stat& status) {
  DataEntry entry;
  entry.path = std::move(path);
  entry.type = type;
  entry.mode = status.st_mode & kPermissions;
  entry.uid = status.st_uid;
  entry.gid = status.st_gid;
  entry.modified = status.st_mtim;
  return entry;
}

bool is_same_moment(const timespec& a, const timespec& b) {
  return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

struct stat status_of_open(int fd, const std::string& where) {
  struct stat status {};
  if (::fstat(fd, &status) != 0) throw_errno(where, "stat");
  return status;
}

// Writes while others may write: a file that grows is cut where its header says, one that shrinks
// is filled with zeros, and both are named. So an archive is always whole.
class ArchiveWriter {
 public:
  explicit ArchiveWriter(Sink& to) : to_(to), buffer_(kArchivePiece, '\0') {}

  // A file that is gone by the time it is opened is no failure; one that is there and cannot be
  // read is.
  void add_folder(const Dir& folder, const std::string& path, const LeftOut& left_out) {
    DataEntry entry =
        entry_of(path, TarType::directory, status_of_open(folder.fd(), folder.path()));
    entry.attributes = attributes_of(folder.fd(), folder.path());
    to_.write(header_of(entry));
    const std::string prefix = path == kTop ? "" : path;
    for (const Entry& each : folder.entries()) {
      if (left_out.contains(prefix + each.name)) continue;
      try {
        add(folder, each.name, prefix + each.name, left_out);
      } catch (const Error&) {
        if (folder.stat(each.name)) throw;
        note(prefix + each.name, "was removed while it was read");
      }
    }
  }

  Unsteady finish() {
    to_.write(content::tar_end());
    return std::move(unsteady_);
  }

 private:
  void add(const Dir& folder, const std::string& name, const std::string& path,
           const LeftOut& left_out) {
    const std::optional<struct stat> status = folder.stat(name);
    if (!status) {
      note(path, "was removed while it was read");
    } else if (S_ISDIR(status->st_mode)) {
      add_folder(folder.descend(name), path + "/", left_out);
    } else if (S_ISREG(status->st_mode)) {
      add_file(folder, name, path);
    } else if (S_ISLNK(status->st_mode)) {
      DataEntry entry = entry_of(path, TarType::symlink, *status);
      entry.link = folder.read_link(name).value_or("");
      to_.write(header_of(entry));
    } else if (S_ISFIFO(status->st_mode)) {
      to_.write(header_of(entry_of(path, TarType::fifo, *status)));
    } else {
      note(path, format("is {}, which no backup holds", kind_of(*status)));
    }
  }

  void add_file(const Dir& folder, const std::string& name, const std::string& path) {
    const Fd fd = folder.open_file(name);
    const struct stat before = status_of_open(fd.get(), path);
    DataEntry entry = entry_of(path, TarType::file, before);
    if (before.st_nlink > 1) {
      const auto [first, is_new] = names_.try_emplace({before.st_dev, before.st_ino}, path);
      if (!is_new) {
        entry.type = TarType::hard_link;
        entry.link = first->second;
        to_.write(header_of(entry));
        return;
      }
    }
    entry.attributes = attributes_of(fd.get(), path);
    entry.size = static_cast<std::uint64_t>(before.st_size);
    to_.write(header_of(entry));
    add_content(fd.get(), entry);
    const struct stat after = status_of_open(fd.get(), path);
    if (after.st_size < before.st_size) {
      note(path,
           format("shrank from {} to {} bytes while it was read", before.st_size, after.st_size));
    } else if (after.st_size != before.st_size || !is_same_moment(after.st_mtim, before.st_mtim)) {
      note(path, "was written while it was read");
    }
  }

  // As many bytes as the header says, whatever others do to the file.
  void add_content(int fd, const DataEntry& entry) {
    for (std::uint64_t offset = 0; offset < entry.size;) {
      const auto part =
          static_cast<std::size_t>(std::min<std::uint64_t>(kArchivePiece, entry.size - offset));
      const std::span<char> piece = std::span(buffer_).first(part);
      const std::size_t count = read_at(fd, offset, piece, entry.path);
      std::fill(piece.begin() + static_cast<std::ptrdiff_t>(count), piece.end(), '\0');
      to_.write({piece.data(), piece.size()});
      offset += part;
    }
    to_.write(content::tar_padding(entry.size));
  }

  void note(const std::string& path, std::string_view what) {
    unsteady_.push_back(format("{} {}", printable(path, 400), what));
  }

  Sink& to_;
  std::string buffer_;
  // The first name of each file with several; the others become hard links to it.
  std::map<std::pair<dev_t, ino_t>, std::string> names_;
  Unsteady unsteady_;
};

// "a/b" -> "a", "b".
std::pair<std::string, std::string> parted(std::string path) {
  if (path.ends_with('/')) path.pop_back();
  const std::size_t slash = path.rfind('/');
  if (slash == path.npos) return {"", path};
  return {path.substr(0, slash), path.substr(slash + 1)};
}

// Owner, mode and time of folders are set last, innermost first.
class Unpacking {
 public:
  Unpacking(ArchiveReader& reader, const Dir& into)
      : reader_(reader), into_(into), buffer_(kArchivePiece, '\0') {}

  void add(DataEntry entry) {
    if (entry.type == TarType::directory) {
      if (entry.path != kTop)
        make(entry, [](const Dir& in, const std::string& name) { in.make_dir(name, 0700); });
      folders_.push_back(std::move(entry));
      return;
    }
    make(entry, [&](const Dir& in, const std::string& name) {
      switch (entry.type) {
        case TarType::file: {
          const Fd fd = in.create_file(name, 0600);
          fill(fd.get(), entry);
          set_all(fd.get(), entry);
          return;
        }
        case TarType::hard_link: {
          const auto [from, old] = parted(entry.link);
          in.link(into_.descend(from), old, name);
          return;
        }
        case TarType::symlink:
          in.make_symlink(entry.link, name);
          break;
        default:
          if (::mkfifoat(in.fd(), name.c_str(), 0600) != 0) throw_errno(entry.path, "make");
      }
      set_by_name(in, name, entry);
    });
  }

  // What is put into a folder changes its time, and its mode may forbid it.
  void finish() {
    for (auto each = folders_.rbegin(); each != folders_.rend(); ++each) {
      const Dir folder = each->path == kTop ? into_.descend("") : into_.descend(each->path);
      set_all(folder.fd(), *each);
    }
    into_.sync_filesystem();
  }

 private:
  template <typename Make>
  void make(const DataEntry& entry, Make make_it) {
    const auto [parent, name] = parted(entry.path);
    if (name.empty() || name == "..") refuse_archive("found an entry without a name");
    make_it(into_.descend(parent), name);
  }

  // Long runs of zeros become holes.
  void fill(int fd, const DataEntry& entry) {
    while (const std::size_t count = reader_.read(buffer_)) {
      const std::string_view piece(buffer_.data(), count);
      if (piece.find_first_not_of('\0') == piece.npos) {
        if (::lseek(fd, static_cast<off_t>(count), SEEK_CUR) < 0)
          throw_errno(entry.path, "seek in");
      } else {
        FdSink(fd, entry.path).write(piece);
      }
    }
    if (::ftruncate(fd, static_cast<off_t>(entry.size)) != 0) {
      throw_errno(entry.path, "set the size of");
    }
  }

  ArchiveReader& reader_;
  const Dir& into_;
  std::string buffer_;
  std::vector<DataEntry> folders_;
};

void add_size(const Dir& folder, const std::string& prefix, FolderSize& size,
              const LeftOut& left_out) {
  for (const Entry& each : folder.entries()) {
    if (left_out.contains(prefix + each.name)) continue;
    const std::optional<struct stat> status = folder.stat(each.name);
    if (!status) continue;
    ++size.entries;
    if (S_ISREG(status->st_mode)) size.bytes += static_cast<std::uint64_t>(status->st_size);
    if (S_ISDIR(status->st_mode)) {
      add_size(folder.descend(each.name), prefix + each.name + "/", size, left_out);
    }
  }
}

}  // namespace

FolderSize size_of(const fs::path& folder, const LeftOut& left_out) {
  FolderSize size;
  add_size(Dir::open(folder), "", size, left_out);
  return size;
}

Unsteady write_archive(const fs::path& folder, Sink& to, const LeftOut& left_out) {
  ArchiveWriter writer(to);
  writer.add_folder(Dir::open(folder), std::string(kTop), left_out);
  return writer.finish();
}

void check_archive(Source& archive) {
  ArchiveReader reader(archive);
  while (reader.next()) {
  }
}

void unpack_archive(Source& archive, const Dir& into) {
  ArchiveReader reader(archive);
  Unpacking unpacking(reader, into);
  while (std::optional<DataEntry> entry = reader.next()) unpacking.add(std::move(*entry));
  unpacking.finish();
}

void copy_attributes(const Dir& from, const Dir& to) {
  DataEntry entry =
      entry_of(std::string(kTop), TarType::directory, status_of_open(from.fd(), from.path()));
  entry.attributes = attributes_of(from.fd(), from.path());
  set_all(to.fd(), entry);
}

}  // namespace sealift::installer
