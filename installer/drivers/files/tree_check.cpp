// SPDX-License-Identifier: Apache-2.0
#include "installer/drivers/files/tree_check.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <map>
#include <unordered_set>

#include "base/error.hpp"
#include "base/folder_cursor.hpp"
#include "base/format.hpp"
#include "base/path.hpp"
#include "release/documents/file_table.hpp"

namespace sealift::installer {

namespace {

using release::FileEntry;

std::optional<Difference> owner_of(const std::string& path, const struct stat& status,
                                   const std::optional<Ownership>& expected) {
  if (!expected ||
      (status.st_uid == expected->uid && status.st_gid == expected->gid.value_or(status.st_gid))) {
    return std::nullopt;
  }
  return expected->gid ? Difference{path, format("owner {}:{}", status.st_uid, status.st_gid),
                                    format("owner {}:{}", expected->uid, *expected->gid)}
                       : Difference{path, format("owner {}", status.st_uid),
                                    format("owner {}", expected->uid)};
}

class TreeCheck {
 public:
  TreeCheck(const Dir& root, const TreeQuestion& question) : cursor_(root), question_(question) {}

  // Nothing where the entry stands as it should. From what is cheap to what is not: content is read
  // only where all else fits.
  std::optional<Difference> check(const FileEntry& entry) {
    const std::string& path = entry.path.str();
    const auto differs = [&](std::string found, std::string expected = {}) {
      return Difference{path, std::move(found), std::move(expected)};
    };
    std::optional<struct stat> status;
    const Dir* folder = nullptr;
    try {
      folder = &cursor_.at(entry.path.parent());
      status = folder->stat(entry.path.name());
    } catch (const Error&) {
      return differs("missing: its directory cannot be opened");
    }
    if (!status) return differs("missing");
    if (type_of(*status) != entry.type) return differs("of another type");
    if (auto wrong = owner_of(path, *status, question_.owner)) return wrong;
    if (entry.type == EntryType::symlink) {
      const std::string target = folder->read_link(entry.path.name()).value_or("");
      if (target == entry.target) return std::nullopt;
      return differs(format("points to {}", printable(target)), printable(entry.target));
    }
    if (auto wrong = mode_difference(path, *status, entry.mode)) return wrong;
    if (entry.type == EntryType::directory) return std::nullopt;
    if (static_cast<std::uint64_t>(status->st_size) != entry.size) {
      return differs(format("{} bytes", status->st_size), format("{} bytes", entry.size));
    }
    if (question_.thoroughness != Thoroughness::by_content &&
        question_.receipts.vouch_for(*status, *entry.digest)) {
      return std::nullopt;
    }
    const Fd fd = folder->open_file(entry.path.name());
    Digest found = digest_of(fd.get(), path);
    if (question_.key != nullptr) found = question_.key->digest(entry, found);
    if (found == *entry.digest) return std::nullopt;
    return differs("content differs");
  }

 private:
  FolderCursor cursor_;
  const TreeQuestion& question_;
};

// Of the tree's own directory, which has no line in the table.
void check_root(const Dir& root, const std::optional<Ownership>& owner,
                std::vector<Difference>& found) {
  if (!owner) return;  // it may have been there before us
  struct stat status {};
  if (::fstat(root.fd(), &status) != 0) throw_errno(root.path(), "stat");
  if (auto wrong = owner_of(".", status, owner)) found.push_back(std::move(*wrong));
  if (auto wrong = mode_difference(".", status, 0755)) found.push_back(std::move(*wrong));
}

// Other tools write absolute links: one that leads to the same place is as good.
bool leads_to(const fs::path& link, const std::string& target) {
  if (!link_target(link)) return false;
  const std::optional<fs::path> place = followed_path(link);
  return place && place == followed_path((link.parent_path() / target).lexically_normal());
}

// The names that a tree shall have: folder ("" or "a/b/") -> its names, each with a '/' behind it.
// One text for each folder, since a tree may have a million names.
class KnownNames {
 public:
  void add(const RelPath& path) {
    const std::string_view parent = path.parent();
    if (last_ == names_.end() || parent != last_parent_) {
      last_parent_ = parent;
      last_ = names_.try_emplace(parent.empty() ? "" : last_parent_ + "/").first;
    }
    last_->second += path.name();
    last_->second += '/';
  }

