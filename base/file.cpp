// SPDX-License-Identifier: Apache-2.0
#include "base/file.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <limits>
#include <memory>

#include "base/error.hpp"
#include "base/format.hpp"
#include "base/random.hpp"

namespace sealift {

namespace {

constexpr std::size_t kRandomBytes = 6;

void write_all(int fd, std::string_view bytes, std::string_view name) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(fd, bytes.data(), bytes.size());
    if (count < 0) {
      if (errno == EINTR) continue;
      throw_errno(name, "write");
    }
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
}

fs::path folder_of(const fs::path& path) {
  const fs::path parent = path.parent_path();
  return parent.empty() ? fs::path(".") : parent;
}

// True where the process's umask would take bits of `mode` away. What we install does not depend on
// it. Asked each time: two short system calls beside the one that makes a file.
bool is_masked(unsigned mode) {
  const mode_t mask = ::umask(022);
  ::umask(mask);
  return (mode & mask) != 0;
}

// Remembered for the process: a kernel or a seccomp filter that lacks openat2 will not grow it.
bool lacks_openat2 = false;

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

Fd& Fd::operator=(Fd&& other) noexcept {
  if (this != &other) {
    if (number_ >= 0) ::close(number_);
    number_ = other.release();
  }
  return *this;
}

Fd::~Fd() {
  if (number_ >= 0) ::close(number_);
}

int Fd::release() {
  const int number = number_;
  number_ = -1;
  return number;
}

std::size_t FdSource::read(std::span<char> into) {
  while (true) {
    const ssize_t count = ::read(fd_, into.data(), into.size());
    if (count >= 0) return static_cast<std::size_t>(count);
    if (errno != EINTR) throw_errno(name_, "read");
  }
}

void FdSink::write(std::string_view bytes) {
  write_all(fd_, bytes, name_);
}

namespace {

void require_regular(const struct stat& status, std::string_view name) {
  if (S_ISREG(status.st_mode)) return;
  throw Error(Errc::io, format("{}: found {}, expected a regular file", name, kind_of(status)),
              S_ISDIR(status.st_mode) ? "name a file in it"
                                      : "write the content to a file and name that file");
}

}  // namespace

Fd open_for_reading(const fs::path& path) {
  // Asked before it is opened, for opening a device may act on it; and again afterwards, for it may
  // have been replaced. O_NONBLOCK: a pipe put there in between must not make us wait.
  if (const auto status = status_of(path)) require_regular(*status, path.string());
  Fd fd(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  struct stat status {};
  if (!fd.is_open() || ::fstat(fd.get(), &status) != 0) throw_errno(path.string(), "open");
  require_regular(status, path.string());
  return fd;
}

Fd open_stream(const fs::path& path) {
  const std::optional<struct stat> status = status_of(path);
  if (!status || !S_ISFIFO(status->st_mode)) return open_for_reading(path);
  Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.is_open()) throw_errno(path.string(), "open");
  return fd;
}

std::string read_file(const fs::path& path, std::uint64_t limit) {
  const Fd fd = open_for_reading(path);
  FdSource source(fd.get(), path.string());
  return read_all(source, limit, path.string());
}

std::size_t read_at(int fd, std::uint64_t offset, std::span<char> into, std::string_view name) {
  std::size_t filled = 0;
  while (filled < into.size()) {
    const ssize_t count = ::pread(fd, into.data() + filled, into.size() - filled,
                                  static_cast<off_t>(offset + filled));
    if (count < 0) {
      if (errno == EINTR) continue;
      throw_errno(name, "read");
    }
    if (count == 0) break;
    filled += static_cast<std::size_t>(count);
  }
  return filled;
}

AtomicFile::AtomicFile(const fs::path& path, FileMode mode)
    : path_(path),
      temporary_(folder_of(path) /
                 format(".{}.{}", path.filename().string(), random_hex(kRandomBytes))),
      fd_(::open(temporary_.c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600)) {
  if (!fd_.is_open()) throw_errno(temporary_.string(), "create");
  if (::fchmod(fd_.get(), static_cast<mode_t>(mode)) != 0) {
    const int number = errno;
    ::unlink(temporary_.c_str());  // no destructor runs for what was not made
    errno = number;
    throw_errno(temporary_.string(), "set the mode");
  }
}

AtomicFile::~AtomicFile() {
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
}

void AtomicFile::write(std::string_view bytes) {
  write_all(fd_.get(), bytes, path_.string());
}

void AtomicFile::commit() {
  sync_fd(fd_.get(), temporary_.string());
  if (::rename(temporary_.c_str(), path_.c_str()) != 0) throw_errno(path_.string(), "rename to");
  temporary_.clear();
  sync_dir(folder_of(path_));
}

void remove_leftovers(const fs::path& folder,
                      const std::function<bool(std::string_view)>& is_ours) {
  const Dir dir = Dir::open(folder);
  for (const Entry& entry : dir.entries()) {
    // ".NAME.RANDOM", as AtomicFile calls them
    const std::string_view name = entry.name;
    const std::size_t dot = name.rfind('.');
    if (!name.starts_with('.') || dot == 0 || name.size() - dot - 1 != 2 * kRandomBytes) continue;
    if (is_ours(name.substr(1, dot - 1))) dir.remove_tree(entry.name);
  }
  dir.sync();
}

void write_file(const fs::path& path, std::string_view content, FileMode mode) {
  AtomicFile file(path, mode);
  file.write(content);
  file.commit();
}

void write_new_file(const fs::path& path, std::string_view content, FileMode mode) {
  if (entry_exists(path)) {
    throw Error(Errc::invalid_input,
                format("{}: exists already, expected a new name", path.string()),
                "move it away or choose another name; nothing was overwritten");
  }
  try {
    write_file(path, content, mode);
  } catch (...) {
    ::unlink(path.c_str());  // it may have its name already
    throw;
  }
}

void make_dirs(const fs::path& path, unsigned mode) {
  if (path.empty() || dir_exists(path)) return;
  const fs::path folder = folder_of(path);
  if (folder != path) make_dirs(folder, mode);
  if (::mkdir(path.c_str(), mode) == 0) {
    if (is_masked(mode) && ::chmod(path.c_str(), mode) != 0) {
      throw_errno(path.string(), "set the mode");
    }
  } else if (errno != EEXIST || !dir_exists(path)) {  // another process may have been faster
    throw_errno(path.string(), "create directory");
  }
  sync_dir(folder);
}

void sync_fd(int fd, std::string_view name) {
  // Never retried: after a failure the kernel may drop the dirty pages and report success next
  // time.
  if (::fsync(fd) != 0) throw_errno(name, "sync to disk");
}

void sync_dir(const fs::path& path) {
  const Fd fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd.is_open()) throw_errno(path.string(), "open");
  sync_fd(fd.get(), path.string());
}

