// SPDX-License-Identifier: Apache-2.0
#include "signing/passphrase.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
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

// A line, byte by byte: nothing after it may be taken from a shared descriptor. `wait` is called
// before each byte.
template <typename Wait>
Secret read_line(int fd, const std::string& name, Wait&& wait) {
  Secret line(kMaxBytes);
  std::size_t size = 0;
  for (;;) {
    wait();
    unsigned char c = 0;
    const ssize_t count = ::read(fd, &c, 1);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw_errno(name, "read the passphrase");
    if (count == 0 || c == '\n') break;
    if (size == kMaxBytes) refuse_long();
    line.bytes()[size++] = c;
  }
  Secret answer(size);
  std::copy_n(line.bytes().begin(), size, answer.bytes().begin());
  return answer;
}

// Holds back the signals that end or pause a program until the terminal echoes again; then they do
// what they would have done.
class SignalsHeldBack {
 public:
  SignalsHeldBack() {
    sigset_t stops;
    sigemptyset(&stops);
    for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGQUIT}) {
      struct sigaction now {};
      ::sigaction(number, nullptr, &now);
      if (now.sa_handler != SIG_IGN) sigaddset(&stops, number);
    }
    stops_ = Fd(::signalfd(-1, &stops, SFD_CLOEXEC));
    if (!stops_.is_open()) throw_errno("signals", "hold back");
    sigaddset(&stops, SIGTSTP);
    ::pthread_sigmask(SIG_BLOCK, &stops, &before_);
  }
  ~SignalsHeldBack() {
    ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
    if (caught_ != 0) ::raise(caught_);
  }
  SignalsHeldBack(const SignalsHeldBack&) = delete;
  SignalsHeldBack& operator=(const SignalsHeldBack&) = delete;

  // Returns when `fd` can be read; Error{interrupted} when a signal to stop comes first.
  void wait_for(int fd) {
    std::array<pollfd, 2> ready = {pollfd{fd, POLLIN, 0}, pollfd{stops_.get(), POLLIN, 0}};
    while (::poll(ready.data(), ready.size(), -1) < 0) {
      if (errno != EINTR) throw_errno("/dev/tty", "wait for the passphrase");
    }
    signalfd_siginfo stop{};
    if (ready[1].revents != 0 && ::read(stops_.get(), &stop, sizeof stop) == sizeof stop) {
      caught_ = static_cast<int>(stop.ssi_signo);
      throw Error(Errc::interrupted, "stopped while a passphrase was asked for");
    }
  }

 private:
  Fd stops_;
  sigset_t before_{};
  int caught_ = 0;
};

class Terminal {
 public:
  Terminal(const std::string& what, const std::string& hint)
      : fd_(::open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY)) {
    if (!fd_.is_open() || ::tcgetattr(fd_.get(), &before_) != 0) {
      throw Error(Errc::usage, format("{} is needed and there is no terminal to ask on", what),
                  hint);
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
    Secret answer = read_line(fd_.get(), "/dev/tty", [&] { signals_.wait_for(fd_.get()); });
    out.write("\n");
    return answer;
  }

 private:
  SignalsHeldBack signals_;  // outlives the silence
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
  Terminal terminal("a passphrase", "give it with --passphrase-fd N or --passphrase-env NAME");
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
  if (source.fd) {
    return read_line(*source.fd, format("file descriptor {}", *source.fd), [] {});
  }
  if (!source.environment.empty()) return from_environment(source.environment);
  return from_terminal(what, purpose);
}

}  // namespace

Secret read_hidden(const std::string& what) {
  Terminal terminal("a value", "give it with --value-file FILE, or - for standard input");
  Secret answer = terminal.ask(format("value for {}: ", what));
  const Secret again = terminal.ask("the same again: ");
  if (answer.view() != again.view()) {
    throw Error(Errc::usage, "the two values differ", "run the command again");
  }
  return answer;
}

Secret read_passphrase(const PassphraseSource& source, const std::string& what, Purpose purpose) {
  Secret answer = read_from(source, what, purpose);
  if (purpose == Purpose::create && answer.bytes().empty()) {
    throw Error(Errc::usage, format("found an empty passphrase for {}, expected some text", what),
                "an empty passphrase protects nothing");
  }
  return answer;
}

}  // namespace sealift::signing
