// SPDX-License-Identifier: Apache-2.0
#include "release/dotenv.hpp"

#include <algorithm>

#include "base/characters.hpp"
#include "base/error.hpp"
#include "base/format.hpp"
#include "base/path.hpp"
#include "release/environment.hpp"

namespace sealift::release {

namespace {

constexpr std::string_view kBlank = " \t";

bool begins_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

std::string_view trimmed(std::string_view text) {
  const std::size_t begin = std::min(text.find_first_not_of(" \t\r"), text.size());
  text.remove_prefix(begin);
  return text.substr(0, text.find_last_not_of(" \t\r") + 1);
}

class DotenvReader {
 public:
  DotenvReader(std::string_view text, const std::string& name) : rest_(text), name_(name) {}

  std::map<std::string, DotenvEntry> read() {
    for (; !rest_.empty(); ++line_) {
      first_line_ = line_;
      try {
        statement(trimmed(take_line()));
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
      line = trimmed(line.substr(kExport.size()));
    }
    const std::size_t separator = line.find_first_of("=:");
    std::string_view key = line.substr(0, separator);
    const bool alone = separator == std::string_view::npos;
    if (alone) key = key.substr(0, key.find(" #"));
    key = trimmed(key);
    if (!is_value_name(key)) {
      refuse(format("found the key \"{}\", expected letters, digits and _", printable(key, 80)));
    }
    Json value = alone ? Json() : Json(value_of(line.substr(separator + 1)));
    const auto [entry, fresh] =
        entries_.try_emplace(std::string(key), DotenvEntry{std::move(value), first_line_});
    if (!fresh) {
      refuse(format("found the key {} twice, expected it once; it stands in line {} too", key,
                    entry->second.line));
    }
    if (entries_.size() > kMaxDotenvKeys) {
      rest_ = {};
      refuse(format("found more than {} keys", kMaxDotenvKeys));
    }
  }

  std::string value_of(std::string_view text) {
    const std::string_view value = trimmed(text);
    std::string read = !value.empty() && (value.front() == '\'' || value.front() == '"')
                           ? quoted(value.substr(1), value.front())
                           : plain(text);
    if (read.size() > kMaxDotenvValue) {
      refuse(
          format("found a value of {} bytes, expected at most {}", read.size(), kMaxDotenvValue));
    }
    return read;
  }

  std::string plain(std::string_view text) {
    for (std::size_t at = text.find('#'); at != std::string_view::npos;
         at = text.find('#', at + 1)) {
      if (at == 0 || kBlank.find(text[at - 1]) == std::string_view::npos) continue;
      text = text.substr(0, at);
      break;
    }
    text = trimmed(text);
    for (std::size_t at = 0; at < text.size(); ++at) check_dollar(text, at);
    return std::string(text);
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
        if (quote == '"') check_dollar(text, at);
        value.push_back(text[at]);
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
    const std::string_view rest = trimmed(behind);
    if (rest.empty() || (rest.front() == '#' && rest.data() != behind.data())) return;
    refuse(format("found \"{}\" behind the closing quote, expected nothing", printable(rest, 40)));
  }

  void check_dollar(std::string_view text, std::size_t at) const {
    if (text[at] != '$' || at + 1 >= text.size()) return;
    const char next = text[at + 1];
    if (next != '$' && next != '{' && !begins_name(next)) return;
    refuse(format("found \"{}\", which would be a value of the machine that builds",
                  printable(text.substr(at, 20), 20)),
           "write the value itself, or keep the $ with single quotes: 'a$b'");
  }

  std::string_view rest_;
  const std::string& name_;
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

std::map<std::string, DotenvEntry> parse_dotenv(std::string_view text, const std::string& name) {
  check_characters(text, name);
  return DotenvReader(without_byte_order_mark(text), name).read();
}

}  // namespace sealift::release
