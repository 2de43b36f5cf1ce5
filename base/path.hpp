// SPDX-License-Identifier: Apache-2.0
#pragma once

// A RelPath is the name of something inside a tree that we make or accept: relative, '/'-separated,
// and unable to leave the tree or to lie to the reader of a terminal.
// Rules: valid UTF-8 in NFC; no empty, "." or ".." component; every character visible, or a joiner
// or selector that shapes its neighbours (base/characters.hpp); a component at most 255 bytes, the
// path at most 4096.

#include <compare>
#include <cstddef>
#include <string>
#include <string_view>

namespace sealift {

class RelPath {
 public:
  static constexpr std::size_t kMaxBytes = 4096;
  static constexpr std::size_t kMaxComponentBytes = 255;

  // Throws Error{invalid_input} naming the rule that was broken.
  static RelPath parse(std::string_view text);

  const std::string& str() const { return text_; }
  // The last component.
  std::string_view name() const;
  // All but the last component; empty for a path of one component.
  std::string_view parent() const;

  friend auto operator<=>(const RelPath&, const RelPath&) = default;

 private:
  explicit RelPath(std::string_view text) : text_(text) {}
  std::string text_;
};

// Throws Error{invalid_input} unless `name` may be one component of a RelPath.
void check_name(std::string_view name);

// The key under which two names collide on a file system that ignores case: NFC case folding,
// without the characters that cannot be seen.
std::string fold_case(std::string_view name);

// Untrusted text made safe for a terminal or a log line: characters that cannot be seen and broken
// UTF-8 become \xNN; at most `limit` bytes, then "...". For every text of a release, a site or
// another program that goes into a message.
std::string printable(std::string_view text, std::size_t limit = 256);
// The same for text of several lines: newlines stay.
std::string printable_lines(std::string_view text);

}  // namespace sealift
