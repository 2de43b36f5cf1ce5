// SPDX-License-Identifier: Apache-2.0
// Dir, of base/file.hpp: lookups that the kernel confines to a tree that others may write to.
#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/file_rules.hpp"
#include "base/format.hpp"

namespace sealift {

namespace {

// Remembered for the process: a kernel or a seccomp filter that lacks openat2 will not grow it.
bool lacks_openat2 = false;

// The same rules as openat2 with RESOLVE_BENEATH and RESOLVE_NO_SYMLINKS, one component at a time.
Fd walk_without_links(int fd, std::string_view relative, int flags) {
  Fd here(::fcntl(fd, F_DUPFD_CLOEXEC, 0));
  while (here.is_open()) {
    const std::size_t slash = relative.find('/');
    const std::string part(relative.substr(0, slash));
    if (part.empty() || part == "..") {
      errno = EXDEV;
      return Fd();
    }
    const bool last = slash == std::string_view::npos;
    Fd next(::openat(here.get(), part.c_str(),
                     (last ? flags : O_RDONLY | O_DIRECTORY) | O_NOFOLLOW | O_CLOEXEC));
    if (last) return next;
    here = std::move(next);
    relative.remove_prefix(slash + 1);
  }
  return here;
}

}  // namespace

EntryType type_of(const struct stat& status) {
  if (S_ISDIR(status.st_mode)) return EntryType::directory;
  if (S_ISREG(status.st_mode)) return EntryType::file;
  if (S_ISLNK(status.st_mode)) return EntryType::symlink;
  return EntryType::other;
}

std::string_view kind_of(const struct stat& status) {
  switch (status.st_mode & S_IFMT) {
    case S_IFREG:
      return "a regular file";
    case S_IFDIR:
      return "a directory";
    case S_IFLNK:
      return "a symbolic link";
    case S_IFIFO:
      return "a pipe";
    case S_IFSOCK:
      return "a socket";
    default:
      return "a device";
  }
}

Dir Dir::open(const fs::path& path) {
  Fd fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd.is_open()) throw_errno(path.string(), "open directory");
  return Dir(std::move(fd), path.string());
}

std::string Dir::at(std::string_view name) const {
  return format("{}/{}", path_, name);
}

Fd Dir::open_beneath(std::string_view relative, int flags) const {
  if (!lacks_openat2) {
    struct open_how how {};
    how.flags = static_cast<std::uint64_t>(flags | O_CLOEXEC);
    how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
    const std::string text(relative);
    const long number = ::syscall(SYS_openat2, fd_.get(), text.c_str(), &how, sizeof how);
    if (number >= 0) return Fd(static_cast<int>(number));
    if (errno != ENOSYS && errno != EPERM) throw_errno(at(relative), "open");
    lacks_openat2 = true;
  }
  Fd fd = walk_without_links(fd_.get(), relative, flags);
  if (!fd.is_open()) throw_errno(at(relative), "open");
  return fd;
}

Dir Dir::descend(std::string_view relative) const {
  if (relative.empty()) relative = ".";
  return Dir(open_beneath(relative, O_RDONLY | O_DIRECTORY), at(relative));
}

Fd Dir::open_file(std::string_view relative) const {
  // O_NONBLOCK: a FIFO put in our way must not stop us.
  Fd fd = open_beneath(relative, O_RDONLY | O_NONBLOCK);
  struct stat status {};
  if (::fstat(fd.get(), &status) != 0) throw_errno(at(relative), "stat");
  require_regular(status, at(relative));
  return fd;
}

Fd Dir::create_file(std::string_view name, unsigned mode) const {
  const std::string text(name);
  Fd fd(
      ::openat(fd_.get(), text.c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode));
  if (!fd.is_open()) throw_errno(at(name), "create");
  if (is_masked(mode) && ::fchmod(fd.get(), mode) != 0) throw_errno(at(name), "set the mode");
  return fd;
}

