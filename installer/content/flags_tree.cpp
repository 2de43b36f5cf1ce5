// SPDX-License-Identifier: Apache-2.0
#include "installer/content/flags_tree.hpp"

#include "base/format.hpp"
#include "base/stream.hpp"
#include "installer/records/flags.hpp"

namespace sealift::installer {

using release::FileEntry;

namespace {

// One file, made from what the release says and the site has changed: no layer of the bundle has
// it.
class FlagsTree : public TreeStream {
 public:
  explicit FlagsTree(std::string text) : text_(std::move(text)), rest_(text_) {}

  std::optional<FileEntry> next() override {
    if (given_) return std::nullopt;
    given_ = true;
    return FileEntry{.path = RelPath::parse(kFlagsFile),
                     .size = text_.size(),
                     .digest = Digest::of(text_),
                     .target = {}};
  }
  std::size_t read(std::span<char> into) override { return rest_.read(into); }

 private:
  std::string text_;
  StringSource rest_;
  bool given_ = false;
};

// A TreeStream leaves the comparison to its reader.
std::string read_text(TreeStream& tree, const FileEntry& entry, const std::string& where) {
  if (entry.type != EntryType::file || entry.size > release::kMaxFlagdBytes) {
    throw Error(Errc::corrupt,
                format("{}: expected a file of at most {} bytes", where, release::kMaxFlagdBytes));
  }
  std::string text;
  std::string buffer(64 * 1024, '\0');
  while (const std::size_t count = tree.read(buffer)) text.append(buffer, 0, count);
  if (Digest::of(text) != *entry.digest) {
    throw Error(Errc::corrupt, format("{}: content is not what the file table says", where));
  }
  return text;
}

}  // namespace

release::FlagSet read_flags(TreeStream& tree, const std::string& environment,
                            const std::string& where) {
  const std::string name = environment + ".json";
  const std::string file = format("{}: {}", where, name);
  std::optional<std::string> text;
  // To its end: only then the tree's own digest has been compared.
  while (const std::optional<FileEntry> entry = tree.next()) {
    if (entry->path.str() == name) text = read_text(tree, *entry, file);
  }
  if (!text) throw Error(Errc::corrupt, format("{}: found no such file", file));
  return release::flags_from_flagd(*text, file);
}

std::unique_ptr<TreeStream> flags_tree(const release::FlagSet& set) {
  return std::make_unique<FlagsTree>(to_flagd(set));
}

}  // namespace sealift::installer
