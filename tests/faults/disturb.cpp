// SPDX-License-Identifier: Apache-2.0
// disturb [--log FILE] RULE... -- PROGRAM [ARGUMENT...]
//
// Runs a program, and disturbs chosen system calls of it and of its threads; the programs that it
// starts are left alone. strace can make a call fail; this can also have it do less than it was
// asked for, or nothing while it says that all is done, and works on static programs. A rule:
//
//   CALLS:ACT[:when=N|N+][:in=TEXT]
//
// CALLS are names with commas between, `changing` (all that change something), or `clock` (all
// that ask what time it is). Each rule counts its own calls, of all threads together, from 1.
// when= is one call or all from one on (without it: all); in= takes only calls whose file has
// TEXT in its path. ACT is one of
//
//   count          nothing; for --log
//   kill=before    the program is killed before the call, or after it (kill=after), or after half
//                  of what it was to write (kill=half)
//   error=NAME     the call fails, and does nothing
//   most=BYTES     the call is asked for no more than so many bytes
//   done           the call does nothing, and says 0
//   alter          one bit of what is read or written is turned over
//   by=SECONDS     the clock is so many seconds off
//
// --log: a line "RULE NUMBER NAME BYTES PATH" for each call that a rule counts. It ends as the
// program does, with its exit status or by its signal. Linux on amd64 alone.

#include <elf.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <map>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

