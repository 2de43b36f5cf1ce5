// SPDX-License-Identifier: Apache-2.0
#pragma once

// Files and directories, with the manners that a power cut demands: a file is written under a
// temporary name, synced, renamed, and its directory is synced; a failed fsync is final. Work
// inside a tree that others may write to goes through Dir, whose lookups the kernel confines
// (openat2 RESOLVE_BENEATH; a component by component O_NOFOLLOW walk where openat2 is not to be
// had). Everything here throws Error{io} naming the path.

#include <sys/stat.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/stream.hpp"

namespace sealift {

namespace fs = std::filesystem;

// An open file descriptor, closed with its owner.
class Fd {
 public:
  Fd() = default;
  explicit Fd(int number) : number_(number) {}
  Fd(Fd&& other) noexcept : number_(other.release()) {}
  Fd& operator=(Fd&& other) noexcept;
  ~Fd();

  int get() const { return number_; }
  bool is_open() const { return number_ >= 0; }
  int release();

 private:
  int number_ = -1;
};

class FdSource : public Source {
 public:
  // Does not own `fd`; `name` is for messages.
  FdSource(int fd, std::string name) : fd_(fd), name_(std::move(name)) {}
  std::size_t read(std::span<char> into) override;

 private:
  int fd_;
  std::string name_;
};

// Owns what it reads; `name` is for messages.
class FileSource : public Source {
 public:
  FileSource(Fd file, std::string name)
      : file_(std::move(file)), source_(file_.get(), std::move(name)) {}
  std::size_t read(std::span<char> into) override { return source_.read(into); }

 private:
  Fd file_;
  FdSource source_;
};

class FdSink : public Sink {
 public:
  FdSink(int fd, std::string name) : fd_(fd), name_(std::move(name)) {}
  void write(std::string_view bytes) override;

 private:
  int fd_;
  std::string name_;
};

// A regular file; Error{io} at once for anything else (a pipe would wait for its writer, a device
// may do something when it is opened).
Fd open_for_reading(const fs::path& path);
// A regular file or a pipe, such as a shell's <(command), whose writer is waited for: for what a
// person hands over. Not for use under the site's lock.
Fd open_stream(const fs::path& path);
// The whole file; Error{invalid_input} beyond `limit` bytes.
std::string read_file(const fs::path& path, std::uint64_t limit);
// Fills `into` from `offset`; returns less only at the end of the file.
std::size_t read_at(int fd, std::uint64_t offset, std::span<char> into, std::string_view name);

// The mode a file gets, whatever the umask.
enum class FileMode : unsigned { plain = 0644, executable = 0755, secret = 0600 };

// A file that appears whole and durable, or not at all.
class AtomicFile : public Sink {
 public:
  AtomicFile(const fs::path& path, FileMode mode);
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;
  ~AtomicFile() override;

  void write(std::string_view bytes) override;
  // fsync, rename over `path`, fsync the directory. Without it the file is discarded.
  void commit();
  int fd() const { return fd_.get(); }

