// SPDX-License-Identifier: Apache-2.0
#include "release/values/dotenv.hpp"

#include <algorithm>

#include "base/characters.hpp"
#include "base/error.hpp"
#include "base/format.hpp"
#include "base/path.hpp"
#include "base/text.hpp"
#include "release/text/compose_variable.hpp"
#include "release/values/environment.hpp"

namespace sealift::release {

namespace {

constexpr std::string_view kBlank = " \t";
constexpr std::string_view kSpace = " \t\r";
constexpr std::size_t kMaxDefaults = 16;  // of defaults inside defaults

bool is_compose_key(std::string_view key) {
  constexpr std::string_view kLetters =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-";
  return !key.empty() && key.find_first_not_of(kLetters) == std::string_view::npos;
}

class DotenvReader {
 public:
  DotenvReader(std::string_view text, const std::string& name, DotenvKeys keys)
      : rest_(text), name_(name), keys_(keys) {}

  std::map<std::string, DotenvEntry> read() {
    for (; !rest_.empty(); ++line_) {
      first_line_ = line_;
      try {
        statement(trimmed(take_line(), kSpace));
      } catch (const Error& error) {
        problems_.add(error);
      }
    }
    problems_.throw_if_any(Errc::invalid_input);
    return std::move(entries_);
  }

 private:
  [[noreturn]] void refuse(const std::string& found, const std::string& hint = {}) const {
    throw Error(Errc::invalid_input, format("{}:{}: {}", name_, first_line_, found), hint);
  }

  std::string_view take_line() {
    const std::size_t end = std::min(rest_.find('\n'), rest_.size());
    const std::string_view line = rest_.substr(0, end);
    rest_.remove_prefix(std::min(end + 1, rest_.size()));
    return line;
  }

  void statement(std::string_view line) {
    if (line.empty() || line.front() == '#') return;
    constexpr std::string_view kExport = "export";
    if (line.starts_with(kExport) && line.size() > kExport.size() &&
        kBlank.find(line[kExport.size()]) != std::string_view::npos) {
      line = trimmed(line.substr(kExport.size()), kSpace);
    }
    const std::size_t separator = line.find_first_of("=:");
    std::string_view key = line.substr(0, separator);
    const bool alone = separator == std::string_view::npos;
    if (alone) key = key.substr(0, key.find(" #"));
    key = trimmed(key, kSpace);
    if (keys_ == DotenvKeys::compose ? !is_compose_key(key) : !is_value_name(key)) {
      refuse(format("found the key \"{}\", expected letters, digits and _{}", printable(key, 80),
                    keys_ == DotenvKeys::compose ? " . -" : ", a digit not first"));
    }
    Json value = alone ? Json() : Json(value_of(line.substr(separator + 1)));
    const auto [entry, fresh] =
        entries_.try_emplace(std::string(key), DotenvEntry{value, first_line_});
    // The same once more means the same, however it is read.
    if (!fresh && entry->second.value != value) {
      refuse(format("found the key {} twice, expected it once; it stands in line {} too", key,
                    entry->second.line));
    }
    if (entries_.size() > kMaxDotenvKeys) {
      rest_ = {};
      refuse(format("found more than {} keys", kMaxDotenvKeys));
    }
  }

  std::string value_of(std::string_view text) {
    const std::string_view value = trimmed(text, kSpace);
    std::string read = !value.empty() && (value.front() == '\'' || value.front() == '"')
                           ? quoted(value.substr(1), value.front())
                           : plain(text);
    check_size(read);
    return read;
  }

  void check_size(const std::string& value) const {
    if (value.size() <= kMaxDotenvValue) return;
    refuse(format("found a value of {} bytes, expected at most {}", value.size(), kMaxDotenvValue));
  }

  std::string plain(std::string_view text) {
    for (std::size_t at = text.find('#'); at != std::string_view::npos;
         at = text.find('#', at + 1)) {
      if (at == 0 || kBlank.find(text[at - 1]) == std::string_view::npos) continue;
      text = text.substr(0, at);
      break;
    }
    return filled(trimmed(text, kSpace), 0);
  }

  // Up to the closing quote, over as many lines as it takes.
  std::string quoted(std::string_view text, char quote) {
    std::string value;
    while (true) {
      for (std::size_t at = 0; at < text.size(); ++at) {
        if (text[at] == quote) {
          end_of_value(text.substr(at + 1));
          return value;
        }
        if (text[at] == '\\' && at + 1 < text.size() && escape(text[at + 1], quote, value)) {
          ++at;
          continue;
        }
        if (quote == '"' && is_reference(text, at)) {
          value += reference(text, at, 0);
          --at;  // behind it
        } else {
          value.push_back(text[at]);
        }
        check_size(value);
      }
      if (rest_.empty())
        refuse(format("found a value that {} opens, expected {} behind it", quote, quote));
      value.push_back('\n');
      text = take_line();
      if (text.ends_with('\r')) text.remove_suffix(1);
      ++line_;
    }
  }

