// SPDX-License-Identifier: Apache-2.0
#include "release/templates/template_scanner.hpp"

#include <algorithm>
#include <optional>

#include "base/format.hpp"
#include "base/path.hpp"

namespace sealift::release {

namespace {

constexpr std::size_t kTemplateScannerMaxDepth = 16;

using Kind = TemplateNode::Kind;

bool is_blank(char c) {
  return c == ' ' || c == '\t';
}

// The end of a section repeats its name, or all that its beginning says.
bool ends(const TemplateNode& section, std::string_view inside) {
  if (section.expression.name == inside) return true;
  try {
    return parse_expression(inside) == section.expression;
  } catch (const Error&) {
    return false;
  }
}

}  // namespace

void TemplateScanner::scan() {
  while (true) {
    const std::size_t open = std::min(text_.find("{{", at_), text_.size());
    put_text(text_.substr(at_, open - at_));
    skip_to(open);
    if (open == text_.size() || !tag()) break;
  }
  for (const Open& section : open_) {
    const TemplateNode& node = nodes_[section.node];
    problems_.add(format("{}:{}: the section \"{}\" is not closed", where_, node.line,
                         printable(node.expression.name, 80)));
  }
  problems_.throw_if_any(Errc::invalid_input);
}

void TemplateScanner::skip_to(std::size_t position) {
  const std::string_view skipped = text_.substr(at_, position - at_);
  line_ += static_cast<int>(std::count(skipped.begin(), skipped.end(), '\n'));
  at_ = position;
}

void TemplateScanner::refuse(const std::string& found, const std::string& hint) {
  problems_.add(format("{}:{}: {}", where_, line_, found), hint);
}

bool TemplateScanner::tag() {
  const bool triple = text_.substr(at_).starts_with("{{{");
  const std::string_view closing = triple ? "}}}" : "}}";
  const std::size_t begin = at_ + closing.size();
  const std::size_t end = end_of_tag(begin, closing);
  if (end == std::string_view::npos) {
    refuse("found \"{{\" without its \"}}\"");
    return false;
  }
  const std::string_view inside = without_blanks(text_.substr(begin, end - begin));
  const std::size_t behind = end + closing.size();
  const char sign = inside.empty() ? ' ' : inside.front();
  const bool may_stand_alone = !triple && std::string_view("#^/!").find(sign) != std::string::npos;
  const std::size_t next = may_stand_alone ? end_of_line_of(behind) : behind;
  if (triple && sign != '>' && sign != '=') {
    put_named(Kind::value, inside);
  } else {
    read(inside);
  }
  skip_to(next);
  return true;
}

// A text in quotes may hold the closing braces.
std::size_t TemplateScanner::end_of_tag(std::size_t begin, std::string_view closing) const {
  const std::size_t first = text_.find_first_not_of(" \t\r\n", begin);
  if (first != std::string_view::npos && text_[first] == '!') return text_.find(closing, begin);
  bool quoted = false;
  for (std::size_t i = begin; i < text_.size(); ++i) {
    if (!quoted && text_.substr(i).starts_with(closing)) return i;
    if (text_[i] == '"') quoted = !quoted;
    if (quoted && text_[i] == '\\') ++i;
    if (quoted && i < text_.size() && text_[i] == '\n') return std::string_view::npos;
  }
  return std::string_view::npos;
}

void TemplateScanner::read(std::string_view inside) {
  const char sign = inside.empty() ? ' ' : inside.front();
  const auto rest = [&] { return without_blanks(inside.substr(1)); };
  switch (sign) {
    case '!':
      return;
    case '>':
      return refuse("found a partial, which this language does not have");
    case '=':
      return refuse("found other delimiters, which this language does not have");
    case '#':
      return open(Kind::section, rest());
    case '^':
      return open(Kind::inverted, rest());
    case '/':
      return close(rest());
    case '"':
      return literal(inside);
    case '&':
      put_named(Kind::value, rest());
      return;
    default:
      put_named(Kind::value, inside);
  }
}

void TemplateScanner::literal(std::string_view inside) {
  try {
    const std::string text = take_quoted(inside);
    if (!inside.empty()) {
      refuse(
          format("found \"{}\" behind a text in quotes, expected its end", printable(inside, 80)));
    }
    put_text(text);
  } catch (const Error& error) {
    refuse(error.message(), error.hint());
  }
}

void TemplateScanner::put_text(std::string_view text) {
  if (text.empty()) return;
  // What follows a section is not inside it.
  if (nodes_.size() > closed_ && nodes_.back().kind == Kind::text) {
    nodes_.back().text += text;
    return;
  }
  nodes_.push_back({Kind::text, std::string(text), {}, line_, -1, 0});
}

bool TemplateScanner::put_named(Kind kind, std::string_view inside) {
  std::optional<Expression> expression;
  try {
    expression = parse_expression(inside);
  } catch (const Error& error) {
    refuse(error.message(), error.hint());
    return false;
  }
  if (expression->is_of_item() && open_.empty()) {
    refuse(format("found {{{{{}}}}} outside of a section", expression->name));
  }
  const int used = expression->is_of_item() ? -1 : use(*expression, kind);
  nodes_.push_back({kind, {}, std::move(*expression), line_, used, 0});
  return true;
}

int TemplateScanner::use(const Expression& expression, Kind kind) {
  uses_.push_back({.name = expression.name,
                   .line = line_,
                   .section = kind != Kind::value,
                   .guarded = is_guarded(expression),
                   .around = open_.empty() ? -1 : open_.back().use});
  return static_cast<int>(uses_.size()) - 1;
}

bool TemplateScanner::is_guarded(const Expression& expression) const {
  if (expression.asks_if_set()) return true;
  return std::any_of(open_.begin(), open_.end(), [&](const Open& section) {
    const TemplateNode& node = nodes_[section.node];
    return node.kind == Kind::section && node.expression.name == expression.name &&
           node.expression.asks_if_set();
  });
}

void TemplateScanner::open(Kind kind, std::string_view inside) {
  if (!put_named(kind, inside)) {
    // Kept, so that its end is not a mistake of its own.
    nodes_.push_back({kind, {}, {std::string(inside), {}}, line_, -1, 0});
  }
  if (open_.size() >= kTemplateScannerMaxDepth)
    refuse(format("found sections nested deeper than {}", kTemplateScannerMaxDepth));
  const int own = nodes_.back().use;
  open_.push_back({nodes_.size() - 1, own >= 0 || open_.empty() ? own : open_.back().use});
}

void TemplateScanner::close(std::string_view inside) {
  const TemplateNode* begun = open_.empty() ? nullptr : &nodes_[open_.back().node];
  if (begun == nullptr || !ends(*begun, inside)) {
    refuse(format("found the end of \"{}\", expected that of \"{}\"", printable(inside, 80),
                  begun == nullptr ? "nothing" : printable(begun->expression.name, 80)));
    return;
  }
  nodes_[open_.back().node].end = closed_ = nodes_.size();
  open_.pop_back();
}

std::size_t TemplateScanner::end_of_line_of(std::size_t end) {
  std::size_t begin = at_;
  while (begin > 0 && is_blank(text_[begin - 1])) --begin;
  if (begin > 0 && text_[begin - 1] != '\n') return end;
  std::size_t next = end;
  while (next < text_.size() && is_blank(text_[next])) ++next;
  if (text_.substr(next).starts_with("\r\n")) {
    next += 2;
  } else if (next < text_.size() && text_[next] == '\n') {
    ++next;
  } else if (next < text_.size()) {
    return end;
  }
  if (begin < at_) nodes_.back().text.resize(nodes_.back().text.size() - (at_ - begin));
  return next;
}

}  // namespace sealift::release
