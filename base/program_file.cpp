// SPDX-License-Identifier: Apache-2.0
#include "base/program_file.hpp"

#include <elf.h>
#include <sys/statvfs.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>

#include "base/characters.hpp"
#include "base/error.hpp"
#include "base/format.hpp"
#include "base/path.hpp"
#include "base/text.hpp"

namespace sealift {

namespace {

constexpr std::size_t kElfHead = 4096;  // holds the program headers of every usual program
constexpr int kMaxInterpreters = 4;     // a script whose interpreter is a script, and so on

struct Machine {
  std::uint16_t number;
  std::string_view name;
};
constexpr std::array kMachines = {Machine{EM_X86_64, "amd64"},  Machine{EM_AARCH64, "arm64"},
                                  Machine{EM_386, "386"},       Machine{EM_ARM, "arm"},
                                  Machine{EM_RISCV, "riscv64"}, Machine{EM_PPC64, "ppc64"},
                                  Machine{EM_S390, "s390x"},    Machine{EM_LOONGARCH, "loong64"}};

constexpr std::string_view kBlanks = " \t";

// "#!INTERPRETER ARGUMENT", as the kernel takes it apart.
struct FirstLine {
  std::string interpreter;
  std::string argument;
};

std::string_view first_line(std::string_view head) {
  return head.substr(0, head.find('\n'));
}

// Everything behind the interpreter is one argument (execve(2), "Interpreter scripts").
FirstLine read_first_line(std::string_view head) {
  if (!head.starts_with("#!")) return {};
  const std::string_view line = trimmed(first_line(head).substr(2));
  const std::size_t end = std::min(line.find_first_of(kBlanks), line.size());
  return {.interpreter = std::string(line.substr(0, end)),
          .argument = std::string(trimmed(line.substr(end)))};
}

bool is_elf(std::string_view head) {
  return head.size() >= EI_NIDENT + 4 && head.starts_with(ELFMAG);
}

// 0 where the bytes end before: a head may be cut anywhere.
std::uint64_t number_at(std::string_view bytes, std::size_t offset, std::size_t size,
                        bool is_big_endian) {
  std::uint64_t number = 0;
  for (std::size_t i = 0; i < size; ++i) {
    const std::size_t at = offset + (is_big_endian ? i : size - 1 - i);
    if (at >= bytes.size()) return 0;
    number = number << 8 | static_cast<unsigned char>(bytes[at]);
  }
  return number;
}

std::uint16_t machine_number(std::string_view head) {
  const bool is_big_endian = head[EI_DATA] == ELFDATA2MSB;
  return static_cast<std::uint16_t>(
      number_at(head, offsetof(Elf64_Ehdr, e_machine), 2, is_big_endian));
}

std::string machine_name(std::uint16_t number) {
  for (const Machine& machine : kMachines) {
    if (machine.number == number) return std::string(machine.name);
  }
  return format("machine {}", number);
}

// The dynamic loader that a program of this host's word size asks for; empty: none.
std::string loader_of(std::string_view head) {
  if (head.size() < sizeof(Elf64_Ehdr) || head[EI_CLASS] != ELFCLASS64 ||
      head[EI_DATA] != ELFDATA2LSB) {
    return "";
  }
  const auto field = [&](std::size_t offset, std::size_t size) {
    return number_at(head, offset, size, false);
  };
  const std::uint64_t table = field(offsetof(Elf64_Ehdr, e_phoff), 8);
  const std::uint64_t count = field(offsetof(Elf64_Ehdr, e_phnum), 2);
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::uint64_t row = table + i * sizeof(Elf64_Phdr);
    if (row > head.size() || field(row, 4) != PT_INTERP) continue;
    const std::uint64_t offset = field(row + offsetof(Elf64_Phdr, p_offset), 8);
    const std::uint64_t size = field(row + offsetof(Elf64_Phdr, p_filesz), 8);
    if (size == 0 || offset >= head.size() || size > head.size() - offset) return "";
    return std::string(head.substr(offset, size - 1));
  }
  return "";
}

// Whether the kernel was told of programs for other machines or systems, as by qemu-user.
bool has_foreign_formats() {
  try {
    const std::vector<Entry> formats = Dir::open("/proc/sys/fs/binfmt_misc").entries();
    return std::any_of(formats.begin(), formats.end(), [](const Entry& entry) {
      return entry.name != "register" && entry.name != "status";
    });
  } catch (const Error&) {
    return false;  // not mounted
  }
}

// Machines of both word sizes; of other hosts nothing is known.
bool runs_here(std::uint16_t machine) {
  struct utsname host {};
  ::uname(&host);
  const std::string_view name = host.machine;
  if (name == "x86_64") return machine == EM_X86_64 || machine == EM_386;
  if (name == "aarch64") return machine == EM_AARCH64 || machine == EM_ARM;
  return true;
}

// What env(1) is asked to start; empty: that cannot be told.
std::string program_of_env(std::string_view argument) {
  if (!argument.starts_with('-')) return std::string(argument);
  if (!argument.starts_with("-S")) return "";
  if (argument.find_first_of("\"'\\$") != argument.npos) return "";
  argument.remove_prefix(2);
  while (true) {
    argument = trimmed(argument);
    std::string word(argument.substr(0, argument.find_first_of(kBlanks)));
    if (word.starts_with('-')) return "";
    if (word.find('=') == word.npos) return word;
    argument.remove_prefix(word.size());
  }
}

// The beginning of a file; empty where it may be started but not read.
std::string head_of(const fs::path& program) {
  try {
    const Fd file = open_for_reading(program);
    std::string head(kElfHead, '\0');
    head.resize(read_at(file.get(), 0, head, program.string()));
    return head;
  } catch (const Error&) {
    return "";
  }
}

std::string entry_obstacle(const fs::path& program) {
  const std::optional<struct stat> status = status_of(program);
  if (!status) return "is not there";
  if (!S_ISREG(status->st_mode)) return format("is {}, expected a file", kind_of(*status));
  if (::access(program.c_str(), X_OK) == 0) return "";
  if (is_noexec(program)) {
    return "lies on a file system that is mounted noexec, from which no program starts";
  }
  return (status->st_mode & 0111U) == 0 ? "is not executable" : "may not be started by this user";
}

// By this user: access(2) asks as exec would.
bool is_startable(const fs::path& program) {
  if (::access(program.c_str(), X_OK) != 0) return false;
  const std::optional<struct stat> status = status_of(program);
  return status && S_ISREG(status->st_mode);
}

// ENOENT from exec may mean the program, its interpreter or its loader: here it is told which.
std::string obstacle_at(const fs::path& program, std::string_view search_path, int depth) {
  if (std::string found = entry_obstacle(program); !found.empty()) return found;
  const std::string head = head_of(program);
  if (std::string flaw = program_flaw(head); !flaw.empty()) return flaw;
  if (is_elf(head)) {
    const std::uint16_t machine = machine_number(head);
    if (!runs_here(machine) && !has_foreign_formats()) {
      return format("is a program for {}, which this host is not", machine_name(machine));
    }
    const std::string loader = loader_of(head);
    return loader.empty() || path_exists(loader)
               ? ""
               : format(
                     "asks for the loader {}, which is not there: it was made for another C "
                     "library",
                     printable(loader, 200));
  }
  const FirstLine line = read_first_line(head);
  if (line.interpreter.empty() || depth == kMaxInterpreters) return "";
  const fs::path interpreter = program.parent_path() / line.interpreter;
  const bool is_known = line.interpreter.front() == '/';  // else the working directory decides
  if (is_known) {
    const std::string found = obstacle_at(interpreter, search_path, depth + 1);
    if (!found.empty()) {
      return format("asks for the interpreter {}, which {}", printable(line.interpreter, 200),
                    found);
    }
  }
  if (interpreter.filename() != "env") return "";
  const std::string wanted = program_of_env(line.argument);
  if (wanted.empty() || !find_program(wanted, search_path).empty()) return "";
  return format("asks for the interpreter {}, which was not found in {}", printable(wanted, 200),
                search_path);
}

}  // namespace

