// SPDX-License-Identifier: Apache-2.0
#include "s3/xml.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "base/error.hpp"
#include "base/format.hpp"
#include "base/path.hpp"
#include "base/text.hpp"

namespace sealift::s3 {

namespace {

constexpr std::array kEntities = {std::pair{"amp", '&'}, std::pair{"lt", '<'}, std::pair{"gt", '>'},
                                  std::pair{"quot", '"'}, std::pair{"apos", '\''}};
constexpr std::string_view kBlanks = " \t\r\n";
constexpr int kHexadecimal = 16;
constexpr std::uint32_t kLastCharacter = 0x10FFFF;

void add_utf8(std::uint32_t code, std::string& text) {
  const auto byte = [&](std::uint32_t value) { text += static_cast<char>(value); };
  if (code < 0x80) return byte(code);
  if (code < 0x800) {
    byte(0xC0U | (code >> 6U));
  } else if (code < 0x10000) {
    byte(0xE0U | (code >> 12U));
    byte(0x80U | ((code >> 6U) & 0x3FU));
  } else {
    byte(0xF0U | (code >> 18U));
    byte(0x80U | ((code >> 12U) & 0x3FU));
    byte(0x80U | ((code >> 6U) & 0x3FU));
  }
  byte(0x80U | (code & 0x3FU));
}

class XmlReader {
 public:
  XmlReader(std::string_view rest, const std::string& where) : rest_(rest), where_(where) {}

  Element document() {
    skip_between();
    Element root = element(0);
    skip_between();
    if (!rest_.empty()) refuse("something behind the document");
    return root;
  }

 private:
  [[noreturn]] void refuse(std::string_view found) const {
    throw Error(Errc::corrupt, format("{}: found {} in XML", where_, found),
                "something between us and the store may have answered in its place");
  }

  bool take(std::string_view text) {
    if (!rest_.starts_with(text)) return false;
    rest_.remove_prefix(text.size());
    return true;
  }

  std::string_view until(std::string_view end) {
    const std::size_t at = rest_.find(end);
    if (at == rest_.npos) refuse("an end that is missing");
    const std::string_view before = rest_.substr(0, at);
    rest_.remove_prefix(at + end.size());
    return before;
  }

  // Comments and instructions; false where none is next.
  bool skip_aside() {
    if (take("<!--")) return until("-->"), true;
    if (take("<?")) return until("?>"), true;
    return false;
  }

  void skip_between() {
    while (true) {
      const std::size_t blanks = rest_.find_first_not_of(kBlanks);
      rest_.remove_prefix(std::min(blanks, rest_.size()));
      if (!skip_aside()) return;
    }
  }

  std::string decoded(std::string_view raw) const {
    std::string text;
    while (true) {
      const std::size_t mark = raw.find('&');
      text += raw.substr(0, mark);
      if (mark == raw.npos) return text;
      const std::size_t end = raw.find(';', mark);
      if (end == raw.npos || end - mark > 10) refuse("an entity without an end");
      add_entity(raw.substr(mark + 1, end - mark - 1), text);
      raw.remove_prefix(end + 1);
    }
  }

  void add_entity(std::string_view name, std::string& text) const {
    for (const auto& [known, character] : kEntities) {
      if (name == known) {
        text += character;
        return;
      }
    }
    std::uint32_t code = 0;
    const bool is_hex = name.starts_with("#x");
    const char* begin = name.data() + (is_hex ? 2 : 1);
    const char* last = name.data() + name.size();
    const bool is_number = name.starts_with('#') && begin < last;
    if (!is_number || std::from_chars(begin, last, code, is_hex ? kHexadecimal : 10).ptr != last ||
        code == 0 || code > kLastCharacter || (code >= 0xD800 && code < 0xE000)) {
      refuse(format("the entity \"{}\"", printable(name, 20)));
    }
    add_utf8(code, text);
  }

  // `<` is next.
  Element element(std::size_t depth) {
    if (depth > kMaxXmlDepth || ++count_ > kMaxXmlElements) refuse("too many elements");
    if (!take("<") || rest_.starts_with('!')) refuse("no element where one is expected");
    std::string_view tag = until(">");
    const bool is_empty = tag.ends_with('/');
    if (is_empty) tag.remove_suffix(1);
    const std::string whole(tag.substr(0, std::min(tag.find_first_of(kBlanks), tag.size())));
    Element made{.name = whole.substr(whole.find(':') + 1), .text = {}};
    if (made.name.empty()) refuse("an element without a name");
    while (!is_empty) {
      const std::size_t mark = rest_.find('<');
      if (mark == rest_.npos) refuse("an end that is missing");
      made.text += decoded(rest_.substr(0, mark));
      rest_.remove_prefix(mark);
      if (skip_aside()) continue;
      if (take("<![CDATA[")) {
        made.text += until("]]>");
      } else if (take("</")) {
        if (trimmed(until(">"), kBlanks) != whole) refuse("an end of another element");
        break;
      } else {
        made.children.push_back(element(depth + 1));
      }
    }
    return made;
  }

  std::string_view rest_;
  const std::string& where_;
  std::size_t count_ = 0;
};

}  // namespace

const Element* Element::child(std::string_view wanted) const {
  const auto found = std::find_if(children.begin(), children.end(),
                                  [&](const Element& each) { return each.name == wanted; });
  return found == children.end() ? nullptr : &*found;
}

std::string Element::text_of(std::string_view wanted) const {
  const Element* found = child(wanted);
  return found == nullptr ? "" : found->text;
}

Element parse_xml(std::string_view document, const std::string& where) {
  if (document.size() > kMaxXmlBytes || !is_utf8(document)) {
    throw Error(Errc::corrupt, format("{}: found {} bytes, expected XML in UTF-8 of at most {}",
                                      where, document.size(), kMaxXmlBytes));
  }
  return XmlReader(document, where).document();
}

std::string xml_escaped(std::string_view text) {
  std::string escaped(text);
  replace_all(escaped, "&", "&amp;");
  replace_all(escaped, "<", "&lt;");
  replace_all(escaped, ">", "&gt;");
  return escaped;
}

}  // namespace sealift::s3
