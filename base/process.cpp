// SPDX-License-Identifier: Apache-2.0
#include "base/process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/format.hpp"

namespace sealift {

namespace {

struct Pipe {
  Fd read_end;
  Fd write_end;
};

Pipe make_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw_errno("pipe", "create");
  return {Fd(ends[0]), Fd(ends[1])};
}

[[noreturn]] void become(const Command& command, const Pipe& in, const Pipe& out, const Pipe& err,
                         const Pipe& failure) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::dup2(in.read_end.get(), 0);
  ::dup2(out.write_end.get(), 1);
  ::dup2(err.write_end.get(), 2);
  const bool entered = command.folder.empty() || ::chdir(command.folder.c_str()) == 0;
  if (entered) {
    std::vector<char*> arguments;
    for (const std::string& argument : command.arguments) {
      arguments.push_back(const_cast<char*>(argument.c_str()));
    }
    arguments.push_back(nullptr);
    ::execvp(arguments[0], arguments.data());
  }
  // A folder that is missing must not be taken for a program that is.
  const int number = !entered && errno == ENOENT ? ENOTDIR : errno;
  [[maybe_unused]] const ssize_t told = ::write(failure.write_end.get(), &number, sizeof number);
  ::_exit(127);
}

void keep(std::string& kept, std::string_view bytes, std::size_t limit) {
  kept.append(bytes.substr(0, limit - std::min(limit, kept.size())));
}

// Moves bytes in and out until both outputs are closed or the time is up; false: the time is up.
bool converse(const Command& command, Pipe& in, Pipe& out, Pipe& err, Outcome& outcome) {
  const auto deadline = std::chrono::steady_clock::now() + command.timeout;
  std::string_view input = command.input;
  if (input.empty()) in.write_end = Fd();
  // A write that waits for a child which itself waits for us to read would never end.
  ::fcntl(in.write_end.get(), F_SETFL, O_NONBLOCK);
  std::array<char, 65536> buffer{};
  while (out.read_end.is_open() || err.read_end.is_open()) {
    std::array<pollfd, 3> polled = {{{in.write_end.get(), POLLOUT, 0},
                                     {out.read_end.get(), POLLIN, 0},
                                     {err.read_end.get(), POLLIN, 0}}};
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        deadline - std::chrono::steady_clock::now());
    if (left.count() <= 0) return false;
    if (::poll(polled.data(), polled.size(), static_cast<int>(left.count())) < 0) continue;
    if (polled[0].revents != 0) {
      const ssize_t count = ::write(in.write_end.get(), input.data(), input.size());
      if (count > 0) input.remove_prefix(static_cast<std::size_t>(count));
      const bool later = count < 0 && (errno == EINTR || errno == EAGAIN);
      if (input.empty() || (count < 0 && !later)) in.write_end = Fd();
    }
    const auto drain = [&](Fd& end, const pollfd& ready, std::string& kept) {
      if (ready.revents == 0) return;
      const ssize_t count = ::read(end.get(), buffer.data(), buffer.size());
      if (count > 0) {
        keep(kept, {buffer.data(), static_cast<std::size_t>(count)}, command.output_limit);
      } else if (count == 0 || errno != EINTR) {
        end = Fd();
      }
    };
    drain(out.read_end, polled[1], outcome.output);
    drain(err.read_end, polled[2], outcome.error_output);
  }
  return true;
}

}  // namespace

std::optional<Outcome> run(const Command& command) {
  Pipe in = make_pipe();
  Pipe out = make_pipe();
  Pipe err = make_pipe();
  Pipe failure = make_pipe();
  const std::string& program = command.arguments.at(0);
  const pid_t child = ::fork();
  if (child < 0) throw_errno(program, "start");
  if (child == 0) become(command, in, out, err, failure);
  in.read_end = Fd();
  out.write_end = Fd();
  err.write_end = Fd();
  failure.write_end = Fd();

  // A child that dies early must not end us with SIGPIPE.
  struct sigaction ignore {};
  struct sigaction before {};
  ignore.sa_handler = SIG_IGN;
  ::sigaction(SIGPIPE, &ignore, &before);
  Outcome outcome{};
  const bool finished = converse(command, in, out, err, outcome);
  ::sigaction(SIGPIPE, &before, nullptr);
  if (!finished) ::kill(child, SIGKILL);
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  int number = 0;
  if (::read(failure.read_end.get(), &number, sizeof number) == sizeof number) {
    if (number == ENOENT) return std::nullopt;
    errno = number;
    throw_errno(program, "start");
  }
  if (!finished) {
    throw Error(Errc::io, format("{}: no end after {} s", program, command.timeout.count()));
  }
  outcome.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return outcome;
}

}  // namespace sealift
