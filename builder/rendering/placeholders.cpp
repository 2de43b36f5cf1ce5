// SPDX-License-Identifier: Apache-2.0
#include "builder/rendering/placeholders.hpp"

#include <algorithm>

#include "base/ascii.hpp"
#include "base/format.hpp"
#include "base/path.hpp"
#include "base/text.hpp"
#include "release/templates/template.hpp"
#include "release/templates/template_scanner.hpp"
#include "signing/base64.hpp"

namespace sealift::builder {

namespace {

// Ports and numbers of copies take them, helm writes them without an exponent, and one that a
// program has added to another is none of them.
constexpr std::size_t kFirstNumber = 20011;
constexpr std::size_t kSecondNumber = 40013;
constexpr std::size_t kBetweenNumbers = 37;
constexpr std::size_t kFirstName = 100;  // all have three digits: none begins another
constexpr std::size_t kMostNames = 400;

constexpr const char* kOnlyNames =
    "{{NAME}} alone can stand there: a program writes what is around";

// `from` where no digit is beside it.
void replace_number(std::string& text, const std::string& from, const std::string& to) {
  for (std::size_t at = text.find(from); at != text.npos; at = text.find(from, at)) {
    const std::size_t end = at + from.size();
    const bool is_alone =
        (at == 0 || !is_digit(text[at - 1])) && (end == text.size() || !is_digit(text[end]));
    if (is_alone) text.replace(at, from.size(), to);
    at += is_alone ? to.size() : from.size();
  }
}

}  // namespace

Placeholders::Placeholders(const Texts& templates, const SortOf& sort_of, Problems& problems) {
  for (const auto& [path, text] : templates) read(path, text, sort_of, problems);
  if (all_.size() > kMostNames) {
    problems.add(format("found {} placeholders, expected at most {}", all_.size(), kMostNames));
  }
}

void Placeholders::read(const std::string& path, const std::string& text, const SortOf& sort_of,
                        Problems& problems) {
  using Node = release::TemplateNode::Kind;
  release::TemplateScanner scanner(text, path);
  try {
    scanner.scan();
  } catch (const Error& error) {
    problems.add(error.advising(release::kBracesOfOthers));
    return;
  }
  std::vector<Part>& parts = files_[path];
  for (release::TemplateNode& node : scanner.take_nodes()) {
    const std::string where = format("{}:{}", path, node.line);
    if (node.kind == Node::text) {
      parts.push_back({.text = std::move(node.text)});
    } else if (node.kind != Node::value || node.expression.is_of_item() || node.use < 0) {
      problems.add(format("{}: found a section, or a field of one", where), kOnlyNames);
    } else if (!node.expression.filters.empty()) {
      problems.add(format("{}: found a filter of {}", where, node.expression.name), kOnlyNames);
    } else {
      parts.push_back(
          {.text = {}, .named = index_of(node.expression.name, where, sort_of, problems)});
    }
  }
}

int Placeholders::index_of(const std::string& name, const std::string& where, const SortOf& sort_of,
                           Problems& problems) {
  const auto known =
      std::find_if(all_.begin(), all_.end(), [&](const Named& each) { return each.name == name; });
  if (known != all_.end()) return static_cast<int>(known - all_.begin());
  all_.push_back({name, sort_of(name), where});
  if (all_.back().sort == Sort::list) {
    problems.add(format("{}: found {}, which is a list", where, printable(name, 80)), kOnlyNames);
  }
  return static_cast<int>(all_.size()) - 1;
}

Json Placeholders::stand_in(std::size_t index, Round round) const {
  const bool is_first = round == Round::first;
  const Sort sort = all_[index].sort;
  if (sort == Sort::boolean) return !is_first;
  if (sort == Sort::integer) {
    return (is_first ? kFirstNumber : kSecondNumber) + kBetweenNumbers * index;
  }
  return is_first ? format("sealift{}a", kFirstName + index)
                  : format("Sealift.{}-Second", kFirstName + index);
}

release::Values Placeholders::stand_ins(Round round) const {
  release::Values values;
  for (std::size_t i = 0; i < all_.size(); ++i) values[all_[i].name] = stand_in(i, round);
  return values;
}

Texts Placeholders::filled(const release::Values& values) const {
  Texts texts;
  for (const auto& [path, parts] : files_) {
    std::string& text = texts[path];
    for (const Part& part : parts) {
      text +=
          part.named < 0
              ? part.text
              : release::scalar_text(values.at(all_[static_cast<std::size_t>(part.named)].name));
    }
  }
  return texts;
}

std::string Placeholders::token(std::size_t index) const {
  return release::scalar_text(stand_in(index, Round::first));
}

std::string Placeholders::flag_token(std::size_t index) const {
  return format("sealift{}flag", kFirstName + index);
}

// A text that was encoded by itself has the base64 of its stand-in, which is looked for as well.
std::string Placeholders::in_round(std::string line, Round round) const {
  for (std::size_t i = 0; i < all_.size(); ++i) {
    const std::string from = token(i);
    const std::string to = release::scalar_text(stand_in(i, round));
    if (all_[i].sort == Sort::boolean) {
      replace_all(line, flag_token(i), to);
    } else if (all_[i].sort == Sort::integer) {
      replace_number(line, from, to);
    } else {
      replace_all(line, from, to);
      replace_all(line, signing::to_base64(from), signing::to_base64(to));
    }
  }
  return line;
}

// Braces first: those that come in afterwards are placeholders.
std::string Placeholders::restored(std::string line) const {
  replace_all(line, "{{", "{{\"{{\"}}");
  for (std::size_t i = 0; i < all_.size(); ++i) {
    const std::string to = format("{{{{{}}}}}", all_[i].name);
    if (all_[i].sort == Sort::boolean) {
      replace_all(line, flag_token(i), to);
    } else if (all_[i].sort == Sort::integer) {
      replace_number(line, token(i), to);
    } else {
      replace_all(line, token(i), to);
      replace_all(line, signing::to_base64(token(i)), format("{{{{{} | base64}}}}", all_[i].name));
    }
  }
  return line;
}

}  // namespace sealift::builder
