// SPDX-License-Identifier: Apache-2.0
#include "installer/drivers/data/archive.hpp"

#include <fcntl.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <optional>
#include <set>

#include "base/error.hpp"
#include "base/format.hpp"
#include "base/path.hpp"
#include "content/tar.hpp"

namespace sealift::installer {

namespace {

using content::TarEntry;
using content::TarType;

constexpr std::string_view kAttribute = "SCHILY.xattr.";
constexpr std::string_view kTop = "./";
constexpr std::size_t kTypeOffset = 156;
constexpr std::uint64_t kMaxRecords = 16U << 20;
constexpr std::size_t kPiece = 128 * 1024;
constexpr unsigned kPermissions = 07777;
constexpr long kNanoseconds = 1'000'000'000;

// One entry, as far as it is no content.
struct DataEntry {
  std::string path;  // of a folder with a slash at its end; the folder itself: "./"
  TarType type = TarType::file;
  unsigned mode = 0;
  uid_t uid = 0;
  gid_t gid = 0;
  timespec modified{};
  std::uint64_t size = 0;
  std::string link;
  std::map<std::string, std::string> attributes;
};

[[noreturn]] void refuse_archive(std::string_view found) {
  throw Error(Errc::corrupt, std::string(found));
}

// "-1.25" is a quarter of a second before the last but one.
std::string to_decimal(timespec time) {
  const bool is_negative = time.tv_sec < 0;
  if (is_negative && time.tv_nsec > 0) {
    ++time.tv_sec;
    time.tv_nsec = kNanoseconds - time.tv_nsec;
  }
  return format("{}{}.{:09}", is_negative ? "-" : "", is_negative ? -time.tv_sec : time.tv_sec,
                time.tv_nsec);
}

template <typename Number>
Number number_in(std::string_view text) {
  Number number = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failure != std::errc() || end != text.data() + text.size()) {
    refuse_archive("found a pax record that is no number");
  }
  return number;
}

timespec time_in(std::string_view text) {
  const bool is_negative = text.starts_with('-');
  const std::size_t point = text.find('.');
  if (point == text.npos || text.size() - point != 10) {
    refuse_archive("found a pax record that is no time");
  }
  timespec time{};
  time.tv_sec = number_in<time_t>(text.substr(is_negative ? 1 : 0, point - (is_negative ? 1 : 0)));
  time.tv_nsec = number_in<long>(text.substr(point + 1));
  if (!is_negative) return time;
  time.tv_sec = -time.tv_sec;
  if (time.tv_nsec > 0) {
    --time.tv_sec;
    time.tv_nsec = kNanoseconds - time.tv_nsec;
  }
  return time;
}

std::string header_of(const DataEntry& entry) {
  std::string records = content::pax_record("uid", std::to_string(entry.uid)) +
                        content::pax_record("gid", std::to_string(entry.gid)) +
                        content::pax_record("mtime", to_decimal(entry.modified)) +
                        content::pax_record("path", entry.path);
  if (!entry.link.empty()) records += content::pax_record("linkpath", entry.link);
  for (const auto& [name, value] : entry.attributes) {
    records += content::pax_record(std::string(kAttribute) + name, value);
  }
  return content::tar_header({.name = entry.path,
                              .type = entry.type,
                              .mode = entry.mode,
                              .size = entry.size,
                              .link = entry.link,
                              .records = std::move(records)});
}

std::map<std::string, std::string> attributes_of(int fd, const std::string& where) {
  std::string names(64 * 1024, '\0');
  const ssize_t all = ::flistxattr(fd, names.data(), names.size());
  if (all < 0) {
    if (errno == ENOTSUP) return {};
    throw_errno(where, "list the extended attributes of");
  }
  names.resize(static_cast<std::size_t>(all));
  std::map<std::string, std::string> attributes;
  std::string value(64 * 1024, '\0');
  for (std::size_t begin = 0; begin < names.size(); begin = names.find('\0', begin) + 1) {
    const std::string name = names.c_str() + begin;
    const ssize_t size = ::fgetxattr(fd, name.c_str(), value.data(), value.size());
    if (size < 0 && errno == ENODATA) continue;
    if (size < 0) throw_errno(where, format("read the attribute {} of", name));
    attributes[name] = value.substr(0, static_cast<std::size_t>(size));
  }
  return attributes;
}

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

class ArchiveWriter {
 public:
  explicit ArchiveWriter(Sink& to) : to_(to), buffer_(kPiece, '\0') {}

