// SPDX-License-Identifier: Apache-2.0
#pragma once

// A Compose file as a tree whose values know where they were written, and how. Several files are
// merged as such trees (compose/merge.hpp), and the result is written as one file again: numbers
// and words keep their spelling, so what is plain stays plain.

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "base/json.hpp"
#include "release/text/yaml.hpp"

namespace sealift::compose {

struct Node {
  enum class Kind { scalar, list, mapping };
  // What it does to the value of an earlier file: !reset removes it, !override takes its place.
  enum class Rule { merge, reset, override };
  using Mapping = std::map<std::string, Node, std::less<>>;

  Kind kind = Kind::scalar;
  Rule rule = Rule::merge;
  Json scalar = {};  // of a scalar
  release::YamlMark::Spelling spelling = release::YamlMark::Spelling::other;
  std::vector<Node> list = {};
  Mapping mapping = {};
  release::YamlOrigin origin = {};  // the file and line that it was written in

  // Null where it is no mapping or has no such key.
  const Node* find(std::string_view key) const;
  Node* find(std::string_view key);
  bool has(std::string_view key) const { return find(key) != nullptr; }
  // The mapping under a key; an empty one where there is none.
  const Mapping& mapping_at(std::string_view key) const;
  // Removes a key; nothing where there is none.
  std::optional<Node> take(std::string_view key);
  // The text of a scalar; empty for anything else.
  std::string text() const;
  std::string text_at(std::string_view key) const;
  bool is_null() const { return kind == Kind::scalar && scalar.is_null(); }
  // "compose.yaml:7", for messages.
  std::string where() const;
};

// A text that takes the place of `old`, where that was written.
Node text_node(std::string text, const Node& old);

// `<<` is resolved. Adds tags that Compose does not know to `problems`.
Node node_of(const release::YamlDocument& document, const std::string& name, Problems& problems);

struct WrittenFile {
  std::string text;
  release::YamlOrigins origins;            // by the pointers of `text`
  std::vector<release::YamlOrigin> lines;  // of each line, from the first
};
// `finish` turns each text, with its quotes, into what is written.
WrittenFile write_yaml(const Node& root,
                       const std::function<std::string(const std::string&)>& finish);

}  // namespace sealift::compose
