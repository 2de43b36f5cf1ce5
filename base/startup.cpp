// SPDX-License-Identifier: Apache-2.0
#include "base/startup.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "base/error.hpp"
#include "base/format.hpp"

namespace sealift {

namespace {

// What the largest command needs, with as much again to spare.
constexpr rlim_t kLeastDescriptors = 64;

constexpr int kIgnored[] = {SIGPIPE, SIGXFSZ};

rlimit found_descriptors{};

void open_standard_streams() {
  for (const int number : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (::fcntl(number, F_GETFD) >= 0 || errno != EBADF) continue;
    // The lowest free number is given, and that is this one. Without /dev (chroot) a descriptor
    // that can be neither read nor written holds its place.
    if (::open("/dev/null", O_RDWR) < 0 && ::open("/", O_PATH) < 0) {
      ::_exit(exit_status(Errc::io));
    }
  }
}

void raise_descriptors() {
  if (::getrlimit(RLIMIT_NOFILE, &found_descriptors) != 0) {
    throw_errno("open files", "read the limit of");
  }
  rlimit raised = found_descriptors;
  raised.rlim_cur = raised.rlim_max;
  if (::setrlimit(RLIMIT_NOFILE, &raised) != 0) throw_errno("open files", "raise the limit of");
  if (raised.rlim_cur >= kLeastDescriptors) return;
  throw Error(Errc::io,
              format("open files: found a limit of {}, expected at least {}",
                     std::uint64_t{raised.rlim_cur}, std::uint64_t{kLeastDescriptors}),
              "raise it (ulimit -n 1024; LimitNOFILE= of a unit); nothing was changed");
}

}  // namespace

void prepare_process() {
  open_standard_streams();
  for (const int signal : kIgnored) ::signal(signal, SIG_IGN);
  ::umask(022);
  raise_descriptors();
}

void prepare_child() {
  for (const int signal : kIgnored) ::signal(signal, SIG_DFL);
  if (found_descriptors.rlim_max != 0) ::setrlimit(RLIMIT_NOFILE, &found_descriptors);
}

void require_file_size(std::uint64_t bytes) {
  rlimit limit{};
  if (::getrlimit(RLIMIT_FSIZE, &limit) != 0) throw_errno("size of files", "read the limit of");
  if (limit.rlim_cur >= bytes) return;
  throw Error(Errc::io,
              format("size of files: found a limit of {} bytes, expected at least {}",
                     std::uint64_t{limit.rlim_cur}, bytes),
              "raise it (ulimit -f unlimited; LimitFSIZE= of a unit); nothing was changed");
}

}  // namespace sealift
