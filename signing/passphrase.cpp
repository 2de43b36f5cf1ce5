// SPDX-License-Identifier: Apache-2.0
#include "signing/passphrase.hpp"

#include <fcntl.h>
#include <termios.h>
#include <unistd.h>

#include <cstdlib>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/format.hpp"

namespace sealift::signing {

namespace {

constexpr std::size_t kMaxBytes = 1024;

// A line, byte by byte: nothing after it may be taken from a shared descriptor.
Secret read_line(int fd, const std::string& name) {
  std::string line;
  line.reserve(kMaxBytes);  // never moves, so no copy is left behind
  char c = 0;
  while (line.size() < kMaxBytes) {
    const ssize_t count = ::read(fd, &c, 1);
    if (count < 0) throw_errno(name, "read the passphrase");
    if (count == 0 || c == '\n') break;
    line += c;
  }
  return Secret::taken_from(line);
}

class Terminal {
 public:
  Terminal() : fd_(::open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY)) {
    if (!fd_.is_open() || ::tcgetattr(fd_.get(), &before_) != 0) {
      throw Error(Errc::usage, "a passphrase is needed and there is no terminal to ask on",
                  "give it with --passphrase-fd N or --passphrase-env NAME");
    }
    struct termios silent = before_;
    silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    ::tcsetattr(fd_.get(), TCSAFLUSH, &silent);
  }
  ~Terminal() { ::tcsetattr(fd_.get(), TCSAFLUSH, &before_); }

  Secret ask(const std::string& prompt) {
    FdSink out(fd_.get(), "/dev/tty");
    out.write(prompt);
    Secret answer = read_line(fd_.get(), "/dev/tty");
    out.write("\n");
    return answer;
  }

 private:
  Fd fd_;
  struct termios before_ {};
};

}  // namespace

Secret read_passphrase(const PassphraseSource& source, const std::string& what, Purpose purpose) {
  if (source.fd) return read_line(*source.fd, format("file descriptor {}", *source.fd));
  if (!source.environment.empty()) {
    const char* value = std::getenv(source.environment.c_str());
    if (value == nullptr) {
      throw Error(Errc::usage,
                  format("the environment variable {} is not set", source.environment));
    }
    std::string copy = value;
    return Secret::taken_from(copy);
  }
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

}  // namespace sealift::signing
