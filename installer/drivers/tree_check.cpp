// SPDX-License-Identifier: Apache-2.0
#include "installer/drivers/tree_check.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "base/error.hpp"
#include "base/folder_cursor.hpp"
#include "base/format.hpp"
#include "release/file_table.hpp"

namespace sealift::installer {

namespace {

using release::FileEntry;

class TreeCheck {
 public:
  TreeCheck(const Dir& root, const Receipts& receipts, const TableKey& key,
            Thoroughness thoroughness)
      : cursor_(root), receipts_(receipts), key_(key), thoroughness_(thoroughness) {}

  // Empty where the entry stands as it should.
  std::string check(const FileEntry& entry) {
    std::optional<struct stat> status;
    const Dir* folder = nullptr;
    try {
      folder = &cursor_.at(entry.path.parent());
      status = folder->stat(entry.path.name());
    } catch (const Error&) {
      return "missing: its directory cannot be opened";
    }
    if (!status) return "missing";
    if (type_of(*status) != entry.type) return "of another type";
    if (entry.type == EntryType::symlink) {
      return folder->read_link(entry.path.name()) == entry.target ? "" : "points elsewhere";
    }
    if ((status->st_mode & 07777U) != entry.mode) {
      return format("mode {:04o}, expected {:04o}", status->st_mode & 07777U, entry.mode);
    }
    if (entry.type == EntryType::directory) return "";
    if (static_cast<std::uint64_t>(status->st_size) != entry.size) {
      return format("{} bytes, expected {}", status->st_size, entry.size);
    }
    if (thoroughness_ == Thoroughness::by_receipt && receipts_.vouch_for(*status, *entry.digest)) {
      return "";
    }
    const Fd fd = folder->open_file(entry.path.name());
    const Digest found = key_.digest(entry, digest_of(fd.get(), entry.path.str()));
    return found == *entry.digest ? "" : "content differs";
  }

 private:
  FolderCursor cursor_;
  const Receipts& receipts_;
  const TableKey& key_;
  Thoroughness thoroughness_;
};

void find_strangers(const Dir& folder, const std::string& prefix,
                    const std::map<std::string, std::set<std::string>>& known,
                    std::vector<Difference>& found, std::size_t limit) {
  const auto names = known.find(prefix);
  for (const Entry& entry : folder.entries()) {
    if (found.size() >= limit) return;
    const std::string path = prefix + entry.name;
    if (names == known.end() || !names->second.contains(entry.name)) {
      found.push_back({path, "not part of the release"});
    } else if (entry.type == EntryType::directory) {
      find_strangers(folder.descend(entry.name), path + "/", known, found, limit);
    }
  }
}

}  // namespace

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

std::vector<Difference> check_tree(const Dir& root, Source& table, const Receipts& receipts,
                                   const TableKey& key, Thoroughness thoroughness,
                                   Strangers strangers, std::size_t limit) {
  std::vector<Difference> differences;
  TreeCheck check(root, receipts, key, thoroughness);
  release::FileTableReader reader(table);
  std::map<std::string, std::set<std::string>> known;
  while (differences.size() < limit) {
    const std::optional<FileEntry> entry = reader.next();
    if (!entry) break;
    if (strangers == Strangers::reported) {
      const std::string parent(entry->path.parent());
      known[parent.empty() ? "" : parent + "/"].emplace(entry->path.name());
    }
    if (std::string found = check.check(*entry); !found.empty()) {
      differences.push_back({entry->path.str(), std::move(found)});
    }
  }
  if (strangers == Strangers::reported) find_strangers(root, "", known, differences, limit);
  return differences;
}

}  // namespace sealift::installer