  void add_folder(const Dir& folder, const std::string& path, const LeftOut& left_out = {}) {
    DataEntry entry =
        entry_of(path, TarType::directory, status_of_open(folder.fd(), folder.path()));
    entry.attributes = attributes_of(folder.fd(), folder.path());
    to_.write(header_of(entry));
    const std::string prefix = path == kTop ? "" : path;
    for (const Entry& each : folder.entries()) {
      if (left_out.contains(each.name)) continue;
      try {
        add(folder, each.name, prefix + each.name);
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
  void add(const Dir& folder, const std::string& name, const std::string& path) {
    const std::optional<struct stat> status = folder.stat(name);
    if (!status) {
      note(path, "was removed while it was read");
    } else if (S_ISDIR(status->st_mode)) {
      add_folder(folder.descend(name), path + "/");
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
          static_cast<std::size_t>(std::min<std::uint64_t>(kPiece, entry.size - offset));
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
  std::map<std::pair<dev_t, ino_t>, std::string> names_;
  Unsteady unsteady_;
};

class ArchiveReader {
 public:
  explicit ArchiveReader(Source& archive) : archive_(archive) {}

  // The next entry; what was not read of the content before is passed over.
  std::optional<DataEntry> next() {
    std::string rest(kPiece, '\0');
    while (read(rest) > 0) {
    }
    take(content::tar_padding(size_).size());
    std::string block = take(content::kTarBlock);
    if (block == content::tar_end().substr(0, content::kTarBlock)) {
      end();
      return std::nullopt;
    }
    if (block[kTypeOffset] != 'x') refuse_archive("found an entry without its pax header");
    const std::uint64_t records = content::tar_size_field(block);
    if (records > kMaxRecords) refuse_archive("found a pax header that is too long");
    DataEntry entry;
    const std::string text = take(records);
    take(content::tar_padding(records).size());
    block = take(content::kTarBlock);
    entry.size = content::tar_size_field(block);
    read_records(text, entry);
    entry.type = static_cast<TarType>(block[kTypeOffset]);
    entry.mode = mode_in(block);
    check(entry);
    left_ = size_ = entry.size;
    return entry;
  }

  std::size_t read(std::span<char> into) {
    if (left_ == 0) return 0;
    const auto part = static_cast<std::size_t>(std::min<std::uint64_t>(left_, into.size()));
    if (read_fully(archive_, into.first(part)) != part) cut_off();
    left_ -= part;
    return part;
  }

 private:
  [[noreturn]] static void cut_off() { refuse_archive("found the end inside of an archive"); }

  std::string take(std::uint64_t size) {
    std::string bytes(size, '\0');
    if (read_fully(archive_, bytes) != size) cut_off();
    return bytes;
  }

  void end() {
    std::string rest(1, '\0');
    if (take(content::kTarBlock) != content::tar_end().substr(0, content::kTarBlock) ||
        archive_.read(rest) != 0) {
      refuse_archive("found something behind the end of an archive");
    }
  }

  static unsigned mode_in(const std::string& block) {
    unsigned mode = 0;
    const char* text = block.data() + 100;
    if (std::from_chars(text, text + 7, mode, 8).ec != std::errc() || mode > kPermissions) {
      refuse_archive("found no mode in a header");
    }
    return mode;
  }

  static void read_records(const std::string& text, DataEntry& entry) {
    content::each_pax_record(text, [&](std::string_view key, std::string_view value) {
      if (key == "path") entry.path = value;
      if (key == "linkpath") entry.link = value;
      if (key == "size") entry.size = number_in<std::uint64_t>(value);
      if (key == "uid") entry.uid = number_in<uid_t>(value);
      if (key == "gid") entry.gid = number_in<gid_t>(value);
      if (key == "mtime") entry.modified = time_in(value);
      if (key.starts_with(kAttribute)) {
        entry.attributes[std::string(key.substr(kAttribute.size()))] = value;
      }
    });
  }

  static void check(const DataEntry& entry) {
    static constexpr std::array kKnown = {TarType::file, TarType::hard_link, TarType::symlink,
                                          TarType::directory, TarType::fifo};
    if (std::find(kKnown.begin(), kKnown.end(), entry.type) == kKnown.end()) {
      refuse_archive("found an entry of an unknown type");
    }
    if (entry.type != TarType::file && entry.size > 0) {
      refuse_archive("found content of what is no file");
    }
    if (entry.path.empty() || (entry.path.ends_with('/') != (entry.type == TarType::directory))) {
      refuse_archive("found an entry without a name");
    }
  }

  Source& archive_;
  std::uint64_t left_ = 0;
  std::uint64_t size_ = 0;
};

void set_attributes(int fd, const DataEntry& entry) {
  const std::map<std::string, std::string> found = attributes_of(fd, entry.path);
  for (const auto& [name, value] : entry.attributes) {
    if (const auto same = found.find(name); same != found.end() && same->second == value) continue;
    if (::fsetxattr(fd, name.c_str(), value.data(), value.size(), 0) != 0) {
      throw_errno(entry.path, format("set the attribute {} of", name));
    }
  }
}

// The owner first: it takes set-user-id bits and capabilities away.
void set_all(int fd, const DataEntry& entry) {
  if (::fchown(fd, entry.uid, entry.gid) != 0) {
    throw_errno(entry.path, format("set the owner {}:{} of", entry.uid, entry.gid));
  }
  if (::fchmod(fd, entry.mode) != 0) throw_errno(entry.path, "set the mode of");
  set_attributes(fd, entry);
  const std::array<timespec, 2> times = {entry.modified, entry.modified};
  if (::futimens(fd, times.data()) != 0) throw_errno(entry.path, "set the time of");
}

// Of what cannot be opened.
void set_by_name(const Dir& folder, const std::string& name, const DataEntry& entry) {
  if (::fchownat(folder.fd(), name.c_str(), entry.uid, entry.gid, AT_SYMLINK_NOFOLLOW) != 0) {
    throw_errno(entry.path, format("set the owner {}:{} of", entry.uid, entry.gid));
  }
  if (entry.type == TarType::fifo && ::fchmodat(folder.fd(), name.c_str(), entry.mode, 0) != 0) {
    throw_errno(entry.path, "set the mode of");
  }
  const std::array<timespec, 2> times = {entry.modified, entry.modified};
  if (::utimensat(folder.fd(), name.c_str(), times.data(), AT_SYMLINK_NOFOLLOW) != 0) {
    throw_errno(entry.path, "set the time of");
  }
}

// "a/b" -> "a", "b".
std::pair<std::string, std::string> parted(std::string path) {
  if (path.ends_with('/')) path.pop_back();
  const std::size_t slash = path.rfind('/');
  if (slash == path.npos) return {"", path};
  return {path.substr(0, slash), path.substr(slash + 1)};
}

class Unpacking {
 public:
  Unpacking(ArchiveReader& reader, const Dir& into)
      : reader_(reader), into_(into), buffer_(kPiece, '\0') {}

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

void add_size(const Dir& folder, FolderSize& size, const LeftOut& left_out = {}) {
  for (const Entry& each : folder.entries()) {
    if (left_out.contains(each.name)) continue;
    const std::optional<struct stat> status = folder.stat(each.name);
    if (!status) continue;
    ++size.entries;
    if (S_ISREG(status->st_mode)) size.bytes += static_cast<std::uint64_t>(status->st_size);
    if (S_ISDIR(status->st_mode)) add_size(folder.descend(each.name), size);
  }
}

}  // namespace

FolderSize size_of(const fs::path& folder, const LeftOut& left_out) {
  FolderSize size;
  add_size(Dir::open(folder), size, left_out);
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