namespace {

using Registers = user_regs_struct;
constexpr int kNone = -1;

// How a call is known: what of its arguments is its file, and what is its length.
struct Call {
  const char* name;
  long number;
  int file;      // a descriptor, or kNone
  int path;      // an address of a path, or kNone
  int length;    // bytes that it is asked for, or kNone
  bool changes;  // something outside of the program
};

constexpr Call kCalls[] = {
    {"read", SYS_read, 0, kNone, 2, false},
    {"pread64", SYS_pread64, 0, kNone, 2, false},
    {"write", SYS_write, 0, kNone, 2, true},
    {"pwrite64", SYS_pwrite64, 0, kNone, 2, true},
    {"sendto", SYS_sendto, 0, kNone, 2, true},
    {"recvfrom", SYS_recvfrom, 0, kNone, 2, false},
    {"sendmsg", SYS_sendmsg, 0, kNone, kNone, true},
    {"sendfile", SYS_sendfile, 0, kNone, 3, true},
    {"copy_file_range", SYS_copy_file_range, 2, kNone, 4, true},
    {"fsync", SYS_fsync, 0, kNone, kNone, true},
    {"fdatasync", SYS_fdatasync, 0, kNone, kNone, true},
    {"syncfs", SYS_syncfs, 0, kNone, kNone, true},
    {"ftruncate", SYS_ftruncate, 0, kNone, kNone, true},
    {"fallocate", SYS_fallocate, 0, kNone, kNone, true},
    {"rename", SYS_rename, kNone, 1, kNone, true},
    {"renameat", SYS_renameat, kNone, 3, kNone, true},
    {"renameat2", SYS_renameat2, kNone, 3, kNone, true},
    {"link", SYS_link, kNone, 1, kNone, true},
    {"linkat", SYS_linkat, kNone, 3, kNone, true},
    {"symlink", SYS_symlink, kNone, 1, kNone, true},
    {"symlinkat", SYS_symlinkat, kNone, 2, kNone, true},
    {"unlink", SYS_unlink, kNone, 0, kNone, true},
    {"unlinkat", SYS_unlinkat, kNone, 1, kNone, true},
    {"mkdir", SYS_mkdir, kNone, 0, kNone, true},
    {"mkdirat", SYS_mkdirat, kNone, 1, kNone, true},
    {"rmdir", SYS_rmdir, kNone, 0, kNone, true},
    {"fchmod", SYS_fchmod, 0, kNone, kNone, true},
    {"fchmodat", SYS_fchmodat, kNone, 1, kNone, true},
    {"chmod", SYS_chmod, kNone, 0, kNone, true},
    {"fchown", SYS_fchown, 0, kNone, kNone, true},
    {"utimensat", SYS_utimensat, kNone, 1, kNone, true},
    {"clone", SYS_clone, kNone, kNone, kNone, true},
    {"clone3", SYS_clone3, kNone, kNone, kNone, true},
    {"vfork", SYS_vfork, kNone, kNone, kNone, true},
    {"wait4", SYS_wait4, kNone, kNone, kNone, true},
    {"kill", SYS_kill, kNone, kNone, kNone, true},
    {"clock_gettime", SYS_clock_gettime, kNone, kNone, kNone, false},
    {"gettimeofday", SYS_gettimeofday, kNone, kNone, kNone, false},
    {"time", SYS_time, kNone, kNone, kNone, false},
};

constexpr struct {
  const char* name;
  int number;
} kErrors[] = {{"EIO", EIO},     {"ENOSPC", ENOSPC}, {"EROFS", EROFS},   {"EDQUOT", EDQUOT},
               {"EINTR", EINTR}, {"EAGAIN", EAGAIN}, {"EACCES", EACCES}, {"ENOMEM", ENOMEM}};

enum class Act { count, kill_before, kill_after, kill_half, fail, most, done, alter, clock };

struct Rule {
  std::string calls;
  Act act = Act::count;
  long number = 0;  // of the error, of bytes, of seconds
  unsigned long first = 1, last = ULONG_MAX;
  std::string in;
  unsigned long counted = 0;
};

// What is done when the call is over that a thread is in.
struct Pending {
  const Call* call = nullptr;
  std::optional<Act> act;
  long number = 0;
  std::optional<unsigned long long> length;  // what the program had asked for
};

[[noreturn]] void refuse(const std::string& what) {
  std::fprintf(stderr, "disturb: %s\n", what.c_str());
  std::exit(125);
}

long to_number(const std::string& text) {
  char* end = nullptr;
  const long number = std::strtol(text.c_str(), &end, 10);
  if (text.empty() || *end != '\0') refuse("found \"" + text + "\", expected a number");
  return number;
}

void read_act(const std::string& word, const std::string& value, Rule& rule) {
  if (word == "count") return;
  if (word == "kill" && value == "before") {
    rule.act = Act::kill_before;
  } else if (word == "kill" && value == "after") {
    rule.act = Act::kill_after;
  } else if (word == "kill" && value == "half") {
    rule.act = Act::kill_half;
  } else if (word == "error") {
    rule.act = Act::fail;
    for (const auto& error : kErrors) {
      if (value == error.name) rule.number = error.number;
    }
    if (rule.number == 0) refuse("unknown error " + value);
  } else if (word == "most") {
    rule.act = Act::most;
    rule.number = to_number(value);
  } else if (word == "done") {
    rule.act = Act::done;
  } else if (word == "alter") {
    rule.act = Act::alter;
  } else if (word == "by") {
    rule.act = Act::clock;
    rule.number = to_number(value);
  } else {
    refuse("unknown act " + word + "=" + value);
  }
}

Rule read_rule(const std::string& text) {
  Rule rule;
  std::istringstream words(text);
  std::getline(words, rule.calls, ':');
  rule.calls = "," + rule.calls + ",";
  for (std::string word; std::getline(words, word, ':');) {
    const std::size_t equals = std::min(word.find('='), word.size());
    const std::string value = equals == word.size() ? "" : word.substr(equals + 1);
    word.resize(equals);
    if (word == "when") {
      const bool onward = value.ends_with('+');
      rule.first = static_cast<unsigned long>(to_number(value.substr(0, value.size() - onward)));
      rule.last = onward ? ULONG_MAX : rule.first;
    } else if (word == "in") {
      rule.in = value;
    } else {
      read_act(word, value, rule);
    }
  }
  return rule;
}

unsigned long long& argument(Registers& registers, int number) {
  unsigned long long* const all[] = {&registers.rdi, &registers.rsi, &registers.rdx,
                                     &registers.r10, &registers.r8,  &registers.r9};
  return *all[number];
}

enum class Copy { from, to };

bool copy(pid_t thread, Copy direction, unsigned long long address, void* data, std::size_t size) {
  iovec here{data, size};
  iovec there{reinterpret_cast<void*>(address), size};
  const auto move = direction == Copy::from ? process_vm_readv : process_vm_writev;
  return move(thread, &here, 1, &there, 1, 0) == static_cast<ssize_t>(size);
}

std::string path_of(pid_t thread, const Call& call, Registers& registers) {
  char text[PATH_MAX] = "";
  if (call.file != kNone) {
    const int descriptor = static_cast<int>(argument(registers, call.file));
    const std::string link =
        "/proc/" + std::to_string(thread) + "/fd/" + std::to_string(descriptor);
    const ssize_t size = readlink(link.c_str(), text, sizeof text - 1);
    return {text, size < 0 ? 0 : static_cast<std::size_t>(size)};
  }
  if (call.path == kNone) return "";
  const unsigned long long address = argument(registers, call.path);
  for (std::size_t n = 0; n + 1 < sizeof text; ++n) {
    if (!copy(thread, Copy::from, address + n, text + n, 1) || text[n] == '\0') break;
  }
  return text;
}

// The time of the wall, which may be asked for in three ways.
bool asks_for_the_time(const Call& call, Registers& registers) {
  if (call.number == SYS_gettimeofday || call.number == SYS_time) return true;
  return call.number == SYS_clock_gettime &&
         (registers.rdi == CLOCK_REALTIME || registers.rdi == CLOCK_REALTIME_COARSE ||
          registers.rdi == CLOCK_TAI);
}

bool is_of(const Rule& rule, const Call& call, Registers& registers) {
  if (rule.calls == ",clock,") return asks_for_the_time(call, registers);
  if (rule.calls == ",changing,") return call.changes;
  return rule.calls.find("," + std::string(call.name) + ",") != std::string::npos;
}

class Tracer {
 public:
  Tracer(std::vector<Rule> rules, std::FILE* log) : rules_(std::move(rules)), log_(log) {}

