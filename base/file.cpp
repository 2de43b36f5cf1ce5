// SPDX-License-Identifier: Apache-2.0
#include "base/file.hpp"

#include <fcntl.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <limits>
#include <memory>

#include "base/error.hpp"
#include "base/file_rules.hpp"
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

}  // namespace

bool is_masked(unsigned mode) {
  const mode_t mask = ::umask(022);
  ::umask(mask);
  return (mode & mask) != 0;
}

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

void require_regular(const struct stat& status, std::string_view name) {
  if (S_ISREG(status.st_mode)) return;
  throw Error(Errc::io, format("{}: found {}, expected a regular file", name, kind_of(status)),
              S_ISDIR(status.st_mode) ? "name a file in it"
                                      : "write the content to a file and name that file");
}

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

// Read to its end whatever its size says: files of /proc say 0.
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

namespace {

// A rename would take the place of a device or of /dev/stdout, for the whole host.
const fs::path& replaceable(const fs::path& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) == 0 && !S_ISREG(status.st_mode)) {
    throw Error(
        Errc::io,
        format("{}: found {}, expected a file or a new name", path.string(), kind_of(status)),
        S_ISDIR(status.st_mode) ? "name a file in it" : "name another file; nothing was replaced");
  }
  return path;
}

}  // namespace

AtomicFile::AtomicFile(const fs::path& path, FileMode mode)
    : path_(replaceable(path)),
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
  bool is_changed = false;
  for (const Entry& entry : dir.entries()) {
    // ".NAME.RANDOM", as AtomicFile calls them
    const std::string_view name = entry.name;
    const std::size_t dot = name.rfind('.');
    if (!name.starts_with('.') || dot == 0 || name.size() - dot - 1 != 2 * kRandomBytes) continue;
    if (!is_ours(name.substr(1, dot - 1))) continue;
    dir.remove_tree(entry.name);
    is_changed = true;
  }
  if (is_changed) dir.sync();
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

void empty_file(int fd, const std::string& name) {
  if (::ftruncate(fd, 0) != 0 || ::lseek(fd, 0, SEEK_SET) != 0) throw_errno(name, "rewind");
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

}  // namespace sealift
