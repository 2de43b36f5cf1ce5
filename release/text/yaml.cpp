// SPDX-License-Identifier: Apache-2.0
#include "release/text/yaml.hpp"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <charconv>
#include <sstream>

#include "base/ascii.hpp"
#include "base/characters.hpp"
#include "base/format.hpp"
#include "base/lines.hpp"
#include "base/path.hpp"

namespace sealift::release {

namespace {

constexpr std::size_t kMaxDepth = 32;         // of ours
constexpr std::size_t kMaxForeignDepth = 60;  // of others: in a list it is still JSON that we read
constexpr std::size_t kMaxAliased = 100'000;  // values that aliases stand for, in all
constexpr std::size_t kMaxAliasedBytes = 16U << 20;  // and of their texts
constexpr std::int64_t kMaxInteger = std::int64_t{1} << 53;

// Plain decimal numbers alone. 1e3, .inf and .nan stay texts: in configuration they are words.
bool is_float(std::string_view text) {
  if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
  const std::size_t point = text.find('.');
  if (point == std::string_view::npos || text.size() < 2) return false;
  const std::string_view after = text.substr(point + 1);
  return std::all_of(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(point), is_digit) &&
         std::all_of(after.begin(), after.end(), is_digit);
}

bool is_integer(std::string_view text) {
  if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
  return !text.empty() && std::all_of(text.begin(), text.end(), is_digit);
}

// Whether the number that it is read as would be written otherwise: +94771234567, 007, -0.
bool loses_characters(std::string_view integer) {
  if (integer.starts_with('+') || integer == "-0") return true;
  if (integer.starts_with('-')) integer.remove_prefix(1);
  return integer.size() > 1 && integer.front() == '0';
}

}  // namespace

// yaml-cpp's node tree keeps one of two equal keys without a word, so the events are walked
// instead.
class YamlBuilder : public YAML::EventHandler {
 public:
  YamlBuilder(YamlDocument& document, std::string_view text, Yaml form)
      : document_(document), text_(text), form_(form) {}

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (++documents_ == 2) problem(mark, "found a second document, expected one");
  }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    check(mark, "?", anchor);
    put({.line = mark.line + 1, .spelling = YamlMark::Spelling::plain}, mark, nullptr, "");
  }
  // Files of ours are read by people who do not know YAML: what stands there is what counts. Files
  // of others (Compose) use aliases for what several services share.
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    if (form_ != Yaml::ours) {
      put_alias(mark, anchor);
      return;
    }
    problem(mark, "found an alias (*name), expected the value itself");
    put(mark_at(mark), mark, nullptr, "*");
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& text) override {
    check(mark, tag, anchor);
    if (form_ == Yaml::ours && text.size() > kMaxYamlScalar) {
      problem(mark, format("found a value of {} bytes, expected at most {}", text.size(),
                           kMaxYamlScalar));
      put(mark_at(mark), mark, nullptr, text);
      return;
    }
    // The library tells a quoted text by its tag "!", but not which quotes: those are in the text.
    remember(anchor);
    YamlMark own = mark_at(mark, tag);
    if (tag == "?") {
      own.spelling = YamlMark::Spelling::plain;
    } else if (const std::string_view rest =
                   text_.substr(std::min(static_cast<std::size_t>(mark.pos), text_.size()));
               rest.starts_with('\'')) {
      own.spelling = YamlMark::Spelling::single_quotes;
    } else if (rest.starts_with('|') || rest.starts_with('>')) {
      own.spelling = YamlMark::Spelling::block;
    }
    put(std::move(own), mark, expects_key() || tag == "!" ? Json(text) : scalar(mark, text), text);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    check(mark, tag, anchor);
    remember(anchor);
    open(mark, tag, Json::array());
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    check(mark, tag, anchor);
    remember(anchor);
    open(mark, tag, Json::object());
  }
  void OnMapEnd() override { close(); }

  int documents() const { return documents_; }
  Problems& problems() { return problems_; }

 private:
  // One open list or mapping. Of a mapping: the key that was read, until its value comes.
  struct Level {
    Json* value;
    std::string pointer;
    std::string key;
    int key_line = 0;
    bool has_key = false;
  };

  void problem(const YAML::Mark& mark, const std::string& found, const std::string& hint = {}) {
    problems_.add(format("{}:{}: {}", document_.name_, mark.line + 1, found), hint);
  }

  // Anchors and tags change what a reader sees into something else.
  void check(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor) {
    if (anchor != 0 && form_ == Yaml::ours)
      problem(mark, "found an anchor (&name), expected plain values");
    if (form_ != Yaml::tagged && is_own_tag(tag)) {
      problem(mark, format("found the tag {}, expected plain values", printable(tag, 60)));
    }
  }

  static bool is_own_tag(const std::string& tag) {
    return tag != "?" && tag != "!" && !tag.empty();
  }
  static YamlMark mark_at(const YAML::Mark& mark, const std::string& tag = {}) {
    return {.line = mark.line + 1, .tag = is_own_tag(tag) ? tag : ""};
  }

  // Where the next value will stand.
  JsonPointer next_place() const {
    JsonPointer place;
    for (const Level& level : levels_) {
      if (level.value->is_array()) {
        place = place / (level.value->size() - (&level == &levels_.back() ? 0 : 1));
      } else {
        place = place / level.key;
      }
    }
    return place;
  }

  void remember(YAML::anchor_t anchor) {
    if (anchor != 0 && skipped_ == 0) anchors_[anchor] = next_place();
  }

  // Values are copied, so they are counted: a few aliases of aliases may stand for millions.
  void put_alias(const YAML::Mark& mark, YAML::anchor_t anchor) {
    const auto place = anchors_.find(anchor);
    if (place == anchors_.end() || !document_.value_.contains(place->second)) {
      problem(mark, "found an alias (*name) of nothing");
      put(mark_at(mark), mark, nullptr, "*");
      return;
    }
    const Json& value = document_.value_.at(place->second);
    count_copy(value);
    if (copied_values_ > kMaxAliased || copied_bytes_ > kMaxAliasedBytes) {
      problem(mark, format("found aliases that stand for more than {} values or {} MiB of text",
                           kMaxAliased, kMaxAliasedBytes >> 20U));
      put(mark_at(mark), mark, nullptr, "*");
      return;
    }
    const std::string from = pointer_to(place->second);
    const std::string to = pointer_to(next_place());
    const bool has_place = !expects_key() && skipped_ == 0;
    put(mark_at(mark), mark, Json(value), "*");
    if (has_place && form_ == Yaml::tagged) copy_marks(from, to);
  }

  // An empty list or mapping counts as one value.
  void count_copy(const Json& value) {
    if (value.is_string()) copied_bytes_ += value.text().size();
    if (value.is_primitive() || value.empty()) {
      ++copied_values_;
      return;
    }
    for (const Json& each : value) count_copy(each);
  }

  static std::string pointer_to(const JsonPointer& place) {
    std::string pointer;
    for (const std::string& part : place.parts()) pointer += "/" + part;
    return pointer;
  }

  // Those of an anchor, for an alias, each on the alias's own line.
  void copy_marks(const std::string& from, const std::string& to) {
    const int line = document_.marks_[to].line;
    std::map<std::string, YamlMark> copies;
    for (auto mark = document_.marks_.lower_bound(from);
         mark != document_.marks_.end() && mark->first.starts_with(from); ++mark) {
      const std::string rest = mark->first.substr(from.size());
      if (!rest.empty() && rest.front() != '/') continue;
      copies[to + rest] = {
          .line = line, .spelling = mark->second.spelling, .tag = mark->second.tag};
    }
    for (auto& [pointer, mark] : copies) document_.marks_[pointer] = std::move(mark);
  }

  // A scalar that comes now is the name of a value, and stays text whatever it looks like.
  bool expects_key() const {
    return !levels_.empty() && levels_.back().value->is_object() && !levels_.back().has_key;
  }

  // What a scalar without quotes means: narrower than the core schema of YAML 1.2, so that "yes"
  // and "on" are texts. A number that would be written otherwise (0755) is a text in files of
  // others, and refused in ours: one reader takes it for a number, the next for a text.
  Json scalar(const YAML::Mark& mark, const std::string& text) {
    if (text == "~" || text == "null") return nullptr;
    if (text == "true") return true;
    if (text == "false") return false;
    if (is_float(text)) {
      if (form_ != Yaml::ours) return text;
      problem(mark, format("found the number {}, expected text or a whole number", text),
              format("write \"{}\" in quotes", text));
      return text;
    }
    if (is_integer(text)) {
      const bool is_lossy = loses_characters(text);
      if (is_lossy && form_ != Yaml::ours) return text;
      std::int64_t number = 0;
      const char* begin = text.data() + (text.front() == '+' ? 1 : 0);
      const auto result = std::from_chars(begin, text.data() + text.size(), number);
      const std::string quoted = format("write \"{}\" in quotes", printable(text, 40));
      if (result.ec != std::errc() || number > kMaxInteger || number < -kMaxInteger) {
        problem(mark, format("found the number {}, expected at most 2^53", printable(text, 40)),
                quoted);
      } else if (is_lossy) {
        problem(
            mark,
            format("found {}, which would be read as the number {}", printable(text, 40), number),
            format("{}; as a number, write {}", quoted, number));
      }
      if (number >= 0) return static_cast<std::uint64_t>(number);
      return number;
    }
    return text;
  }

  // Puts a value where it belongs; null where it was a key or had no place.
  Json* attach(YamlMark own, const YAML::Mark& mark, Json value, const std::string& text) {
    if (skipped_ > 0) return nullptr;
    if (levels_.empty()) {
      document_.value_ = std::move(value);
      document_.marks_[""] = std::move(own);
      return &document_.value_;
    }
    Level& level = levels_.back();
    if (level.value->is_array()) {
      document_.marks_[format("{}/{}", level.pointer, level.value->size())] = std::move(own);
      level.value->push_back(std::move(value));
      return &level.value->back();
    }
    if (!level.has_key) {
      if (!value.is_string()) problem(mark, "found a key that is not text");
      level.key = text;
      level.key_line = own.line;
      level.has_key = true;
      return nullptr;
    }
    level.has_key = false;
    if (level.value->contains(level.key)) {
      problems_.add(format("{}:{}: found the key \"{}\" twice", document_.name_, level.key_line,
                           printable(level.key)));
    }
    own.line = level.key_line;
    document_.marks_[format("{}/{}", level.pointer, level.key)] = std::move(own);
    return &((*level.value)[level.key] = std::move(value));
  }

  void put(YamlMark own, const YAML::Mark& mark, Json value, const std::string& text) {
    attach(std::move(own), mark, std::move(value), text);
  }

  // Begins a list or mapping. One that has no place (a key, or too deep) is skipped to its end, so
  // that what is around it is still judged.
  void open(const YAML::Mark& mark, const std::string& tag, Json value) {
    std::string pointer;
    if (!levels_.empty()) {
      const Level& level = levels_.back();
      pointer = level.value->is_array() ? format("{}/{}", level.pointer, level.value->size())
                                        : format("{}/{}", level.pointer, level.key);
    }
    const std::size_t most = form_ == Yaml::ours ? kMaxDepth : kMaxForeignDepth;
    if (skipped_ == 0 && (expects_key() || levels_.size() >= most)) {
      problem(mark, expects_key() ? "found a key that is not text"
                                  : format("found nesting deeper than {}", most));
      if (expects_key()) levels_.back().has_key = true;
      ++skipped_;
      return;
    }
    if (skipped_ > 0) {
      ++skipped_;
      return;
    }
    Json* placed = attach(mark_at(mark, tag), mark, std::move(value), "");
    levels_.push_back({.value = placed, .pointer = std::move(pointer), .key = {}});
  }

  void close() {
    if (skipped_ > 0) {
      --skipped_;
    } else {
      levels_.pop_back();
    }
  }

  YamlDocument& document_;
  std::string_view text_;
  Yaml form_;
  std::map<YAML::anchor_t, JsonPointer> anchors_;
  std::size_t copied_values_ = 0;
  std::size_t copied_bytes_ = 0;
  Problems problems_;
  std::vector<Level> levels_;
  int documents_ = 0;
  int skipped_ = 0;  // depth inside something refused
};