void Dir::make_dir(std::string_view name, unsigned mode) const {
  const std::string text(name);
  if (::mkdirat(fd_.get(), text.c_str(), mode) != 0) throw_errno(at(name), "create directory");
  if (is_masked(mode) && ::fchmodat(fd_.get(), text.c_str(), mode, 0) != 0) {
    throw_errno(at(name), "set the mode");
  }
}

void Dir::make_symlink(std::string_view target, std::string_view name) const {
  if (::symlinkat(std::string(target).c_str(), fd_.get(), std::string(name).c_str()) != 0) {
    throw_errno(at(name), "create symbolic link");
  }
}

void Dir::link(const Dir& from, std::string_view from_name, std::string_view name) const {
  if (::linkat(from.fd(), std::string(from_name).c_str(), fd_.get(), std::string(name).c_str(),
               0) != 0) {
    throw_errno(at(name), "create hard link");
  }
}

void Dir::rename(std::string_view from, std::string_view to) const {
  if (::renameat(fd_.get(), std::string(from).c_str(), fd_.get(), std::string(to).c_str()) != 0) {
    throw_errno(at(to), format("rename {} to", from));
  }
}

void Dir::remove(std::string_view name) const {
  const std::string text(name);
  if (::unlinkat(fd_.get(), text.c_str(), 0) != 0) throw_errno(at(name), "remove");
}

void Dir::remove_tree(std::string_view name) const {
  const std::optional<struct stat> status = stat(name);
  if (!status) return;
  if (!S_ISDIR(status->st_mode)) {
    remove(name);
    return;
  }
  const Dir inside = descend(name);
  for (const Entry& entry : inside.entries()) inside.remove_tree(entry.name);
  if (::unlinkat(fd_.get(), std::string(name).c_str(), AT_REMOVEDIR) != 0) {
    throw_errno(at(name), "remove directory");
  }
}

std::optional<std::string> Dir::read_link(std::string_view name) const {
  std::array<char, 4097> target{};
  const ssize_t size =
      ::readlinkat(fd_.get(), std::string(name).c_str(), target.data(), target.size());
  if (size < 0) {
    if (errno == ENOENT || errno == EINVAL) return std::nullopt;
    throw_errno(at(name), "read symbolic link");
  }
  return std::string(target.data(), static_cast<std::size_t>(size));
}

std::optional<struct stat> Dir::stat(std::string_view name) const {
  struct stat status {};
  if (::fstatat(fd_.get(), std::string(name).c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) {
    if (errno == ENOENT) return std::nullopt;
    throw_errno(at(name), "stat");
  }
  return status;
}

std::vector<Entry> Dir::entries() const {
  const int copy = ::openat(fd_.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (copy < 0) throw_errno(path_, "open directory");
  const std::unique_ptr<DIR, int (*)(DIR*)> stream(::fdopendir(copy), &::closedir);
  if (!stream) throw_errno(path_, "read directory");
  std::vector<Entry> entries;
  while (true) {
    errno = 0;
    const dirent* found = ::readdir(stream.get());
    if (found == nullptr) {
      if (errno != 0) throw_errno(path_, "read directory");
      break;
    }
    const std::string_view name = found->d_name;
    if (name == "." || name == "..") continue;
    EntryType type = EntryType::other;
    switch (found->d_type) {
      case DT_DIR:
        type = EntryType::directory;
        break;
      case DT_REG:
        type = EntryType::file;
        break;
      case DT_LNK:
        type = EntryType::symlink;
        break;
      case DT_UNKNOWN:
        if (const auto status = stat(name)) type = type_of(*status);
        break;
      default:
        break;
    }
    entries.push_back({std::string(name), type});
  }
  std::sort(entries.begin(), entries.end(),
            [](const Entry& a, const Entry& b) { return a.name < b.name; });
  return entries;
}

void Dir::sync() const {
  sync_fd(fd_.get(), path_);
}

void Dir::sync_filesystem() const {
  if (::syncfs(fd_.get()) != 0) throw_errno(path_, "sync the file system of");
}

}  // namespace sealift