  // The status of waitpid() with which the program ended.
  int run(pid_t program) {
    program_ = program;
    for (;;) {
      int status = 0;
      const pid_t thread = waitpid(-1, &status, __WALL);
      if (thread < 0) refuse("waitpid: " + std::string(std::strerror(errno)));
      if (WIFEXITED(status) || WIFSIGNALED(status)) {
        pending_.erase(thread);
        if (thread == program_) return status;
        continue;
      }
      ptrace(PTRACE_SYSCALL, thread, 0, signal_to_deliver(thread, status));
    }
  }

 private:
  long signal_to_deliver(pid_t thread, int status) {
    const int signal = WSTOPSIG(status);
    if (signal == (SIGTRAP | 0x80)) {
      __ptrace_syscall_info info{};
      ptrace(PTRACE_GET_SYSCALL_INFO, thread, sizeof info, &info);
      if (info.op == PTRACE_SYSCALL_INFO_ENTRY) {
        enter(thread, pending_[thread] = {});
      } else if (info.op == PTRACE_SYSCALL_INFO_EXIT) {
        leave(thread, pending_[thread]);
      }
      return 0;
    }
    if (signal == SIGTRAP) {
      if (status >> 8 == (SIGTRAP | (PTRACE_EVENT_EXEC << 8))) hide_vdso(thread);
      return 0;
    }
    return signal == SIGSTOP ? 0 : signal;  // with which a new thread begins
  }

  // The kernel's own code in the program tells the time without a call: the program is not told
  // where it is, so that it calls.
  void hide_vdso(pid_t thread) {
    Registers registers{};
    ptrace(PTRACE_GETREGS, thread, 0, &registers);
    unsigned long long at = registers.rsp;
    const auto next = [&] {
      unsigned long long word = 0;
      copy(thread, Copy::from, at, &word, sizeof word);
      at += sizeof word;
      return word;
    };
    for (unsigned long long count = next(); count != 0; --count) next();  // arguments
    next();
    while (next() != 0) continue;  // the environment
    for (unsigned long long type = next(); type != AT_NULL; type = next()) {
      if (type == AT_SYSINFO_EHDR) {
        unsigned long long ignored = AT_IGNORE;
        copy(thread, Copy::to, at - sizeof ignored, &ignored, sizeof ignored);
      }
      next();
    }
  }

  void enter(pid_t thread, Pending& pending) {
    Registers registers{};
    ptrace(PTRACE_GETREGS, thread, 0, &registers);
    const auto number = static_cast<long>(registers.orig_rax);
    const auto* const call = std::find_if(std::begin(kCalls), std::end(kCalls),
                                          [&](const Call& each) { return each.number == number; });
    if (call == std::end(kCalls)) return;
    pending.call = call;
    for (Rule& rule : rules_) {
      if (is_of(rule, *call, registers)) consider(thread, rule, registers, pending);
    }
  }