  static bool escape(char next, char quote, std::string& value) {
    if (quote == '\'') {
      if (next != '\'') return false;
      value.push_back(next);
      return true;
    }
    constexpr std::string_view kEscapes = "nrt\\\"$";
    constexpr std::string_view kMeant = "\n\r\t\\\"$";
    const std::size_t which = kEscapes.find(next);
    if (which == std::string_view::npos) return false;
    value.push_back(kMeant[which]);
    return true;
  }

  void end_of_value(std::string_view behind) const {
    const std::string_view rest = trimmed(behind, kSpace);
    if (rest.empty() || (rest.front() == '#' && rest.data() != behind.data())) return;
    refuse(format("found \"{}\" behind the closing quote, expected nothing", printable(rest, 40)));
  }

  // The text with the values of keys above it in place of "$NAME" and "${NAME:-else}".
  std::string filled(std::string_view text, std::size_t depth) {
    if (depth > kMaxDefaults)
      refuse(format("found defaults inside defaults, over {} deep", kMaxDefaults));
    std::string value;
    for (std::size_t at = 0; at < text.size();) {
      if (is_reference(text, at)) {
        value += reference(text, at, depth);
      } else {
        value.push_back(text[at++]);
      }
      check_size(value);
    }
    return value;
  }

  static bool is_reference(std::string_view text, std::size_t at) {
    if (text[at] != '$' || at + 1 >= text.size()) return false;
    const char next = text[at + 1];
    return next == '$' || next == '{' || !compose_variable_name(text.substr(at + 1)).empty();
  }

  // What the reference at `at` stands for; `at` goes behind it.
  std::string reference(std::string_view text, std::size_t& at, std::size_t depth) {
    const std::string_view rest = text.substr(at + 1);
    const std::string shown = printable(text.substr(at, 20), 20);
    if (rest.front() == '$') refuse_reference(shown);
    const bool has_braces = rest.front() == '{';
    const std::string_view body =
        has_braces ? braced(rest.substr(1), shown) : compose_variable_name(rest);
    at += 1 + body.size() + (has_braces ? 2 : 0);
    const ComposeVariable variable = ComposeVariable::read(body);
    if (variable.name.empty()) refuse_reference(shown);
    return choice(variable, shown, depth);
  }

  std::string choice(const ComposeVariable& variable, const std::string& shown, std::size_t depth) {
    const auto& [name, asks_for_text, sign, word] = variable;
    const auto entry = entries_.find(std::string(name));
    if (entry != entries_.end() && entry->second.value.is_null()) {
      refuse(format("found \"{}\", and each site sets {}", shown, name),
             format("write {{{{{}}}}}, in whose place the site's value is put", name));
    }
    std::string value = entry == entries_.end() ? "" : entry->second.value.text();
    const bool is_set = entry != entries_.end() && !(asks_for_text && value.empty());
    if (sign == '-') return is_set ? value : filled(word, depth + 1);
    if (sign == '+') return is_set ? filled(word, depth + 1) : "";
    if (!is_set) refuse_reference(shown);
    return value;
  }

  // Up to the brace that closes.
  std::string_view braced(std::string_view text, const std::string& shown) const {
    const std::size_t end = closing_brace(text);
    if (end != std::string_view::npos) return text.substr(0, end);
    refuse(format("found \"{}\" without its closing brace", shown));
  }

  [[noreturn]] void refuse_reference(const std::string& shown) const {
    refuse(format("found \"{}\", which would be a value of the machine that builds", shown),
           "define the key above it, give a default as in ${NAME:-value}, or keep the $ with "
           "single quotes: 'a$b'");
  }

  std::string_view rest_;
  const std::string& name_;
  DotenvKeys keys_;
  int line_ = 1;
  int first_line_ = 1;  // of the statement
  std::map<std::string, DotenvEntry> entries_;
  Problems problems_;
};

void check_characters(std::string_view text, const std::string& name) {
  if (text.size() > kMaxDotenvBytes) {
    throw Error(Errc::invalid_input,
                format("{}: {} bytes, expected at most {}", name, text.size(), kMaxDotenvBytes));
  }
  check_content(text, name);
}

}  // namespace

std::map<std::string, DotenvEntry> parse_dotenv(std::string_view text, const std::string& name,
                                                DotenvKeys keys) {
  check_characters(text, name);
  return DotenvReader(without_byte_order_mark(text), name, keys).read();
}

}  // namespace sealift::release
