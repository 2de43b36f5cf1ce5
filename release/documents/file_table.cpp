// SPDX-License-Identifier: Apache-2.0
#include "release/documents/file_table.hpp"

#include <algorithm>
#include <charconv>

#include "base/error.hpp"
#include "base/format.hpp"

namespace sealift::release {

namespace {

constexpr std::uint64_t kMaxNumber = std::uint64_t{1} << 53;  // as in all our JSON
constexpr std::size_t kMaxLine = 3 * RelPath::kMaxBytes + 512;
constexpr std::size_t kHexDigits = 64;  // of a digest

// The only two characters that JSON must escape and a name may hold.
void append_escaped(std::string& out, std::string_view text) {
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
}

// Reads the parts of one canonical line; anything else is refused.
class LineReader {
 public:
  explicit LineReader(std::string_view line) : line_(line), rest_(line) {}

  bool skip_if(std::string_view expected) {
    if (!rest_.starts_with(expected)) return false;
    rest_.remove_prefix(expected.size());
    return true;
  }

  void skip(std::string_view expected) {
    if (!skip_if(expected)) refuse();
  }

  // A view of the line, or where it holds escapes of `unescaped_`: until the next call.
  std::string_view text() {
    const std::size_t end = rest_.find('"');
    if (end == std::string_view::npos) refuse();
    const std::string_view plain = rest_.substr(0, end);
    if (plain.find('\\') != std::string_view::npos) return escaped_text();
    rest_.remove_prefix(end);
    return plain;
  }

  Digest digest() {
    const std::string_view hex = rest_.substr(0, kHexDigits);
    rest_.remove_prefix(hex.size());
    return Digest::from_hex(hex);
  }

  std::uint64_t number() {
    std::uint64_t value = 0;
    const auto [end, failure] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), value);
    const auto digits = static_cast<std::size_t>(end - rest_.data());
    if (failure != std::errc() || value > kMaxNumber) refuse();
    if (digits > 1 && rest_.front() == '0') refuse();
    rest_.remove_prefix(digits);
    return value;
  }

  // "0" and three octal digits.
  unsigned mode() {
    unsigned value = 0;
    const auto [end, failure] =
        std::from_chars(rest_.data(), rest_.data() + rest_.size(), value, 8);
    if (failure != std::errc() || end - rest_.data() != 4 || value > 0777) refuse();
    rest_.remove_prefix(4);
    return value;
  }

  bool at_end() const { return rest_.empty(); }

  [[noreturn]] void refuse() const {
    throw Error(Errc::corrupt, format("file table: found the line {}, expected the canonical form",
                                      printable(line_, 120)));
  }

 private:
  // A backslash stands only where JSON must have one.
  std::string_view escaped_text() {
    unescaped_.clear();
    while (!rest_.empty() && rest_.front() != '"') {
      if (rest_.front() == '\\') {
        rest_.remove_prefix(1);
        if (rest_.empty() || (rest_.front() != '"' && rest_.front() != '\\')) refuse();
      }
      unescaped_ += rest_.front();
      rest_.remove_prefix(1);
    }
    return unescaped_;
  }

  std::string_view line_;
  std::string_view rest_;
  std::string unescaped_;
};

// A link has no mode, everything else has one.
FileEntry read_line(LineReader& reader) {
  std::optional<unsigned> mode;
  if (reader.skip_if("{\"mode\":\"")) {
    mode = reader.mode();
    reader.skip("\",\"path\":\"");
  } else {
    reader.skip("{\"path\":\"");
  }
  FileEntry entry{.path = RelPath::parse(reader.text()), .digest = {}, .target = {}};
  if (!mode) {
    entry.type = EntryType::symlink;
    reader.skip("\",\"target\":\"");
    entry.target = reader.text();
    reader.skip("\",\"type\":\"symlink\"}");
    return entry;
  }
  entry.mode = *mode;
  if (reader.skip_if("\",\"sha256\":\"")) {
    entry.digest = reader.digest();
    reader.skip("\",\"size\":");
    entry.size = reader.number();
    reader.skip(",\"type\":\"file\"}");
  } else {
    entry.type = EntryType::directory;
    reader.skip("\",\"type\":\"directory\"}");
  }
  return entry;
}

std::string tar_name(const FileEntry& entry) {
  return entry.type == EntryType::directory ? entry.path.str() + "/" : entry.path.str();
}

[[noreturn]] void refuse(const FileEntry& entry, std::string_view found) {
  throw Error(Errc::invalid_input, format("{}: {}", printable(entry.path.str()), found));
}

}  // namespace

std::string to_line(const FileEntry& entry) {
  std::string line = "{";
  if (entry.type != EntryType::symlink) line += format("\"mode\":\"{:04o}\",", entry.mode);
  line += "\"path\":\"";
  append_escaped(line, entry.path.str());
  switch (entry.type) {
    case EntryType::directory:
      line += "\",\"type\":\"directory\"}";
      break;
    case EntryType::symlink:
      line += "\",\"target\":\"";
      append_escaped(line, entry.target);
      line += "\",\"type\":\"symlink\"}";
      break;
    default:
      line += format("\",\"sha256\":\"{}\",\"size\":{},\"type\":\"file\"}}", entry.digest->hex(),
                     entry.size);
  }
  return line;
}

FileEntry parse_line(std::string_view line) {
  LineReader reader(line);
  try {
    FileEntry entry = read_line(reader);
    if (!reader.at_end()) reader.refuse();
    return entry;
  } catch (const Error& error) {
    throw Error(Errc::corrupt, error.problems());
  }
}