  void consider(pid_t thread, Rule& rule, Registers& registers, Pending& pending) {
    const Call& call = *pending.call;
    if (!rule.in.empty() || log_ != nullptr) {
      const std::string path = path_of(thread, call, registers);
      if (path.find(rule.in) == std::string::npos) return;
      if (log_ != nullptr) {
        std::fprintf(log_, "%td %lu %s %llu %s\n", &rule - rules_.data(), rule.counted + 1,
                     call.name, call.length == kNone ? 0 : argument(registers, call.length),
                     path.c_str());
      }
    }
    ++rule.counted;
    if (rule.counted < rule.first || rule.counted > rule.last) return;
    if (rule.act == Act::count) return;
    pending.act = rule.act;
    pending.number = rule.number;
    if (rule.act == Act::kill_before || rule.act == Act::fail || rule.act == Act::done) {
      registers.orig_rax = static_cast<unsigned long long>(-1);
    } else if (rule.act == Act::most && call.length != kNone) {
      unsigned long long& length = argument(registers, call.length);
      pending.length = length;
      length = std::min(length, static_cast<unsigned long long>(rule.number));
    } else if (rule.act == Act::kill_half && call.length != kNone) {
      argument(registers, call.length) /= 2;
    } else if (rule.act == Act::alter && call.changes) {
      turn_a_bit(thread, registers.rsi + registers.rdx / 2);
    }
    ptrace(PTRACE_SETREGS, thread, 0, &registers);
    if (rule.act == Act::kill_before) kill(program_, SIGKILL);
  }

  void leave(pid_t thread, const Pending& pending) {
    if (!pending.act) return;
    Registers registers{};
    ptrace(PTRACE_GETREGS, thread, 0, &registers);
    const auto result = static_cast<long>(registers.rax);
    switch (*pending.act) {
      case Act::kill_after:
      case Act::kill_half:
        kill(program_, SIGKILL);
        return;
      case Act::fail:
        registers.rax = static_cast<unsigned long long>(-pending.number);
        break;
      case Act::done:
        registers.rax = 0;
        break;
      case Act::most:  // a program may rely on it that a call leaves its arguments alone
        if (pending.length) argument(registers, pending.call->length) = *pending.length;
        break;
      case Act::alter:  // of what was written only the file keeps it
        if (pending.call->changes) turn_a_bit(thread, registers.rsi + registers.rdx / 2);
        if (!pending.call->changes && result > 0)
          turn_a_bit(thread, registers.rsi + registers.rax / 2);
        return;
      case Act::clock:
        turn_the_clock(thread, *pending.call, registers, pending.number);
        break;
      default:
        return;
    }
    ptrace(PTRACE_SETREGS, thread, 0, &registers);
  }

  static void turn_a_bit(pid_t thread, unsigned long long address) {
    unsigned char byte = 0;
    copy(thread, Copy::from, address, &byte, 1);
    byte ^= 1;
    copy(thread, Copy::to, address, &byte, 1);
  }

  // Seconds come first in whatever the time is written to.
  static void turn_the_clock(pid_t thread, const Call& call, Registers& registers, long by) {
    const bool is_time = call.number == SYS_time;
    if (is_time) registers.rax += static_cast<unsigned long long>(by);
    const unsigned long long address =
        call.number == SYS_clock_gettime ? registers.rsi : registers.rdi;
    long seconds = 0;
    if (address == 0 || !copy(thread, Copy::from, address, &seconds, sizeof seconds)) return;
    seconds += by;
    copy(thread, Copy::to, address, &seconds, sizeof seconds);
  }

  std::vector<Rule> rules_;
  std::FILE* log_;
  pid_t program_ = 0;
  std::map<pid_t, Pending> pending_;
};

pid_t start(char** command) {
  const pid_t program = fork();
  if (program == 0) {
    ptrace(PTRACE_TRACEME, 0, 0, 0);
    raise(SIGSTOP);
    execvp(command[0], command);
    refuse(std::string(command[0]) + ": " + std::strerror(errno));
  }
  int status = 0;
  waitpid(program, &status, 0);
  ptrace(PTRACE_SETOPTIONS, program, 0,
         PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL);
  ptrace(PTRACE_SYSCALL, program, 0, 0);
  return program;
}

}  // namespace

int main(int count, char** words) {
  std::vector<Rule> rules;
  std::FILE* log = nullptr;
  int at = 1;
  for (; at < count && std::string(words[at]) != "--"; ++at) {
    if (std::string(words[at]) == "--log" && at + 1 < count) {
      log = std::fopen(words[++at], "we");
      if (log == nullptr) refuse(std::string(words[at]) + ": " + std::strerror(errno));
    } else {
      rules.push_back(read_rule(words[at]));
    }
  }
  if (at + 1 >= count) refuse("usage: disturb [--log FILE] RULE... -- PROGRAM [ARGUMENT...]");
  const int status = Tracer(std::move(rules), log).run(start(words + at + 1));
  if (log != nullptr) std::fclose(log);
  if (!WIFSIGNALED(status)) return WEXITSTATUS(status);
  const rlimit none{};
  setrlimit(RLIMIT_CORE, &none);
  signal(WTERMSIG(status), SIG_DFL);
  raise(WTERMSIG(status));
  return 128 + WTERMSIG(status);
}
