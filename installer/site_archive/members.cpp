// SPDX-License-Identifier: Apache-2.0
#include "installer/site_archive/members.hpp"

#include "base/error.hpp"
#include "base/format.hpp"
#include "base/path.hpp"
#include "content/tar.hpp"
#include "installer/drivers/data/archive_entry.hpp"

namespace sealift::installer {

namespace {

constexpr std::size_t kMostMembers = 100'000;

// A file from an offset on, which remembers what was read of it.
class HeaderSource : public Source {
 public:
  HeaderSource(const RandomAccess& file, std::uint64_t offset) : file_(file), offset_(offset) {}
  std::size_t read(std::span<char> into) override {
    const std::size_t count = file_.read_at(offset_ + read_.size(), into);
    read_.append(into.data(), count);
    return count;
  }
  const std::string& bytes() const { return read_; }

 private:
  const RandomAccess& file_;
  std::uint64_t offset_;
  std::string read_;
};

// The member whose header begins at `at`; nothing at the end.
std::optional<PlacedMember> member_at(const RandomAccess& file, std::uint64_t at) {
  HeaderSource source(file, at);
  const std::optional<DataEntry> entry = ArchiveReader(source).next();
  if (!entry) return std::nullopt;
  PlacedMember member{
      .name = entry->path, .offset = at + source.bytes().size(), .bytes = entry->size};
  if (source.bytes() != member_header(member.name, member.bytes)) {
    refuse_archive(format("the header of {} is none of ours", printable(member.name, 80)));
  }
  if (member.bytes > file.size() || member.end() > file.size()) refuse_archive("it is cut off");
  std::string padding(member.end() - member.offset - member.bytes, '\0');
  file.read_at(member.offset + member.bytes, padding);
  if (padding.find_first_not_of('\0') != padding.npos) {
    refuse_archive(format("what follows {} is none of ours", printable(member.name, 80)));
  }
  return member;
}

}  // namespace

std::uint64_t PlacedMember::end() const {
  return offset + bytes + content::tar_padding(bytes).size();
}

std::string member_header(const std::string& name, std::uint64_t bytes) {
  DataEntry entry;
  entry.path = name;
  entry.mode = 0600;
  entry.size = bytes;
  return header_of(entry);
}

std::vector<PlacedMember> members_of(const RandomAccess& file, const std::string& name,
                                     Ending ending) {
  std::vector<PlacedMember> members;
  try {
    std::uint64_t at = 0;
    while (std::optional<PlacedMember> member = member_at(file, at)) {
      if (members.size() == kMostMembers) refuse_archive("it has too many files");
      at = member->end();
      members.push_back(std::move(*member));
    }
    return members;
  } catch (const Error& error) {
    if (error.code() != Errc::corrupt) throw;
    if (ending == Ending::cut_off) return members;
    throw Error(Errc::corrupt, format("{}: {}", name, error.message()),
                "it is no whole site archive: take another copy of it");
  }
}

}  // namespace sealift::installer
