// SPDX-License-Identifier: Apache-2.0
#pragma once

// The YAML that people write, read strictly: one document, no duplicate keys, anchors, aliases or
// tags, so that what is read is what is seen. Plain scalars are null, true, false, whole numbers or
// text; a number that would not be written back as it stands must be quoted: 1.10 would be read as
// 1.1, 007 as 7. Characters are those of content (base/characters.hpp).

#include <map>
#include <string>
#include <string_view>

#include "base/file.hpp"
#include "base/json.hpp"

namespace sealift::release {

inline constexpr std::size_t kMaxYamlBytes = 1U << 20;  // of ours
// Definitions of custom kinds have 1.4 MB and 35 levels.
inline constexpr std::size_t kMaxForeignYamlBytes = 4U << 20;
inline constexpr std::size_t kMaxYamlScalar = 16U << 10;  // of ours; those of others bring files

// Whose form a document has.
enum class Yaml {
  ours,
  // Files that other programs read as well, such as those of Compose: such numbers are text as it
  // stands there, and an alias is what its anchor stands for. Tags are refused all the same.
  foreign,
  // The same, where values may have a tag of their own: the reader asks mark_of() for it.
  tagged
};

// How a value stands in its document.
struct YamlMark {
  enum class Spelling { plain, single_quotes, block, other };
  int line = 0;
  Spelling spelling = Spelling::other;  // of a scalar
  std::string tag = {};                 // such as "!reset"; empty: none
};

// Where something was written that another document has now.
struct YamlOrigin {
  std::string name;
  int line = 0;
};
using YamlOrigins = std::map<std::string, YamlOrigin, std::less<>>;  // by JSON pointer

class YamlDocument {
 public:
  // `name` is for messages. Throws Error{invalid_input} with every mistake.
  static YamlDocument parse(std::string_view text, const std::string& name, Yaml form = Yaml::ours);
  static YamlDocument load(const fs::path& file);

  const Json& value() const { return value_; }
  // The line, from 1, of the value at a JSON pointer; of its nearest parent where it is missing.
  int line_of(std::string_view pointer) const;
  // "release.yaml:14: components[2].source", for messages.
  std::string where(std::string_view pointer) const;
  // Of the value at a JSON pointer. Null: there is none. What an alias stands for has the marks of
  // its anchor.
  const YamlMark* mark_of(std::string_view pointer) const;
  // From now on where() says where the values come from, not where they are.
  void comes_from(YamlOrigins origins) { origins_ = std::move(origins); }

 private:
  YamlDocument() = default;
  friend class YamlBuilder;
  std::string name_;
  Json value_;
  std::map<std::string, YamlMark, std::less<>> marks_;
  YamlOrigins origins_;
};

}  // namespace sealift::release
