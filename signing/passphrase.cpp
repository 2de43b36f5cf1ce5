// SPDX-License-Identifier: Apache-2.0
#include "signing/passphrase.hpp"

#include <fcntl.h>
#include <signal.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/format.hpp"

namespace sealift::signing {

namespace {

constexpr std::size_t kMaxBytes = 1024;

[[noreturn]] void refuse_long() {
  throw Error(Errc::usage, format("found a passphrase of more than {} bytes", kMaxBytes),
              "choose a shorter one");
}

volatile sig_atomic_t stop_signal = 0;

void note_stop(int number) {
  stop_signal = number;
}

// A line, byte by byte: nothing after it may be taken from a shared descriptor.
Secret read_line(int fd, const std::string& name) {
  Secret line(kMaxBytes);
  std::size_t size = 0;
  for (;;) {
    unsigned char c = 0;
    const ssize_t count = ::read(fd, &c, 1);
    if (count < 0 && errno == EINTR) {
      if (stop_signal == 0) continue;
      throw Error(Errc::interrupted, "stopped while a passphrase was asked for");
    }
    if (count < 0) throw_errno(name, "read the passphrase");
    if (count == 0 || c == '\n') break;
    if (size == kMaxBytes) refuse_long();
    line.bytes()[size++] = c;
  }
  Secret answer(size);
  std::copy_n(line.bytes().begin(), size, answer.bytes().begin());
  return answer;
}

// Holds back the signals that end a program until the terminal echoes again; then they do what
// they did before.
class StopsHeldBack {
 public:
  StopsHeldBack() {
    stop_signal = 0;
    struct sigaction held {};
    held.sa_handler = note_stop;  // without SA_RESTART: the read of the answer must end
    for (std::size_t i = 0; i < kStops.size(); ++i) {
      ::sigaction(kStops[i], nullptr, &before_[i]);
      if (before_[i].sa_handler != SIG_IGN) ::sigaction(kStops[i], &held, nullptr);
    }
  }
  ~StopsHeldBack() {
    for (std::size_t i = 0; i < kStops.size(); ++i) ::sigaction(kStops[i], &before_[i], nullptr);
    if (stop_signal != 0) ::raise(stop_signal);
  }
  StopsHeldBack(const StopsHeldBack&) = delete;
  StopsHeldBack& operator=(const StopsHeldBack&) = delete;

 private:
  static constexpr std::array kStops = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP};
  std::array<struct sigaction, kStops.size()> before_{};
};

class Terminal {
 public:
  Terminal() : fd_(::open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY)) {
    if (!fd_.is_open() || ::tcgetattr(fd_.get(), &before_) != 0) {
      throw Error(Errc::usage, "a passphrase is needed and there is no terminal to ask on",
                  "give it with --passphrase-fd N or --passphrase-env NAME");
    }
    struct termios silent = before_;
    silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    if (::tcsetattr(fd_.get(), TCSAFLUSH, &silent) != 0) throw_errno("/dev/tty", "turn echo off");
  }
  ~Terminal() { ::tcsetattr(fd_.get(), TCSAFLUSH, &before_); }
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  Secret ask(const std::string& prompt) {
    FdSink out(fd_.get(), "/dev/tty");
    out.write(prompt);
    Secret answer = read_line(fd_.get(), "/dev/tty");
    out.write("\n");
    return answer;
  }

 private:
  StopsHeldBack stops_;  // outlives the silence
  Fd fd_;
  struct termios before_ {};
};

Secret from_environment(const std::string& variable) {
  const char* value = std::getenv(variable.c_str());
  if (value == nullptr) {
    throw Error(Errc::usage, format("the environment variable {} is not set", variable));
  }
  std::string copy = value;
  Secret answer = Secret::taken_from(copy);
  if (answer.bytes().size() > kMaxBytes) refuse_long();
  return answer;
}

Secret from_terminal(const std::string& what, Purpose purpose) {
  Terminal terminal;
  Secret answer = terminal.ask(format("passphrase for {}: ", what));
  if (purpose == Purpose::create) {
    const Secret again = terminal.ask("the same again: ");
    if (answer.view() != again.view()) {
      throw Error(Errc::usage, "the two passphrases differ", "run the command again");
    }
  }
  return answer;
}

Secret read_from(const PassphraseSource& source, const std::string& what, Purpose purpose) {
  if (source.fd) return read_line(*source.fd, format("file descriptor {}", *source.fd));
  if (!source.environment.empty()) return from_environment(source.environment);
  return from_terminal(what, purpose);
}

}  // namespace

Secret read_passphrase(const PassphraseSource& source, const std::string& what, Purpose purpose) {
  Secret answer = read_from(source, what, purpose);
  if (purpose == Purpose::create && answer.bytes().empty()) {
    throw Error(Errc::usage, format("found an empty passphrase for {}, expected some text", what),
                "an empty passphrase protects nothing");
  }
  return answer;
}

}  // namespace sealift::signing