 private:
  fs::path path_;
  fs::path temporary_;
  Fd fd_;
};

// Removes what was left of files in `folder` whose writing was cut off, where their names are ours.
void remove_leftovers(const fs::path& folder, const std::function<bool(std::string_view)>& is_ours);

// Makes an open file empty; the next byte written is its first.
void empty_file(int fd, const std::string& name);

// As an AtomicFile; one that is there is replaced.
void write_file(const fs::path& path, std::string_view content, FileMode mode = FileMode::plain);
// A new file, whole and durable, or none; Error{invalid_input} where one is already there.
void write_new_file(const fs::path& path, std::string_view content, FileMode mode);
// Creates what is missing of `path` and syncs each directory that was changed. What it creates has
// `mode`, whatever the umask.
void make_dirs(const fs::path& path, unsigned mode = 0755);
// What was renamed, made or removed in it is durable afterwards (fsync(2) of the directory).
void sync_dir(const fs::path& path);
// Not to be tried again after a failure: the kernel may have dropped what it could not write.
void sync_fd(int fd, std::string_view name);
// An unnamed file in `folder`, gone with its descriptor.
Fd open_scratch(const fs::path& folder);
// Reserves space so that a later write cannot fail for lack of it.
void reserve(int fd, std::uint64_t bytes, std::string_view name);

// Questions about a path. The answer is no where nothing is there or a part of the path is no
// directory; where the system does not say (EACCES, EIO, ELOOP, ...) it is Error{io}, never no.
// They follow symbolic links, except those whose names begin with link_ or entry_.
std::optional<struct stat> status_of(const fs::path& path);
std::optional<struct stat> link_status_of(const fs::path& path);
bool path_exists(const fs::path& path);
bool entry_exists(const fs::path& path);  // also a link to nowhere
bool dir_exists(const fs::path& path);
// Where an absolute path leads once every link in it is followed; its end need not exist. Nothing
// where that cannot be known.
std::optional<fs::path> followed_path(const fs::path& path);
// The longest part of an absolute path that exists: where the rest would be created.
fs::path existing_part(const fs::path& path);
// A directory without entries; no where it is missing.
bool is_empty_dir(const fs::path& path);
// Error{io} where it is missing.
std::uint64_t file_bytes(const fs::path& path);
// The target of a symbolic link; nothing where there is none.
std::optional<std::string> link_target(const fs::path& path);
// `path` with the working directory before it where it is relative, without "." and "..".
fs::path absolute_path(const fs::path& path);
// `path`, which must exist, without symbolic links.
fs::path real_path(const fs::path& path);
// The first of TMPDIR, /tmp and /var/tmp that is a directory.
fs::path temporary_folder();
// False where nothing was there.
bool remove_file(const fs::path& path);
// Removes a directory if it is empty; false where it is missing or holds something.
bool remove_empty_dir(const fs::path& path);

struct Space {
  std::uint64_t bytes;
  std::uint64_t inodes;  // 2^64-1 where the file system does not count them
};
// What this user may still use on the file system of `path`.
Space free_space(const fs::path& path);

enum class EntryType { directory, file, symlink, other };

struct Entry {
  std::string name;
  EntryType type;
};

// A directory held open. Names passed in are single components, and symbolic links are never
// followed, so nothing outside the tree can be reached through it.
class Dir {
 public:
  // `path` is the operator's own: links in it are followed.
  static Dir open(const fs::path& path);

  // A directory below this one, at a relative path of any depth; never outside, never over a link.
  Dir descend(std::string_view relative) const;
  // Opens for reading a regular file below this one; Error{io} for anything else.
  Fd open_file(std::string_view relative) const;
  // A new file, opened for reading and writing; an error if the name is taken.
  Fd create_file(std::string_view name, unsigned mode) const;
  // An error if the name is taken, as for a link. `mode` is given whatever the umask.
  void make_dir(std::string_view name, unsigned mode) const;
  void make_symlink(std::string_view target, std::string_view name) const;
  // `name` becomes a second name of `from`/`from_name`.
  void link(const Dir& from, std::string_view from_name, std::string_view name) const;
  // What `to` names is replaced, at once. Durable after sync().
  void rename(std::string_view from, std::string_view to) const;
  // A file or a link.
  void remove(std::string_view name) const;
  // Removes `name` and what is below it; nothing happens where it is missing.
  void remove_tree(std::string_view name) const;
  // The target of a symbolic link; nothing where `name` is missing or not a link.
  std::optional<std::string> read_link(std::string_view name) const;
  // lstat; nothing where `name` is missing.
  std::optional<struct stat> stat(std::string_view name) const;
  // Everything but "." and "..", sorted bytewise.
  std::vector<Entry> entries() const;
  // As sync_dir(), for this directory alone.
  void sync() const;
  // syncfs: everything written to this file system is durable afterwards.
  void sync_filesystem() const;

  int fd() const { return fd_.get(); }
  const std::string& path() const { return path_; }

 private:
  Dir(Fd fd, std::string path) : fd_(std::move(fd)), path_(std::move(path)) {}
  std::string at(std::string_view name) const;
  Fd open_beneath(std::string_view relative, int flags) const;

  Fd fd_;
  std::string path_;  // for messages
};

EntryType type_of(const struct stat& status);
// "a pipe", "a directory", ...: for messages.
std::string_view kind_of(const struct stat& status);

}  // namespace sealift