  std::unordered_set<std::string_view> in(const std::string& folder) const {
    std::unordered_set<std::string_view> all;
    const auto names = names_.find(folder);
    std::string_view rest = names == names_.end() ? std::string_view() : names->second;
    while (!rest.empty()) {
      const std::size_t end = rest.find('/');
      all.insert(rest.substr(0, end));
      rest.remove_prefix(end + 1);
    }
    return all;
  }

 private:
  std::map<std::string, std::string> names_;
  std::map<std::string, std::string>::iterator last_ = names_.end();
  std::string last_parent_;
};

// A folder that the table does not have is named once, not with all that is in it.
void find_strangers(const Dir& folder, const std::string& prefix, const KnownNames& known,
                    std::vector<Difference>& found, std::size_t limit) {
  const std::unordered_set<std::string_view> names = known.in(prefix);
  for (const Entry& entry : folder.entries()) {
    if (found.size() >= limit) return;
    const std::string path = prefix + entry.name;
    if (!names.contains(entry.name)) {
      found.push_back({path, std::string(kStranger)});
    } else if (entry.type == EntryType::directory) {
      find_strangers(folder.descend(entry.name), path + "/", known, found, limit);
    }
  }
}

}  // namespace

std::optional<Difference> mode_difference(const std::string& path, const struct stat& status,
                                          unsigned expected) {
  // A directory inherits the bit by which groups are passed on from what it stands in.
  const unsigned inherited = S_ISDIR(status.st_mode) ? S_ISGID : 0U;
  if ((status.st_mode & 07777U & ~inherited) == expected) return std::nullopt;
  return Difference{path, format("mode {:04o}", status.st_mode & 07777U),
                    format("mode {:04o}", expected)};
}

// One buffer for each thread: thousands of files are hashed in a row.
Digest digest_of(int fd, const std::string& name) {
  thread_local std::string buffer(256 * 1024, '\0');
  Hasher hasher;
  for (std::uint64_t offset = 0;;) {
    const std::size_t count = read_at(fd, offset, buffer, name);
    hasher.update(std::string_view(buffer).substr(0, count));
    offset += count;
    if (count < buffer.size()) return hasher.finish();
  }
}

std::optional<Ownership> Ownership::parse(const std::string& text) {
  if (text.empty()) return std::nullopt;
  const std::size_t colon = text.find(':');
  Ownership owner{.uid = static_cast<unsigned>(std::stoul(text)), .gid = {}};
  if (colon != text.npos) owner.gid = static_cast<unsigned>(std::stoul(text.substr(colon + 1)));
  return owner;
}

std::vector<Difference> check_tree(const Dir& root, Source& table, const TreeQuestion& question) {
  std::vector<Difference> differences;
  check_root(root, question.owner, differences);
  TreeCheck check(root, question);
  release::FileTableReader reader(table);
  KnownNames known;
  while (differences.size() < question.limit) {
    const std::optional<FileEntry> entry = reader.next();
    if (!entry) break;
    if (question.strangers == Strangers::reported) {
      known.add(entry->path);
    }
    if (auto found = check.check(*entry)) differences.push_back(std::move(*found));
  }
  for (const auto& [path, target] : question.links) {
    if (differences.size() >= question.limit) break;
    for (RelPath each = RelPath::parse(path);; each = RelPath::parse(each.parent())) {
      known.add(each);
      if (each.parent().empty()) break;
    }
    const FileEntry link{
        .path = RelPath::parse(path), .type = EntryType::symlink, .digest = {}, .target = target};
    auto found = check.check(link);
    if (found && !leads_to(fs::path(root.path()) / path, target)) {
      differences.push_back(std::move(*found));
    }
  }
  if (question.strangers == Strangers::reported) {
    find_strangers(root, "", known, differences, question.limit);
  }
  return differences;
}

}  // namespace sealift::installer
