// SPDX-License-Identifier: Apache-2.0
#pragma once

// Reads the text of a template into its parts. Sections are nested 16 deep at most.

#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "release/templates/template_node.hpp"

namespace sealift::release {

class TemplateScanner {
 public:
  // `text` must outlive it.
  TemplateScanner(std::string_view text, const std::string& where) : text_(text), where_(where) {}

  // Once. Throws Error{invalid_input} with every mistake.
  void scan();
  std::vector<TemplateNode> take_nodes() { return std::move(nodes_); }
  std::vector<TemplateUse> take_uses() { return std::move(uses_); }

 private:
  struct Open {
    std::size_t node;
    int use;  // of it or, where it names nothing, of the section around it
  };

  void skip_to(std::size_t position);
  void refuse(const std::string& found, const std::string& hint = {});
  // Takes one tag from the front; false where it never ends.
  bool tag();
  std::size_t end_of_tag(std::size_t begin, std::string_view closing) const;
  void read(std::string_view inside);
  void literal(std::string_view inside);
  void put_text(std::string_view text);
  // Adds a part that names something; false where it is refused.
  bool put_named(TemplateNode::Kind kind, std::string_view inside);
  void open(TemplateNode::Kind kind, std::string_view inside);
  void close(std::string_view inside);
  int use(const Expression& expression, TemplateNode::Kind kind);
  bool is_guarded(const Expression& expression) const;
  // A tag from at_ to `end` that is alone on its line takes the line with it.
  std::size_t end_of_line_of(std::size_t end);

  std::string_view text_;
  std::string where_;
  std::size_t at_ = 0;
  int line_ = 1;
  std::vector<TemplateNode> nodes_;
  std::vector<TemplateUse> uses_;
  std::vector<Open> open_;
  std::size_t closed_ = 0;  // the node behind the last section that ended
  Problems problems_;
};

}  // namespace sealift::release
