// SPDX-License-Identifier: Apache-2.0
#include "base/process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <thread>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/format.hpp"
#include "base/path.hpp"
#include "base/program_file.hpp"
#include "base/startup.hpp"
#include "base/text.hpp"

namespace sealift {

namespace {

// A message is read by a person: the rest is in the program's own log.
constexpr std::size_t kSaid = 1000;  // bytes of what a program says that are passed on

struct Pipe {
  Fd read_end;
  Fd write_end;
};

// Closed in every program that is started meanwhile by another thread.
Pipe make_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw_errno("pipe", "create");
  return {Fd(ends[0]), Fd(ends[1])};
}

std::vector<char*> pointers(const std::vector<std::string>& arguments) {
  std::vector<char*> result;
  result.reserve(arguments.size() + 1);
  for (const std::string& argument : arguments) {
    result.push_back(const_cast<char*>(argument.c_str()));
  }
  result.push_back(nullptr);
  return result;
}

// In the child. That exec has failed, and why, goes through a pipe that a good exec closes.
[[noreturn]] void become(const Command& command, pid_t parent, const Pipe& in, const Pipe& out,
                         const Pipe& err, const Pipe& failure) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(127);  // it died before it could be said
  ::dup2(in.read_end.get(), 0);
  ::dup2(out.write_end.get(), 1);
  ::dup2(err.write_end.get(), 2);
  prepare_child();
  const bool is_bounded =
      command.privileges == Privileges::keep || ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0;
  const bool entered =
      is_bounded && (command.folder.empty() || ::chdir(command.folder.c_str()) == 0);
  if (command.inherit == Inherit::nothing) {
    ::clearenv();
    ::setpgid(0, 0);
  }
  for (const auto& [name, value] : command.environment) {
    ::setenv(name.c_str(), value.c_str(), 1);
  }
  if (entered) {
    std::vector<char*> arguments = pointers(command.arguments);
    ::execvp(arguments[0], arguments.data());
  }
  // A folder that is missing must not be taken for a program that is.
  const int number = !entered && errno == ENOENT ? ENOTDIR : errno;
  [[maybe_unused]] const ssize_t told = ::write(failure.write_end.get(), &number, sizeof number);
  ::_exit(127);
}

using Keep = void(std::string& kept, std::string_view bytes, std::size_t limit);

void keep(std::string& kept, std::string_view bytes, std::size_t limit) {
  kept.append(bytes.substr(0, limit - std::min(limit, kept.size())));
}

// The end: what a program says last is why it ended.
void keep_end(std::string& kept, std::string_view bytes, std::size_t limit) {
  kept.append(bytes);
  if (kept.size() > 2 * limit) kept.erase(0, kept.size() - limit);
}

// Reads once what a program says, and closes what is at its end; how many bytes it was.
int drain(Fd& end, std::string& kept, Keep* keep_some, std::size_t limit) {
  std::array<char, 65536> buffer{};
  const ssize_t count = ::read(end.get(), buffer.data(), buffer.size());
  if (count > 0) keep_some(kept, {buffer.data(), static_cast<std::size_t>(count)}, limit);
  if (count == 0 || (count < 0 && errno != EINTR)) end = Fd();
  return std::max(static_cast<int>(count), 0);
}

// What a child that has ended said is in its pipe by then: exactly that is read, for others may
// have the pipe open and go on.
void drain_rest(Fd& end, std::string& kept, Keep* keep_some, std::size_t limit) {
  int left = 0;
  if (end.is_open()) ::ioctl(end.get(), FIONREAD, &left);
  while (left > 0 && end.is_open()) left -= drain(end, kept, keep_some, limit);
  end = Fd();
}

