// SPDX-License-Identifier: Apache-2.0
#include "installer/lock.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <thread>

#include "base/error.hpp"
#include "base/format.hpp"
#include "base/path.hpp"

namespace sealift::installer {

namespace {
constexpr std::chrono::milliseconds kPoll{100};
// lock_holder() holds it for a moment: whoever comes then is not turned away for that.
constexpr std::chrono::milliseconds kGrace{300};

std::string read_holder(const Fd& fd, const Layout& layout) {
  std::string holder(512, '\0');
  holder.resize(read_at(fd.get(), 0, holder, layout.lock().string()));
  return printable(holder.substr(0, holder.find('\n')));
}

}  // namespace

SiteLock::SiteLock(const Layout& layout, const std::string& command, const Clock& clock,
                   std::chrono::seconds timeout)
    : fd_(::open(layout.lock().c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0644)) {
  if (!fd_.is_open()) throw_errno(layout.lock().string(), "open");
  const auto deadline =
      std::chrono::steady_clock::now() + std::max<std::chrono::milliseconds>(timeout, kGrace);
  while (::flock(fd_.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK && errno != EINTR) throw_errno(layout.lock().string(), "lock");
    if (std::chrono::steady_clock::now() >= deadline) {
      throw Error(Errc::busy,
                  format("another installer works on this site: {}", read_holder(fd_, layout)),
                  "wait for it, or give --lock-timeout SECONDS");
    }
    std::this_thread::sleep_for(kPoll);
  }
  const std::string text =
      format("{} (process {}) since {}\n", command, ::getpid(), to_text(clock.now()));
  if (::ftruncate(fd_.get(), 0) != 0 ||
      ::pwrite(fd_.get(), text.data(), text.size(), 0) != static_cast<ssize_t>(text.size())) {
    throw_errno(layout.lock().string(), "write");
  }
}

std::optional<std::string> lock_holder(const Layout& layout) {
  const Fd fd(::open(layout.lock().c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
  if (!fd.is_open()) return std::nullopt;
  if (::flock(fd.get(), LOCK_SH | LOCK_NB) == 0 || errno != EWOULDBLOCK) return std::nullopt;
  return read_holder(fd, layout);
}

}  // namespace sealift::installer
