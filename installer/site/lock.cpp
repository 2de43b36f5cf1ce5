// SPDX-License-Identifier: Apache-2.0
#include "installer/site/lock.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <exception>
#include <thread>

#include "base/error.hpp"
#include "base/format.hpp"
#include "base/path.hpp"

namespace sealift::installer {

namespace {
constexpr std::chrono::milliseconds kPoll{100};
// lock_holder() holds it for a moment, which must not turn another installer away.
constexpr std::chrono::milliseconds kGrace{300};

constexpr std::uint64_t kMaxHolder = 64 << 10;  // bytes

constexpr int kFolderFlags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
// O_NONBLOCK: a pipe in its place must not make us wait.
constexpr int kFileFlags = O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;

Fd open_lock(const fs::path& path, int flags) {
  Fd fd(::open(path.c_str(), flags, 0644));
  if (!fd.is_open()) throw_errno(path.string(), "open");
  return fd;
}

bool leads_to(const fs::path& path, const Fd& fd) {
  struct stat held {};
  if (::fstat(fd.get(), &held) != 0) throw_errno(path.string(), "stat");
  const std::optional<struct stat> named = status_of(path);
  return named && named->st_dev == held.st_dev && named->st_ino == held.st_ino;
}

// What is at `path`, locked; closed while another process holds it.
Fd try_lock(const fs::path& path, int flags) {
  while (true) {
    Fd fd = open_lock(path, flags);
    if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
      if (errno == EWOULDBLOCK) return Fd();
      if (errno == EBADF) return fd;  // NFS locks no folder; there state/lock alone counts
      if (errno != EINTR) throw_errno(path.string(), "lock");
    } else if (leads_to(path, fd)) {
      return fd;
    }
  }
}

bool is_locked(const fs::path& path, int flags) {
  const Fd fd = open_lock(path, flags);
  if (::flock(fd.get(), LOCK_SH | LOCK_NB) == 0) return false;
  if (errno == EWOULDBLOCK) return true;
  throw_errno(path.string(), "lock");
}

}  // namespace

std::string last_holder(const Layout& layout) {
  if (!path_exists(layout.lock())) {
    return format("its name is lost, because {} was removed", layout.lock().string());
  }
  const std::string holder = read_file(layout.lock(), kMaxHolder);
  return printable(holder.substr(0, holder.find('\n')));
}

SiteLock::SiteLock(const Layout& layout, const std::string& command, const Clock& clock,
                   std::chrono::seconds timeout)
    : layout_(layout),
      timeout_(timeout),
      holder_(format("{} (process {}) since {}", command, ::getpid(), to_text(clock.now()))) {
  take();
  if (::ftruncate(file_.get(), 0) != 0) throw_errno(layout.lock().string(), "write");
  const std::string text = holder_ + "\n";
  // The system may take less than it is given.
  for (std::size_t done = 0; done < text.size();) {
    const ssize_t count =
        ::pwrite(file_.get(), text.data() + done, text.size() - done, static_cast<off_t>(done));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) throw_errno(layout.lock().string(), "write");
    done += static_cast<std::size_t>(count);
  }
}

void SiteLock::take() {
  const auto deadline =
      std::chrono::steady_clock::now() + std::max<std::chrono::milliseconds>(timeout_, kGrace);
  while (true) {
    // The folder first: who cannot have it leaves state/lock as it is.
    folder_ = try_lock(layout_.state, kFolderFlags);
    if (folder_.is_open()) file_ = try_lock(layout_.lock(), kFileFlags);
    if (file_.is_open()) break;
    folder_ = Fd();
    if (std::chrono::steady_clock::now() >= deadline) {
      throw Error(Errc::busy,
                  format("another installer works on this site: {}", last_holder(layout_)),
                  "wait for it, or give --lock-timeout SECONDS");
    }
    std::this_thread::sleep_for(kPoll);
  }
}

bool SiteLock::without(const std::function<bool()>& ask) {
  file_ = Fd();
  folder_ = Fd();
  bool answer = false;
  std::exception_ptr failed;
  try {
    answer = ask();
  } catch (...) {
    failed = std::current_exception();
  }
  take();
  // Everyone who holds the site writes a name there.
  if (const std::string last = last_holder(layout_); last != holder_) {
    throw Error(Errc::busy,
                format("another installer worked on this site while you were asked: {}", last),
                "nothing was changed by this command; run it again to see what is true now");
  }
  if (failed) std::rethrow_exception(failed);
  return answer;
}

std::optional<std::string> lock_holder(const Layout& layout) {
  const bool is_held = is_locked(layout.state, kFolderFlags) ||
                       (path_exists(layout.lock()) &&
                        is_locked(layout.lock(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  return is_held ? std::optional(last_holder(layout)) : std::nullopt;
}

}  // namespace sealift::installer