// write() to a pipe whose reader may be gone, without SIGPIPE.
ssize_t write_quietly(int fd, std::string_view bytes) {
  sigset_t pipe_signal;
  sigset_t before;
  ::sigemptyset(&pipe_signal);
  ::sigaddset(&pipe_signal, SIGPIPE);
  ::pthread_sigmask(SIG_BLOCK, &pipe_signal, &before);
  const ssize_t count = ::write(fd, bytes.data(), bytes.size());
  const int number = errno;
  if (count < 0 && number == EPIPE) {
    const timespec now{};
    ::sigtimedwait(&pipe_signal, nullptr, &now);
  }
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  errno = number;
  return count;
}

using Moment = std::chrono::steady_clock::time_point;

// Its status can still be asked for.
bool has_ended(pid_t child) {
  siginfo_t info{};
  return ::waitid(P_PID, static_cast<id_t>(child), &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
         info.si_pid != 0;
}

// A child may end while what it has started keeps its streams open: a service that it brought up,
// say. So it is looked for in between.
constexpr std::chrono::milliseconds kLook{50};

// How long to wait for streams, at most until `deadline`.
int time_to_poll(Moment deadline) {
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
      deadline - std::chrono::steady_clock::now());
  return static_cast<int>(std::clamp(left, std::chrono::milliseconds(0), kLook).count());
}