namespace {

// What helps where the library gave up at line `line`, counted from 0: it may have noticed a line
// too late.
std::string advice_at(std::string_view text, int line) {
  const std::vector<std::string_view> lines = split_lines(text);
  for (const int near : {line, line - 1}) {
    if (near < 0 || static_cast<std::size_t>(near) >= lines.size()) continue;
    const std::string_view each = lines[static_cast<std::size_t>(near)];
    const std::size_t indented = std::min(each.find_first_not_of(" \t"), each.size());
    if (each.substr(0, indented).find('\t') == each.npos) continue;
    return format("line {} is indented with a tab: YAML takes blanks alone", near + 1);
  }
  return "look at this line and the one above: blanks that indent, quotes, commas and brackets";
}

}  // namespace

YamlDocument YamlDocument::parse(std::string_view text, const std::string& name, Yaml form) {
  const std::size_t most = form == Yaml::ours ? kMaxYamlBytes : kMaxForeignYamlBytes;
  if (text.size() > most) {
    throw Error(Errc::invalid_input,
                format("{}: {} bytes, expected at most {}", name, text.size(), most));
  }
  check_content(text, name);
  text = without_byte_order_mark(text);
  YamlDocument document;
  document.name_ = name;
  YamlBuilder builder(document, text, form);
  try {
    // The library takes the end of the file for the end of a quoted text that was left open; the
    // marker of a document's end it does not.
    std::istringstream stream(format("{}{}...\n", text, text.ends_with('\n') ? "" : "\n"));
    YAML::Parser parser(stream);
    // Two are enough to refuse: of "," the library makes documents without end.
    while (builder.documents() < 2 && parser.HandleNextDocument(builder)) {
    }
  } catch (const YAML::Exception& exception) {
    builder.problems().add(
        format("{}:{}: {}", name, exception.mark.line + 1, printable(exception.msg)),
        advice_at(text, exception.mark.line));
  }
  if (builder.documents() == 0 || document.value_.is_null()) {
    builder.problems().add(format("{}: found an empty file, expected a document", name));
  }
  builder.problems().throw_if_any(Errc::invalid_input);
  return document;
}