Fd open_scratch(const fs::path& folder) {
  Fd fd(::open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
  if (fd.is_open()) return fd;
  // Some file systems (overlayfs before 6.3, NFS) have no O_TMPFILE.
  const fs::path name = folder / format(".scratch.{}", random_hex(8));
  fd = Fd(::open(name.c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!fd.is_open()) throw_errno(name.string(), "create");
  ::unlink(name.c_str());
  return fd;
}

void reserve(int fd, std::uint64_t bytes, std::string_view name) {
  const int failure = ::posix_fallocate(fd, 0, static_cast<off_t>(bytes));
  if (failure != 0) {
    errno = failure;
    throw_errno(name, format("reserve {} bytes", bytes));
  }
}

namespace {

std::optional<struct stat> ask(const fs::path& path, int flags) {
  struct stat status {};
  if (::fstatat(AT_FDCWD, path.c_str(), &status, flags) == 0) return status;
  if (errno == ENOENT || errno == ENOTDIR) return std::nullopt;
  throw_errno(path.string(), "stat");
}

}  // namespace

std::optional<struct stat> status_of(const fs::path& path) {
  return ask(path, 0);
}

std::optional<struct stat> link_status_of(const fs::path& path) {
  return ask(path, AT_SYMLINK_NOFOLLOW);
}

bool path_exists(const fs::path& path) {
  return status_of(path).has_value();
}

bool entry_exists(const fs::path& path) {
  return link_status_of(path).has_value();
}

bool dir_exists(const fs::path& path) {
  const std::optional<struct stat> status = status_of(path);
  return status && S_ISDIR(status->st_mode);
}

std::optional<fs::path> followed_path(const fs::path& path) {
  std::error_code failure;
  fs::path place = fs::weakly_canonical(path, failure);
  return failure ? std::nullopt : std::optional(std::move(place));
}

fs::path existing_part(const fs::path& path) {
  fs::path part = path;
  while (!path_exists(part) && part != folder_of(part)) part = folder_of(part);
  return part;
}

bool is_empty_dir(const fs::path& path) {
  return dir_exists(path) && Dir::open(path).entries().empty();
}

std::uint64_t file_bytes(const fs::path& path) {
  const std::optional<struct stat> status = status_of(path);
  if (status) return static_cast<std::uint64_t>(status->st_size);
  errno = ENOENT;
  throw_errno(path.string(), "stat");
}

std::optional<std::string> link_target(const fs::path& path) {
  std::error_code failure;
  const fs::path target = fs::read_symlink(path, failure);
  if (!failure) return target.string();
  errno = failure.value();
  if (errno == ENOENT || errno == ENOTDIR || errno == EINVAL) return std::nullopt;
  throw_errno(path.string(), "read symbolic link");
}

fs::path absolute_path(const fs::path& path) {
  std::error_code failure;
  const fs::path absolute = fs::absolute(path, failure);
  if (!failure) return absolute.lexically_normal();
  errno = failure.value();
  throw_errno(path.string(), "find the working directory for");
}

fs::path real_path(const fs::path& path) {
  std::error_code failure;
  fs::path real = fs::canonical(path, failure);
  if (!failure) return real;
  errno = failure.value();
  throw_errno(path.string(), "resolve");
}

fs::path temporary_folder() {
  const std::array<const char*, 3> folders = {std::getenv("TMPDIR"), "/tmp", "/var/tmp"};
  for (const char* folder : folders) {
    if (folder != nullptr && *folder != '\0' && dir_exists(folder)) return folder;
  }
  throw Error(Errc::io, "temporary files: found neither TMPDIR nor /tmp nor /var/tmp",
              "set TMPDIR to a directory");
}

bool remove_file(const fs::path& path) {
  if (::unlink(path.c_str()) == 0) return true;
  if (errno == ENOENT || errno == ENOTDIR) return false;
  throw_errno(path.string(), "remove");
}

bool remove_empty_dir(const fs::path& path) {
  if (::rmdir(path.c_str()) == 0) return true;
  if (errno == ENOENT || errno == ENOTDIR || errno == ENOTEMPTY || errno == EEXIST) return false;
  throw_errno(path.string(), "remove directory");
}

Space free_space(const fs::path& path) {
  struct statvfs status {};
  if (::statvfs(path.c_str(), &status) != 0) throw_errno(path.string(), "ask for free space");
  return {.bytes = static_cast<std::uint64_t>(status.f_bavail) * status.f_frsize,
          .inodes = status.f_files == 0 ? std::numeric_limits<std::uint64_t>::max()
                                        : static_cast<std::uint64_t>(status.f_favail)};
}

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
