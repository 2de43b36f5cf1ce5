// SPDX-License-Identifier: Apache-2.0
#include "installer/records/journal_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/format.hpp"

namespace sealift::installer {

namespace {

constexpr std::uint64_t kMaxJournalFile = 64ULL << 20;

class PosixFile : public JournalFile {
 public:
  // A symbolic link in its place is refused: the journal is in the state folder and nowhere else.
  PosixFile(const fs::path& path, int access)
      : name_(path.string()), fd_(::open(path.c_str(), access | O_CLOEXEC | O_NOFOLLOW)) {
    if (!fd_.is_open()) throw_errno(name_, "open");
  }

  std::string read() const override {
    const std::uint64_t bytes = size();
    if (bytes > kMaxJournalFile) {
      throw Error(Errc::corrupt,
                  format("{}: found {} bytes, expected at most {}", name_, bytes, kMaxJournalFile));
    }
    std::string content(bytes, '\0');
    content.resize(read_at(fd_.get(), 0, content, name_));
    return content;
  }

  std::uint64_t size() const override {
    struct stat status {};
    if (::fstat(fd_.get(), &status) != 0) throw_errno(name_, "stat");
    return static_cast<std::uint64_t>(status.st_size);
  }

  // A write may take fewer bytes than it was given, or none when a signal comes.
  void write(std::uint64_t offset, std::string_view bytes) override {
    while (!bytes.empty()) {
      const ssize_t count =
          ::pwrite(fd_.get(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
      if (count < 0) {
        if (errno == EINTR) continue;
        throw_errno(name_, "write");
      }
      bytes.remove_prefix(static_cast<std::size_t>(count));
      offset += static_cast<std::uint64_t>(count);
    }
  }

  void sync() override {
    // Never tried again: after a failure the kernel may say that all is well.
    if (::fdatasync(fd_.get()) != 0) throw_errno(name_, "sync to disk");
  }

  void reserve(std::uint64_t size) override { sealift::reserve(fd_.get(), size, name_); }

  void truncate(std::uint64_t size) override {
    while (::ftruncate(fd_.get(), static_cast<off_t>(size)) != 0) {
      if (errno != EINTR) throw_errno(name_, "give back reserved space");
    }
  }

 private:
  std::string name_;
  Fd fd_;
};

}  // namespace

// Written under another name and renamed, so that a journal has its plan and its space from the
// moment in which it can be seen.
std::unique_ptr<JournalFile> create_journal_file(const fs::path& path, std::string_view first,
                                                 std::uint64_t size) {
  try {
    AtomicFile out(path, FileMode::secret);
    reserve(out.fd(), size, path.string());
    out.write(first);
    out.commit();
    return open_journal_file(path);
  } catch (...) {
    const Error error = current_error();
    if (::unlink(path.c_str()) != 0 && errno != ENOENT) {
      throw Error(Errc::needs_operator,
                  format("{}; the journal was begun and cannot be removed", error.message()),
                  "nothing was changed; once the disk works run: sealift-installer recover");
    }
    throw error;
  }
}

std::unique_ptr<JournalFile> open_journal_file(const fs::path& path) {
  return std::make_unique<PosixFile>(path, O_RDWR);
}

std::unique_ptr<const JournalFile> view_journal_file(const fs::path& path) {
  return std::make_unique<PosixFile>(path, O_RDONLY);
}

}  // namespace sealift::installer