std::string program_flaw(std::string_view head) {
  if (head.starts_with(kByteOrderMark) && head.substr(kByteOrderMark.size()).starts_with("#!")) {
    return "begins with a byte order mark, so its first line names no interpreter";
  }
  if (head.starts_with("#!") && first_line(head).ends_with('\r')) {
    return "has a first line that ends in CRLF, so its interpreter is not found";
  }
  constexpr std::array<std::string_view, 3> kMachO = {"\xCF\xFA\xED\xFE", "\xCE\xFA\xED\xFE",
                                                      "\xCA\xFE\xBA\xBE"};
  if (std::any_of(kMachO.begin(), kMachO.end(),
                  [&](std::string_view magic) { return head.starts_with(magic); })) {
    return "is a program of macOS";
  }
  if (head.starts_with("MZ") && head.find('\0') != head.npos) return "is a program of Windows";
  return "";
}

std::string flaw_hint(std::string_view head) {
  if (head.starts_with("#!")) {
    return "save it with the line ends of Unix: sed -i 's/\\r$//' FILE; in .gitattributes: FILE "
           "text eol=lf";
  }
  return head.starts_with(kByteOrderMark) ? "save it as UTF-8 without a byte order mark"
                                          : "build it for Linux";
}

std::string program_machine(std::string_view head) {
  return is_elf(head) ? machine_name(machine_number(head)) : "";
}

std::string interpreter_of(std::string_view head) {
  std::string interpreter = read_first_line(head).interpreter;
  return interpreter.starts_with('/') ? interpreter : "";
}

std::string program_obstacle(const fs::path& program, std::string_view search_path) {
  return obstacle_at(program, search_path, 0);
}

fs::path find_program(std::string_view name, std::string_view search_path) {
  if (name.find('/') != name.npos) return is_startable(name) ? fs::path(name) : fs::path();
  while (true) {
    const std::size_t colon = search_path.find(':');
    fs::path found = fs::path(search_path.substr(0, colon)) / name;
    if (is_startable(found)) return found;
    if (colon == search_path.npos) return {};
    search_path.remove_prefix(colon + 1);
  }
}

bool is_noexec(const fs::path& path) {
  struct statvfs status {};
  return ::statvfs(path.c_str(), &status) == 0 && (status.f_flag & ST_NOEXEC) != 0;
}

}  // namespace sealift
