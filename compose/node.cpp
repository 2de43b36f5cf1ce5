// SPDX-License-Identifier: Apache-2.0
#include "compose/node.hpp"

#include <algorithm>
#include <array>

#include "base/ascii.hpp"
#include "base/format.hpp"
#include "base/path.hpp"
#include "base/text.hpp"

namespace sealift::compose {

namespace {

using release::YamlDocument;
using Spelling = release::YamlMark::Spelling;

class NodeReader {
 public:
  NodeReader(const YamlDocument& document, const std::string& name, Problems& problems)
      : document_(document), name_(name), problems_(problems) {}

  Node read(const Json& value, const std::string& pointer) {
    Node node{.origin = {name_, document_.line_of(pointer)}};
    if (const release::YamlMark* mark = document_.mark_of(pointer); mark != nullptr) {
      node.spelling = mark->spelling;
      node.rule = rule_of(mark->tag, pointer);
    }
    if (value.is_array()) {
      node.kind = Node::Kind::list;
      for (std::size_t i = 0; i < value.size(); ++i) {
        node.list.push_back(read(value[i], format("{}/{}", pointer, i)));
      }
    } else if (value.is_object()) {
      node.kind = Node::Kind::mapping;
      for (const auto& [key, each] : value.items()) {
        if (key != "<<") node.mapping.emplace(key, read(each, format("{}/{}", pointer, key)));
      }
      if (value.contains("<<")) take_bases(read(value["<<"], pointer + "/<<"), node);
    } else {
      node.scalar = value;
    }
    return node;
  }

 private:
  Node::Rule rule_of(const std::string& tag, const std::string& pointer) {
    if (tag == "!reset") return Node::Rule::reset;
    if (tag == "!override") return Node::Rule::override;
    if (!tag.empty()) {
      problems_.add(format("{}: found the tag {}, expected !reset, !override or none",
                           document_.where(pointer), printable(tag, 60)));
    }
    return Node::Rule::merge;
  }

  static void take_bases(const Node& bases, Node& node) {
    if (bases.kind == Node::Kind::list) {
      for (const Node& each : bases.list) take_bases(each, node);
    }
    for (const auto& [key, each] : bases.mapping) node.mapping.emplace(key, each);
  }

  const YamlDocument& document_;
  const std::string& name_;
  Problems& problems_;
};

class NodeWriter {
 public:
  explicit NodeWriter(const std::function<std::string(const std::string&)>& finish)
      : finish_(finish) {}

  WrittenFile write(const Node& root) {
    put(root, "", 0);
    return std::move(file_);
  }

 private:
  // Ends the line that holds the key or dash of `node`, and writes what belongs below.
  void put(const Node& node, const std::string& pointer, std::size_t indent) {
    file_.origins[pointer] = node.origin;
    if (node.kind == Node::Kind::mapping && !node.mapping.empty()) {
      if (!line_.empty()) end_line(node);
      for (const auto& [key, each] : node.mapping) {
        line_ = format("{}{}:", std::string(indent, ' '), key_text(key));
        put(each, format("{}/{}", pointer, key), indent + 2);
      }
    } else if (node.kind == Node::Kind::list && !node.list.empty()) {
      if (!line_.empty()) end_line(node);
      for (std::size_t i = 0; i < node.list.size(); ++i) {
        line_ = format("{}-", std::string(indent, ' '));
        put(node.list[i], format("{}/{}", pointer, i), indent + 2);
      }
    } else {
      line_ += ' ';
      line_ += node.kind == Node::Kind::mapping ? "{}"
               : node.kind == Node::Kind::list  ? "[]"
                                                : scalar_text(node, indent);
      end_line(node);
    }
  }

  void end_line(const Node& node) {
    const auto count = std::count(line_.begin(), line_.end(), '\n') + 1;
    file_.lines.insert(file_.lines.end(), static_cast<std::size_t>(count), node.origin);
    file_.text += line_ + "\n";
    line_.clear();
  }

  std::string key_text(const std::string& key) const {
    const auto is_plain = [](char c) { return is_letter(c) || c == '_' || c == '-'; };
    constexpr std::array kWords = {"y", "n", "yes", "no", "on", "off", "true", "false", "null"};
    const bool is_safe = !key.empty() && std::all_of(key.begin(), key.end(), is_plain) &&
                         key.front() != '-' &&
                         std::find(kWords.begin(), kWords.end(), lower(key)) == kWords.end();
    return is_safe ? key : finish_(Json(key).dump());
  }

  std::string scalar_text(const Node& node, std::size_t indent) const {
    if (!node.scalar.is_string()) return node.scalar.dump();
    const std::string& text = node.scalar.text();
    const bool has_lines = text.find('\n') != std::string::npos;
    if (node.spelling == Spelling::plain && !has_lines) return finish_(text);
    const std::string quoted = Json(text).dump();
    std::string finished = finish_(quoted);
    // What a template puts in there is to be read as it would be where it was written.
    if (finished == quoted) return finished;
    if (node.spelling == Spelling::single_quotes && !has_lines) {
      std::string doubled;
      for (const char c : text) doubled += c == '\'' ? std::string("''") : std::string(1, c);
      return format("'{}'", finish_(doubled));
    }
    return node.spelling == Spelling::block ? block_text(text, indent) : finished;
  }

  std::string block_text(std::string text, std::size_t indent) const {
    std::string header = "|2-";
    if (text.ends_with('\n')) {
      text.pop_back();
      header = text.ends_with('\n') ? "|2+" : "|2";
    }
    std::string block = header + "\n" + std::string(indent, ' ');
    for (const char c : finish_(text)) {
      block += c;
      if (c == '\n') block.append(indent, ' ');
    }
    return block;
  }

  const std::function<std::string(const std::string&)>& finish_;
  WrittenFile file_;
  std::string line_;
};

}  // namespace

const Node* Node::find(std::string_view key) const {
  const auto found = mapping.find(key);
  return found == mapping.end() ? nullptr : &found->second;
}

Node* Node::find(std::string_view key) {
  return const_cast<Node*>(std::as_const(*this).find(key));
}

const Node::Mapping& Node::mapping_at(std::string_view key) const {
  static const Mapping none;
  const Node* found = find(key);
  return found == nullptr ? none : found->mapping;
}

std::optional<Node> Node::take(std::string_view key) {
  const auto found = mapping.find(key);
  if (found == mapping.end()) return std::nullopt;
  Node taken = std::move(found->second);
  mapping.erase(found);
  return taken;
}

std::string Node::text() const {
  if (kind != Kind::scalar || scalar.is_null()) return "";
  return scalar.is_string() ? scalar.text() : scalar.dump();
}

std::string Node::text_at(std::string_view key) const {
  const Node* found = find(key);
  return found == nullptr ? "" : found->text();
}

std::string Node::where() const {
  return format("{}:{}", origin.name, origin.line);
}

Node text_node(std::string text, const Node& old) {
  return {.scalar = std::move(text), .spelling = old.spelling, .origin = old.origin};
}

Node node_of(const YamlDocument& document, const std::string& name, Problems& problems) {
  return NodeReader(document, name, problems).read(document.value(), "");
}

WrittenFile write_yaml(const Node& root,
                       const std::function<std::string(const std::string&)>& finish) {
  return NodeWriter(finish).write(root);
}

}  // namespace sealift::compose
