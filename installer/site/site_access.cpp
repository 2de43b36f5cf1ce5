// SPDX-License-Identifier: Apache-2.0
#include "installer/site/site_access.hpp"

#include <unistd.h>

#include <set>

#include "base/error.hpp"
#include "base/format.hpp"

namespace sealift::installer {

namespace {

constexpr unsigned kOthersWrite = 0022;
constexpr std::size_t kMaxNamed = 10;  // paths in one refusal

class WriterCheck {
 public:
  explicit WriterCheck(const Layout& layout) : trusted_({0, ::geteuid()}) {
    const std::optional<struct stat> state = status_of(layout.state);
    if (state && ::geteuid() == 0) trusted_.insert(state->st_uid);
    owner_ = state && trusted_.contains(state->st_uid) ? state->st_uid : ::geteuid();
  }

  void check(const fs::path& path) {
    if (const auto status = status_of(path)) check(path.string(), *status);
  }

  void check_below(const Dir& folder) {
    for (const Entry& entry : folder.entries()) {
      const std::optional<struct stat> status = folder.stat(entry.name);
      if (!status) continue;  // another command removed it meanwhile
      check(format("{}/{}", folder.path(), entry.name), *status);
      if (S_ISDIR(status->st_mode)) check_inside(folder, entry.name);
    }
  }

  // Everybody could put another site in the place of `path`, however well it is kept itself.
  void check_above(const fs::path& path) {
    for (fs::path folder = path.parent_path();; folder = folder.parent_path()) {
      const std::optional<struct stat> status = status_of(folder);
      if (status && (status->st_mode & S_IWOTH) != 0 && (status->st_mode & S_ISVTX) == 0) {
        add(folder.string(),
            format("has the mode {:04o}, expected that others may not replace what is in it",
                   status->st_mode & 07777U),
            format("chmod o-w '{0}', or chmod +t '{0}'", folder.string()));
      }
      if (folder == folder.parent_path()) return;
    }
  }

  void refuse() const { problems_.throw_if_any(Errc::untrusted); }

 private:
  void check_inside(const Dir& folder, const std::string& name) {
    try {
      check_below(folder.descend(name));
    } catch (const Error&) {
      // Gone meanwhile, or closed to this user, who can then use nothing that is in it.
    }
  }

  void check(const std::string& path, const struct stat& status) {
    if (!trusted_.contains(status.st_uid)) {
      add(path, format("belongs to the user {}, expected {}", status.st_uid, owner_),
          format("if nothing in it was changed: chown {} '{}'", owner_, path));
    } else if (!S_ISLNK(status.st_mode) && (status.st_mode & kOthersWrite) != 0) {
      add(path,
          format("has the mode {:04o}, expected that only its owner may write",
                 status.st_mode & 07777U),
          format("if nothing in it was changed: chmod go-w '{}'", path));
    }
  }

  void add(const std::string& path, std::string_view found, std::string hint) {
    if (named_.size() == kMaxNamed || !named_.insert(path).second) return;
    problems_.add(format("{}: {}", path, found), std::move(hint));
  }

  std::set<uid_t> trusted_;
  uid_t owner_;  // whom a path of a stranger should belong to
  std::set<std::string> named_;
  Problems problems_;
};

}  // namespace

void refuse_other_writers(const Layout& layout) {
  WriterCheck check(layout);
  for (const fs::path& path : {layout.site_yaml.parent_path(), layout.site_yaml, layout.state}) {
    if (!path_exists(path)) continue;
    check.check(path);
    check.check_above(path);
    if (const fs::path real = real_path(path); real != path) check.check_above(real);
  }
  if (dir_exists(layout.state)) check.check_below(Dir::open(layout.state));
  check.refuse();
}

}  // namespace sealift::installer