// Whether a child has ended by then: one may close its streams and go on.
bool ends_by(pid_t child, Moment deadline) {
  constexpr std::chrono::microseconds kLongest{50'000};
  for (std::chrono::microseconds pause{100};; pause = std::min(2 * pause, kLongest)) {
    if (has_ended(child)) return true;
    if (std::chrono::steady_clock::now() >= deadline) return false;
    std::this_thread::sleep_for(pause);
  }
}

// A program that was started, and the other ends of its streams.
struct Started {
  pid_t child;
  Pipe in;
  Pipe out;
  Pipe err;
  Pipe failure;
};

// Moves bytes in and out until both outputs are closed, or the child has ended, or the time is up;
// false: the time is up.
bool converse(const Command& command, Moment deadline, Started& started, Outcome& outcome) {
  auto& [child, in, out, err, failure] = started;
  const std::size_t limit = command.output_limit;
  std::string_view input = command.input;
  if (input.empty()) in.write_end = Fd();
  // A write that waits for a child which itself waits for us to read would never end.
  ::fcntl(in.write_end.get(), F_SETFL, O_NONBLOCK);
  while (out.read_end.is_open() || err.read_end.is_open()) {
    std::array<pollfd, 3> polled = {{{in.write_end.get(), POLLOUT, 0},
                                     {out.read_end.get(), POLLIN, 0},
                                     {err.read_end.get(), POLLIN, 0}}};
    if (std::chrono::steady_clock::now() >= deadline) return false;
    if (has_ended(child)) {
      drain_rest(out.read_end, outcome.output, keep, limit);
      drain_rest(err.read_end, outcome.error_output, keep_end, limit);
      return true;
    }
    if (::poll(polled.data(), polled.size(), time_to_poll(deadline)) < 0) continue;
    if (polled[0].revents != 0) {
      const ssize_t count = write_quietly(in.write_end.get(), input);
      if (count > 0) input.remove_prefix(static_cast<std::size_t>(count));
      const bool later = count < 0 && (errno == EINTR || errno == EAGAIN);
      if (input.empty() || (count < 0 && !later)) in.write_end = Fd();
    }
    if (polled[1].revents != 0) drain(out.read_end, outcome.output, keep, limit);
    if (polled[2].revents != 0) drain(err.read_end, outcome.error_output, keep_end, limit);
  }
  return true;
}

Started start(const Command& command) {
  Started started{0, make_pipe(), make_pipe(), make_pipe(), make_pipe()};
  const pid_t parent = ::getpid();
  started.child = ::fork();
  if (started.child < 0) throw_errno(command.arguments.at(0), "start");
  if (started.child == 0) {
    become(command, parent, started.in, started.out, started.err, started.failure);
  }
  started.in.read_end = Fd();
  started.out.write_end = Fd();
  started.err.write_end = Fd();
  started.failure.write_end = Fd();
  return started;
}

// Where a program is looked for. A command's own environment comes before ours, as execvp() sees
// it.
std::string search_path_of(const std::vector<std::pair<std::string, std::string>>& environment) {
  for (const auto& [name, value] : environment) {
    if (name == "PATH") return value;
  }
  const char* path = std::getenv("PATH");
  return path == nullptr ? "/bin:/usr/bin" : path;
}

// One error of execve() has several causes; empty: the program is not there, or nothing is known.
std::string why_not_started(const Command& command) {
  const std::string& name = command.arguments.at(0);
  const std::string search_path = search_path_of(command.environment);
  const bool has_place = name.find('/') != name.npos;
  const fs::path program =
      has_place ? fs::path(command.folder) / name : find_program(name, search_path);
  if (program.empty() || !entry_exists(program)) return "";
  return program_obstacle(program, search_path);
}

// Waits for the end; Outcome::status. Nothing where the program does not exist. The number in the
// pipe is errno of the exec; none came where it went well.
std::optional<int> wait_for(Started& started, const Command& command) {
  int status = 0;
  while (::waitpid(started.child, &status, 0) < 0 && errno == EINTR) {
  }
  started.child = 0;
  int number = 0;
  if (::read(started.failure.read_end.get(), &number, sizeof number) == sizeof number) {
    const std::string why = why_not_started(command);
    if (!why.empty()) {
      throw Error(Errc::io, format("{}: cannot be started: it {}", command.arguments.at(0), why));
    }
    if (number == ENOENT) return std::nullopt;
    errno = number;
    throw_errno(command.arguments.at(0), "start");
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace

std::string said(const Outcome& outcome) {
  const std::string line = on_one_line(outcome.error_output + outcome.output);
  return line.empty() ? "and said nothing" : printable(line, kSaid);
}

std::optional<Outcome> run(const Command& command) {
  Started started = start(command);
  Outcome outcome{};
  const Moment deadline = std::chrono::steady_clock::now() + command.timeout;
  const bool finished =
      converse(command, deadline, started, outcome) && ends_by(started.child, deadline);
  if (!finished) ::kill(started.child, SIGKILL);
  // Its children hold what it said open, and nobody waits for them.
  if (!finished && command.inherit == Inherit::nothing) ::kill(-started.child, SIGKILL);
  const std::optional<int> status = wait_for(started, command);
  if (!status) return std::nullopt;
  if (!finished) {
    throw Error(Errc::io,
                format("{}: no end after {} s", command.arguments.at(0), command.timeout.count()));
  }
  outcome.status = *status;
  return outcome;
}

// What the program says is read all the time: one that waits for us to read would never read from
// us.
struct ProgramSink::Running {
  enum class Until { can_write, can_read, closed };

  explicit Running(const Command& what) : command(what), started(start(what)) {
    ::fcntl(started.in.write_end.get(), F_SETFL, O_NONBLOCK);
  }
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;
  ~Running() {
    if (started.child == 0) return;
    ::kill(started.child, SIGKILL);
    while (::waitpid(started.child, nullptr, 0) < 0 && errno == EINTR) {
    }
  }

  // Waits for what is asked for and keeps what the program says meanwhile. Output is left in its
  // pipe where it is what is waited for. The outputs of a child that has ended count as closed once
  // they are empty.
  void wait(Until until) {
    const std::size_t limit = command.output_limit;
    Moment idle = std::chrono::steady_clock::now() + command.timeout;
    while (started.out.read_end.is_open() || started.err.read_end.is_open() ||
           until == Until::can_write) {
      std::array<pollfd, 3> polled = {
          {{until == Until::can_write ? started.in.write_end.get() : -1, POLLOUT, 0},
           {started.out.read_end.get(), POLLIN, 0},
           {started.err.read_end.get(), POLLIN, 0}}};
      const bool is_over = until != Until::can_write && has_ended(started.child);
      const int ready = ::poll(polled.data(), polled.size(), is_over ? 0 : time_to_poll(idle));
      if (ready < 0 && errno == EINTR) continue;
      if (is_over && (ready == 0 || until == Until::closed)) {
        drain_rest(started.out.read_end, outcome.output, keep, limit);
        drain_rest(started.err.read_end, outcome.error_output, keep_end, limit);
        return;
      }
      if (ready == 0) {
        if (std::chrono::steady_clock::now() >= idle) refuse_idle();
        continue;
      }
      idle = std::chrono::steady_clock::now() + command.timeout;
      if (polled[2].revents != 0)
        drain(started.err.read_end, outcome.error_output, keep_end, limit);
      if (until == Until::can_read) {
        if (polled[1].revents != 0) return;
      } else if (polled[1].revents != 0) {
        drain(started.out.read_end, outcome.output, keep, limit);
      }
      if (polled[0].revents != 0) return;
    }
  }

  [[noreturn]] void refuse_idle() const {
    throw Error(Errc::io, format("{}: did nothing for {} s", command.arguments.at(0),
                                 command.timeout.count()));
  }

  Outcome finish() {
    started.in.write_end = Fd();
    wait(Until::closed);
    if (!ends_by(started.child, std::chrono::steady_clock::now() + command.timeout)) refuse_idle();
    const std::optional<int> status = wait_for(started, command);
    if (!status) {
      throw Error(Errc::io, format("the program {} was not found", command.arguments.at(0)),
                  "install it, or correct its name");
    }
    outcome.status = *status;
    return std::move(outcome);
  }

  Command command;
  Started started;
  Outcome outcome{};
};

ProgramSink::ProgramSink(const Command& command) : running_(std::make_unique<Running>(command)) {}
ProgramSink::~ProgramSink() = default;

bool ProgramSink::offer(std::string_view bytes) {
  Running& running = *running_;
  while (!bytes.empty()) {
    running.wait(Running::Until::can_write);
    const ssize_t count = write_quietly(running.started.in.write_end.get(), bytes);
    if (count > 0) {
      bytes.remove_prefix(static_cast<std::size_t>(count));
    } else if (errno != EINTR && errno != EAGAIN) {
      return false;
    }
  }
  return true;
}

void ProgramSink::write(std::string_view bytes) {
  if (offer(bytes)) return;
  const Outcome outcome = running_->finish();
  throw Error(Errc::io, format("{}: ended with status {} before it had read everything: {}",
                               running_->command.arguments.at(0), outcome.status,
                               printable(outcome.error_output, 400)));
}

Outcome ProgramSink::finish() {
  return running_->finish();
}

ProgramSource::ProgramSource(const Command& command)
    : running_(std::make_unique<ProgramSink::Running>(command)) {
  running_->started.in.write_end = Fd();
}
ProgramSource::~ProgramSource() = default;

std::size_t ProgramSource::read(std::span<char> into) {
  ProgramSink::Running& running = *running_;
  while (running.started.out.read_end.is_open()) {
    running.wait(ProgramSink::Running::Until::can_read);
    if (!running.started.out.read_end.is_open()) break;
    const ssize_t count = ::read(running.started.out.read_end.get(), into.data(), into.size());
    if (count > 0) return static_cast<std::size_t>(count);
    if (count < 0 && errno != EINTR) throw_errno(running.command.arguments.at(0), "read from");
    if (count == 0) running.started.out.read_end = Fd();
  }
  return 0;
}

Outcome ProgramSource::finish() {
  return running_->finish();
}

bool is_program(const std::string& program) {
  return !find_program(program, search_path_of({})).empty();
}

// Signals that were held back here are the program's again.
int run_in_foreground(const std::vector<std::string>& arguments) {
  std::vector<char*> words = pointers(arguments);
  const pid_t child = ::fork();
  if (child < 0) throw_errno(arguments.at(0), "start");
  if (child == 0) {
    sigset_t none;
    ::sigemptyset(&none);
    ::pthread_sigmask(SIG_SETMASK, &none, nullptr);
    prepare_child();
    ::execvp(words[0], words.data());
    ::_exit(127);
  }
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace sealift
