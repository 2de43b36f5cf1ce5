// SPDX-License-Identifier: Apache-2.0
#include "base/path.hpp"

#include <utf8proc.h>

#include <algorithm>
#include <cstdlib>
#include <memory>

#include "base/characters.hpp"
#include "base/error.hpp"
#include "base/format.hpp"
#include "base/text.hpp"

namespace sealift {

namespace {

// Most names are: no table of Unicode is asked for them.
bool is_plain_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c < 0x7f; });
}

std::string map(std::string_view text, int options) {
  utf8proc_uint8_t* mapped = nullptr;
  const utf8proc_ssize_t size = utf8proc_map(reinterpret_cast<const utf8proc_uint8_t*>(text.data()),
                                             static_cast<utf8proc_ssize_t>(text.size()), &mapped,
                                             static_cast<utf8proc_option_t>(options));
  const std::unique_ptr<utf8proc_uint8_t, decltype(&std::free)> owner(mapped, &std::free);
  if (size < 0) throw Error(Errc::invalid_input, "found text that is not UTF-8");
  return std::string(reinterpret_cast<const char*>(mapped), static_cast<std::size_t>(size));
}

[[noreturn]] void refuse(std::string_view name, std::string_view rule) {
  throw Error(Errc::invalid_input, format("name \"{}\": {}", printable(name), rule));
}

}  // namespace

void check_name(std::string_view name) {
  if (name.empty()) refuse(name, "empty, expected at least one character");
  if (name == "." || name == "..") refuse(name, "not a name of its own");
  if (name.size() > RelPath::kMaxComponentBytes) {
    refuse(name, format("{} bytes, expected at most {}", name.size(), RelPath::kMaxComponentBytes));
  }
  if (name.find('/') != std::string_view::npos) refuse(name, "found '/' inside a name");
  if (is_plain_ascii(name)) return;
  CharacterReader reader(name);
  while (reader.next()) {
    if (reader.is_broken()) refuse(name, "not valid UTF-8");
    if (!reader.is_visible()) {
      refuse(name, format("found the control or invisible character {}", reader.name()));
    }
  }
  if (map(name, UTF8PROC_STABLE | UTF8PROC_COMPOSE) != name) {
    refuse(name, "not in Unicode normal form C");
  }
}

RelPath RelPath::parse(std::string_view text) {
  if (text.size() > kMaxBytes) {
    throw Error(Errc::invalid_input, format("path \"{}\": {} bytes, expected at most {}",
                                            printable(text), text.size(), kMaxBytes));
  }
  std::string_view rest = text;
  while (true) {
    const std::size_t slash = rest.find('/');
    try {
      check_name(rest.substr(0, slash));
    } catch (const Error& error) {
      throw error.within(format("path \"{}\"", printable(text)));
    }
    if (slash == std::string_view::npos) return RelPath(text);
    rest.remove_prefix(slash + 1);
  }
}

std::string_view RelPath::name() const {
  return std::string_view(text_).substr(text_.rfind('/') + 1);
}

std::string_view RelPath::parent() const {
  const std::size_t slash = text_.rfind('/');
  return slash == std::string::npos ? std::string_view() : std::string_view(text_).substr(0, slash);
}

// As macOS and Windows compare names, near enough to refuse those that would collide there.
std::string fold_case(std::string_view name) {
  if (is_plain_ascii(name)) return lower(name);
  return map(name, UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_CASEFOLD | UTF8PROC_IGNORE);
}

// The limit is of what is written; a character is never cut.
std::string printable(std::string_view text, std::size_t limit) {
  std::string out;
  CharacterReader reader(text);
  while (reader.next()) {
    if (out.size() >= limit) return out + "...";
    if (reader.is_visible()) {
      out += reader.bytes();
      continue;
    }
    for (const char c : reader.bytes()) out += format("\\x{:02x}", static_cast<unsigned char>(c));
  }
  return out;
}

std::string printable_lines(std::string_view text) {
  std::string out;
  while (true) {
    const std::size_t newline = text.find('\n');
    const std::string_view line = text.substr(0, newline);
    out += printable(line, line.size() * 4 + 1);
    if (newline == std::string_view::npos) return out;
    out += '\n';
    text.remove_prefix(newline + 1);
  }
}

}  // namespace sealift