YamlDocument YamlDocument::load(const fs::path& file) {
  return parse(read_file(file, kMaxYamlBytes), file.string());
}

const YamlMark* YamlDocument::mark_of(std::string_view pointer) const {
  const auto found = marks_.find(pointer);
  return found == marks_.end() ? nullptr : &found->second;
}

namespace {

// What a map has of a pointer or of its nearest parent; null where it has neither.
template <typename Map>
const typename Map::mapped_type* nearest_of(const Map& map, std::string_view pointer) {
  while (true) {
    if (const auto found = map.find(pointer); found != map.end()) return &found->second;
    const std::size_t slash = pointer.rfind('/');
    if (slash == std::string_view::npos) return nullptr;
    pointer = pointer.substr(0, slash);
  }
}

}  // namespace

int YamlDocument::line_of(std::string_view pointer) const {
  const YamlMark* mark = nearest_of(marks_, pointer);
  return mark == nullptr ? 1 : mark->line;
}

std::string YamlDocument::where(std::string_view pointer) const {
  std::string path;
  for (std::string_view rest = pointer; !rest.empty();) {
    rest.remove_prefix(1);
    const std::string_view part = rest.substr(0, rest.find('/'));
    rest.remove_prefix(part.size());
    if (is_integer(part)) {
      path += format("[{}]", part);
    } else {
      path += path.empty() ? printable(part) : "." + printable(part);
    }
  }
  const YamlOrigin* origin = nearest_of(origins_, pointer);
  const std::string place = origin == nullptr ? format("{}:{}", name_, line_of(pointer))
                                              : format("{}:{}", origin->name, origin->line);
  return path.empty() ? place : format("{}: {}", place, path);
}

}  // namespace sealift::release
