// SPDX-License-Identifier: Apache-2.0
#include "base/startup.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cerrno>
#include <functional>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/process.hpp"
#include "tests/unit/errors.hpp"
#include "tests/unit/scratch_folder.hpp"

namespace sealift::startup_test {

namespace {

// What `work` answers in a process of its own; what it changes there dies with it.
bool holds_in_child(const std::function<bool()>& work) {
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    bool holds = false;
    try {
      holds = work();
    } catch (...) {
    }
    ::_exit(holds ? 0 : 1);
  }
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

bool is_null_device(int number) {
  struct stat found {};
  struct stat null {};
  return ::fstat(number, &found) == 0 && ::stat("/dev/null", &null) == 0 &&
         found.st_rdev == null.st_rdev && S_ISCHR(found.st_mode);
}

}  // namespace

TEST_CASE("startup: no file of ours gets a standard stream's number, whichever are closed") {
  for (int closed = 1; closed < 8; ++closed) {
    CAPTURE(closed);
    CHECK(holds_in_child([&] {
      for (int number = 0; number < 3; ++number) {
        if ((closed >> number & 1) != 0) ::close(number);
      }
      prepare_process();
      for (int number = 0; number < 3; ++number) {
        if ((closed >> number & 1) != 0 && !is_null_device(number)) return false;
      }
      const Fd next(::open("/", O_RDONLY));
      return next.get() > 2;
    }));
  }
}

TEST_CASE("startup: a size limit and a reader that goes away are errors, not the end") {
  const tests::ScratchFolder folder;
  CHECK(holds_in_child([&] {
    prepare_process();
    const rlimit small{.rlim_cur = 100, .rlim_max = 100};
    ::setrlimit(RLIMIT_FSIZE, &small);
    return tests::refusal_of([&] { write_file(folder / "name", std::string(1000, 'x')); }) ==
               Errc::io &&
           Dir::open(folder.path()).entries().empty() &&
           tests::refusal_of([] { require_file_size(101); }) == Errc::io &&
           !tests::refusal_of([] { require_file_size(100); });
  }));
  CHECK(holds_in_child([] {
    prepare_process();
    int ends[2];
    if (::pipe(ends) != 0) return false;
    ::close(ends[0]);
    return tests::refusal_of([&] { FdSink(ends[1], "pipe").write("x"); }) == Errc::io;
  }));
}

TEST_CASE("startup: programs that we start have the signals and the limit that we were given") {
  CHECK(holds_in_child([] {
    const rlimit low{.rlim_cur = 100, .rlim_max = 200};
    ::setrlimit(RLIMIT_NOFILE, &low);
    prepare_process();
    rlimit own{};
    ::getrlimit(RLIMIT_NOFILE, &own);
    const auto outcome =
        run({.arguments = {"sh", "-c", "ulimit -n; umask; grep SigIgn /proc/$$/status"},
             .folder = {},
             .input = {}});
    if (!outcome || own.rlim_cur != 200) return false;
    const std::string& text = outcome->output;
    const std::size_t mask = text.find("SigIgn:\t");
    if (!text.starts_with("100\n0022\n") || mask == text.npos) return false;
    const std::uint64_t ignored = std::stoull(text.substr(mask + 8), nullptr, 16);
    return (ignored & (1ULL << (SIGPIPE - 1) | 1ULL << (SIGXFSZ - 1))) == 0;
  }));
}

TEST_CASE("startup: too few descriptors are refused before anything begins") {
  CHECK(holds_in_child([] {
    const rlimit low{.rlim_cur = 20, .rlim_max = 20};
    ::setrlimit(RLIMIT_NOFILE, &low);
    return tests::refusal_of([] { prepare_process(); }) == Errc::io;
  }));
}

TEST_CASE("startup: the umask that we were given does not count") {
  const tests::ScratchFolder folder;
  CHECK(holds_in_child([&] {
    ::umask(0077);
    prepare_process();
    make_dirs(folder / "a/b");
    struct stat status {};
    return ::stat((folder / "a").c_str(), &status) == 0 && (status.st_mode & 07777U) == 0755 &&
           ::stat((folder / "a/b").c_str(), &status) == 0 && (status.st_mode & 07777U) == 0755;
  }));
}

}  // namespace sealift::startup_test
