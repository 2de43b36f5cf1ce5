// SPDX-License-Identifier: Apache-2.0
#include "builder/signing_desk/private_file.hpp"

#include <fcntl.h>
#include <linux/magic.h>
#include <signal.h>
#include <sys/statfs.h>
#include <unistd.h>

#include <cstdlib>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/format.hpp"
#include "base/process.hpp"
#include "base/random.hpp"

namespace sealift::builder {

namespace {

// That it is in memory is asked all the same.
constexpr const char* kMemory = "/dev/shm";

// Holds back the signals that would end us before the folder is gone.
class PrivateFolder {
 public:
  PrivateFolder() : name_("sealift-" + random_hex(8)), parent_(memory()) {
    sigset_t stops;
    ::sigemptyset(&stops);
    for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGQUIT}) ::sigaddset(&stops, number);
    ::pthread_sigmask(SIG_BLOCK, &stops, &before_);
    parent_.make_dir(name_, 0700);
  }
  ~PrivateFolder() {
    try {
      // Editors leave copies beside the file.
      const Dir folder = parent_.descend(name_);
      for (const Entry& entry : folder.entries()) {
        if (entry.type == EntryType::file) overwrite(path() / entry.name);
      }
      parent_.remove_tree(name_);
    } catch (const Error&) {
      // Nothing that could be done better.
    }
    ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }
  PrivateFolder(const PrivateFolder&) = delete;
  PrivateFolder& operator=(const PrivateFolder&) = delete;

  fs::path path() const { return fs::path(kMemory) / name_; }

 private:
  static Dir memory() {
    struct statfs status {};
    if (::statfs(kMemory, &status) != 0 || status.f_type != TMPFS_MAGIC) {
      throw Error(Errc::io, format("{}: is no file system in memory", kMemory),
                  "give the whole new value instead: sealift secret rotate");
    }
    return Dir::open(kMemory);
  }

  // Memory that was given back is not cleared before somebody else gets it, which may be much
  // later.
  static void overwrite(const fs::path& file) {
    const Fd fd(::open(file.c_str(), O_WRONLY | O_NOFOLLOW | O_CLOEXEC));
    if (!fd.is_open()) return;
    FdSink(fd.get(), file.string()).write(std::string(file_bytes(file), '\0'));
  }

  std::string name_;
  Dir parent_;
  sigset_t before_{};
};

// Split at blanks, as git does without a shell: EDITOR="code --wait".
std::vector<std::string> editor() {
  for (const char* variable : {"VISUAL", "EDITOR"}) {
    const char* value = std::getenv(variable);
    if (value == nullptr || *value == '\0') continue;
    std::vector<std::string> words;
    std::string word;
    for (const char c : std::string(value) + " ") {
      if (c != ' ') {
        word += c;
      } else if (!word.empty()) {
        words.push_back(std::move(word));
        word.clear();
      }
    }
    if (!words.empty()) return words;
  }
  throw Error(Errc::usage, "neither VISUAL nor EDITOR is set", "set EDITOR to an editor's command");
}

}  // namespace

// The value goes to the file with a line end, since editors add one; just one is taken away again.
signing::Secret edit_privately(const signing::Secret& before, std::size_t limit) {
  std::vector<std::string> command = editor();
  const PrivateFolder folder;
  const fs::path file = folder.path() / "secret";
  {
    const Fd fd(::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (!fd.is_open()) throw_errno(file.string(), "create");
    FdSink out(fd.get(), file.string());
    out.write(before.view());
    out.write("\n");
  }
  command.push_back(file.string());
  const int status = run_in_foreground(command);
  if (status != 0) {
    throw Error(Errc::interrupted, format("the editor ended with status {}", status),
                "nothing was changed");
  }
  std::string text = read_file(file, limit + 1);
  if (text.ends_with('\n')) text.pop_back();
  return signing::Secret::taken_from(text);
}

}  // namespace sealift::builder