content::TarEntry tar_entry(const FileEntry& entry) {
  content::TarType type = content::TarType::file;
  if (entry.type == EntryType::directory) type = content::TarType::directory;
  if (entry.type == EntryType::symlink) type = content::TarType::symlink;
  return {.name = tar_name(entry),
          .type = type,
          .mode = entry.type == EntryType::symlink ? 0777U : entry.mode,
          .size = entry.size,
          .link = entry.target};
}

void check_symlink(const RelPath& path, std::string_view target) {
  auto above = std::count(path.str().begin(), path.str().end(), '/');
  std::string_view rest = target;
  while (rest.starts_with("../") && above > 0) {
    rest.remove_prefix(3);
    --above;
  }
  if (rest == ".." && above > 0) return;
  try {
    RelPath::parse(rest);
  } catch (const Error&) {
    throw Error(Errc::invalid_input,
                format("{}: symbolic link to \"{}\", expected a target inside the tree, relative, "
                       "with \"..\" only at its start",
                       printable(path.str()), printable(target)));
  }
}

void TreeRules::check(const FileEntry& entry) {
  // Said once: who looks for all that is wrong with a tree goes on.
  if (++count_ == most_ + 1) {
    throw Error(Errc::invalid_input,
                format("more than {} files, folders and links in one component", most_));
  }
  std::string name = tar_name(entry);
  if (name <= last_) refuse(entry, "not in sorted order, or twice");
  while (!entry.path.str().starts_with(open_.back().prefix)) open_.pop_back();
  Folder& folder = open_.back();
  const std::string_view inside = std::string_view(entry.path.str()).substr(folder.prefix.size());
  if (inside.find('/') != std::string_view::npos) {
    refuse(entry, "its directory is not listed before it");
  }
  if (!folder.names.insert(std::hash<std::string>{}(fold_case(inside))).second) {
    refuse(entry,
           "another name differs from it only in upper and lower case, or in invisible "
           "characters");
  }
  if (entry.type == EntryType::symlink) check_symlink(entry.path, entry.target);
  if (entry.type == EntryType::directory) open_.push_back({name, {}});
  last_ = std::move(name);
}

std::optional<std::string_view> TableLines::next() {
  while (true) {
    const std::size_t newline = buffer_.find('\n', begin_);
    if (newline != std::string::npos) {
      const std::string_view line = std::string_view(buffer_).substr(begin_, newline - begin_);
      begin_ = newline + 1;
      return line;
    }
    buffer_.erase(0, begin_);
    begin_ = 0;
    const std::size_t had = buffer_.size();
    if (had > kMaxLine) throw Error(Errc::corrupt, "file table: found a line that does not end");
    buffer_.resize(had + 64 * 1024);
    const std::size_t got = source_.read(std::span(buffer_).subspan(had));
    buffer_.resize(had + got);
    total_ += got;
    if (total_ > kMaxFileTableBytes) {
      throw Error(Errc::corrupt, format("file table: more than {} bytes", kMaxFileTableBytes));
    }
    if (got == 0) {
      if (!buffer_.empty()) {
        throw Error(Errc::corrupt, "file table: found a last line without its newline");
      }
      return std::nullopt;
    }
  }
}

std::optional<FileEntry> FileTableReader::next() {
  const std::optional<std::string_view> line = lines_.next();
  if (!line) return std::nullopt;
  FileEntry entry = parse_line(*line);
  try {
    rules_.check(entry);
  } catch (const Error& error) {
    throw Error(Errc::corrupt, error.within("file table").problems());
  }
  return entry;
}

namespace {

// Where a comparison is in one of its tables. A line is parsed when something must be known of it.
class Side {
 public:
  explicit Side(Source* table) {
    if (table == nullptr) return;
    lines_.emplace(*table);
    advance();
  }
  void advance() {
    line_ = lines_->next();
    entry_.reset();
  }
  const std::optional<std::string_view>& line() const { return line_; }
  const FileEntry& entry() {
    if (!entry_) entry_ = parse_line(*line_);
    return *entry_;
  }

 private:
  std::optional<TableLines> lines_;
  std::optional<std::string_view> line_;
  std::optional<FileEntry> entry_;
};

}  // namespace

// Of two releases most lines are the same, bytes for bytes: a line has one spelling.
std::uint64_t compare_tables(
    Source* before, Source* after, Same same,
    const std::function<void(Change, const FileEntry* before, const FileEntry* after)>& report) {
  Side old_side(before);
  Side new_side(after);
  std::uint64_t count = 0;
  while (old_side.line() || new_side.line()) {
    if (old_side.line() == new_side.line()) {
      ++count;
      if (same == Same::reported) report(Change::same, &old_side.entry(), &old_side.entry());
      old_side.advance();
      new_side.advance();
      continue;
    }
    const int order = !old_side.line() ? 1
                      : !new_side.line()
                          ? -1
                          : tar_name(old_side.entry()).compare(tar_name(new_side.entry()));
    if (order < 0) {
      report(Change::removed, &old_side.entry(), nullptr);
    } else if (order > 0) {
      report(Change::added, nullptr, &new_side.entry());
    } else {
      report(Change::changed, &old_side.entry(), &new_side.entry());
    }
    if (order <= 0) old_side.advance();
    if (order >= 0) new_side.advance();
  }
  return count;
}

}  // namespace sealift::release
