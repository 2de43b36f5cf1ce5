// SPDX-License-Identifier: Apache-2.0
#include "release/text/glob.hpp"

namespace sealift::release {

namespace {

std::vector<std::string> components(std::string_view path) {
  std::vector<std::string> parts;
  while (true) {
    const std::size_t slash = path.find('/');
    parts.emplace_back(path.substr(0, slash));
    if (slash == std::string_view::npos) return parts;
    path.remove_prefix(slash + 1);
  }
}

// Greedy with one point to come back to: the last star.
bool component_matches(std::string_view pattern, std::string_view name) {
  std::size_t p = 0;
  std::size_t n = 0;
  std::size_t star = std::string_view::npos;
  std::size_t after = 0;
  while (n < name.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      after = n;
    } else if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == name[n])) {
      ++p;
      ++n;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      n = ++after;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

std::string component_regex(std::string_view pattern) {
  std::string regex;
  for (const char c : pattern) {
    if (c == '*') {
      regex += "[^/]*";
    } else if (c == '?') {
      regex += "[^/]";
    } else if (std::string_view(".+()[").find(c) != std::string_view::npos) {
      regex += {'[', c, ']'};
    } else {
      regex += c;
    }
  }
  return regex;
}

}  // namespace

Glob::Glob(std::string_view pattern) : parts_(components(pattern)) {}

bool Glob::matches(std::string_view path) const {
  const std::vector<std::string> names = components(path);
  // reach[j]: the parts so far match the first j names.
  std::vector<bool> reach(names.size() + 1, false);
  reach[0] = true;
  for (const std::string& part : parts_) {
    std::vector<bool> next(names.size() + 1, false);
    for (std::size_t j = 0; j <= names.size(); ++j) {
      if (part == "**") {
        next[j] = reach[j] || (j > 0 && next[j - 1]);
      } else if (j > 0) {
        next[j] = reach[j - 1] && component_matches(part, names[j - 1]);
      }
    }
    reach = std::move(next);
  }
  return reach[names.size()];
}

std::string Glob::regex() const {
  std::string regex = "^";
  for (std::size_t i = 0; i < parts_.size(); ++i) {
    const bool last = i + 1 == parts_.size();
    if (parts_[i] != "**") {
      regex += "/" + component_regex(parts_[i]);
    } else if (last) {
      regex += "(/.*)?";
    } else {
      regex += "(/[^/]+)*";
    }
  }
  return regex + "$";
}

}  // namespace sealift::release
