// SPDX-License-Identifier: Apache-2.0
#include "signing/passphrase.hpp"

#include <poll.h>
#include <pty.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "base/file.hpp"
#include "given.hpp"

namespace sealift::signing::passphrase_test {

namespace {

// The reading end of a pipe that holds `text` and then ends.
Fd pipe_with(const std::string& text) {
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  Fd reading(ends[0]);
  Fd writing(ends[1]);
  FdSink(writing.get(), "pipe").write(text);
  return reading;
}

// A person at a terminal, in front of a child process that asks them.
class Person {
 public:
  explicit Person(Purpose purpose) {
    int report[2];
    REQUIRE(::pipe(report) == 0);
    int terminal = -1;
    child_ = ::forkpty(&terminal, nullptr, nullptr, nullptr);
    REQUIRE(child_ >= 0);
    if (child_ == 0) answer_to(report[1], purpose);
    ::close(report[1]);
    terminal_ = Fd(terminal);
    report_ = Fd(report[0]);
  }

  // Everything on the screen up to and with `text`; fails the test after ten seconds.
  void sees(std::string_view text) {
    while (screen_.find(text) == std::string::npos) {
      pollfd ready{terminal_.get(), POLLIN, 0};
      REQUIRE(::poll(&ready, 1, 10'000) == 1);
      char bytes[256];
      const ssize_t count = ::read(terminal_.get(), bytes, sizeof bytes);
      REQUIRE(count > 0);
      screen_.append(bytes, static_cast<std::size_t>(count));
    }
  }
  void types(std::string_view text) { FdSink(terminal_.get(), "terminal").write(text); }
  bool would_see_typing() {
    termios now{};
    REQUIRE(::tcgetattr(terminal_.get(), &now) == 0);
    return (now.c_lflag & ECHO) != 0;
  }
  // What waitpid says of the child, and in `said` what it got.
  int leaves(std::string& said) {
    FdSource source(report_.get(), "report");
    said = read_all(source, 4096, "report");
    int status = 0;
    REQUIRE(::waitpid(child_, &status, 0) == child_);
    return status;
  }
  const std::string& screen() const { return screen_; }

 private:
  [[noreturn]] static void answer_to(int report, Purpose purpose) {
    std::string said;
    try {
      said = read_passphrase({}, "dev.key", purpose).view();
    } catch (const Error& error) {
      said = error.message();
    }
    [[maybe_unused]] const ssize_t written = ::write(report, said.data(), said.size());
    ::_exit(0);
  }

  pid_t child_ = -1;
  Fd terminal_;
  Fd report_;
  std::string screen_;
};

}  // namespace

TEST_CASE("passphrase: a descriptor gives one line and keeps the rest") {
  const Fd fd = pipe_with("first\nsecond");
  const PassphraseSource source{.fd = fd.get(), .environment = {}};
  CHECK(read_passphrase(source, "k", Purpose::create).view() == "first");
  CHECK(read_passphrase(source, "k", Purpose::open).view() == "second");
}

TEST_CASE("passphrase: an empty one opens a key but makes none") {
  const Fd fd = pipe_with("\n\n");
  const PassphraseSource source{.fd = fd.get(), .environment = {}};
  CHECK(read_passphrase(source, "k", Purpose::open).view().empty());
  CHECK(error_of([&] { read_passphrase(source, "k", Purpose::create); }).code() == Errc::usage);
}

TEST_CASE("passphrase: a longer one than 1024 bytes is refused, not cut") {
  const std::string longest(1024, 'x');
  const Fd good = pipe_with(longest + "\n");
  CHECK(read_passphrase({.fd = good.get(), .environment = {}}, "k", Purpose::open).view() ==
        longest);
  const Fd bad = pipe_with(longest + "x\n");
  const PassphraseSource source{.fd = bad.get(), .environment = {}};
  CHECK(error_of([&] { read_passphrase(source, "k", Purpose::open); }).code() == Errc::usage);
}

TEST_CASE("passphrase: a descriptor that cannot be read is named") {
  const PassphraseSource source{.fd = 987, .environment = {}};
  const Error error = error_of([&] { read_passphrase(source, "k", Purpose::open); });
  CHECK(error.code() == Errc::io);
  CHECK(error.message().starts_with("file descriptor 987: "));
}

TEST_CASE("passphrase: an environment variable gives all of its value, and must be there") {
  const PassphraseSource source{.fd = {}, .environment = "SEALIFT_TEST_PASSPHRASE"};
  ::setenv("SEALIFT_TEST_PASSPHRASE", "from the air ", 1);
  CHECK(read_passphrase(source, "k", Purpose::create).view() == "from the air ");
  ::setenv("SEALIFT_TEST_PASSPHRASE", std::string(1025, 'x').c_str(), 1);
  CHECK(error_of([&] { read_passphrase(source, "k", Purpose::open); }).code() == Errc::usage);
  ::unsetenv("SEALIFT_TEST_PASSPHRASE");
  CHECK(error_of([&] { read_passphrase(source, "k", Purpose::open); }).message() ==
        "the environment variable SEALIFT_TEST_PASSPHRASE is not set");
}

TEST_CASE("passphrase: a terminal shows the question and not the answer") {
  Person person(Purpose::open);
  person.sees("passphrase for dev.key: ");
  CHECK_FALSE(person.would_see_typing());
  person.types("hunter2\n");
  std::string said;
  person.leaves(said);
  CHECK(said == "hunter2");
  CHECK(person.screen().find("hunter2") == std::string::npos);
  CHECK(person.would_see_typing());
}

TEST_CASE("passphrase: a new one is asked for twice") {
  Person person(Purpose::create);
  person.sees("passphrase for dev.key: ");
  person.types("hunter2\n");
  person.sees("the same again: ");
  person.types("hunter3\n");
  std::string said;
  person.leaves(said);
  CHECK(said == "the two passphrases differ");
}

TEST_CASE("passphrase: control-C ends the program and gives the terminal its echo back") {
  Person person(Purpose::open);
  person.sees("passphrase for dev.key: ");
  REQUIRE_FALSE(person.would_see_typing());
  person.types("hunt\x03");
  std::string said;
  const int status = person.leaves(said);
  CHECK(said.empty());
  REQUIRE(WIFSIGNALED(status));
  CHECK(WTERMSIG(status) == SIGINT);
  CHECK(person.would_see_typing());
}

}  // namespace sealift::signing::passphrase_test
