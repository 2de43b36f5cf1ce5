// SPDX-License-Identifier: Apache-2.0
#include "base/json.hpp"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "base/format.hpp"
#include "base/path.hpp"

namespace sealift {

namespace {

constexpr std::size_t kMaxDepth = 64;
constexpr std::int64_t kMaxInteger = std::int64_t{1} << 53;

// Builds the value while it checks what the library's own reader lets pass: duplicate keys (the
// last would win silently), depth, floats and integers that other readers would round.
class StrictBuilder : public nlohmann::json_sax<nlohmann::json> {
 public:
  explicit StrictBuilder(Numbers numbers) : numbers_(numbers) {}

  bool null() override { return put(nullptr); }
  bool boolean(bool value) override { return put(value); }
  bool number_integer(number_integer_t value) override {
    return value >= -kMaxInteger ? put(value) : refuse("a number below -2^53");
  }
  bool number_unsigned(number_unsigned_t value) override {
    return value <= static_cast<number_unsigned_t>(kMaxInteger) ? put(value)
                                                                : refuse("a number above 2^53");
  }
  bool number_float(number_float_t value, const string_t& text) override {
    if (numbers_ == Numbers::any) return put(value);
    return refuse(format("the number {}, expected a whole number", printable(text, 40)));
  }
  bool string(string_t& value) override { return put(std::move(value)); }
  bool binary(binary_t&) override { return refuse("binary data"); }
  bool start_object(std::size_t) override { return open(Json::object()); }
  bool start_array(std::size_t) override { return open(Json::array()); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }
  bool key(string_t& key) override {
    if (open_.back()->contains(key)) return refuse(format("the key \"{}\" twice", printable(key)));
    key_ = std::move(key);
    return true;
  }
  bool parse_error(std::size_t position, const std::string&,
                   const nlohmann::json::exception&) override {
    if (problem_.empty()) problem_ = format("byte {}: found no well-formed JSON", position);
    return false;
  }

  const std::string& problem() const { return problem_; }
  Json take() { return std::move(root_); }

 private:
  bool refuse(std::string_view found) {
    problem_ = format("found {}", found);
    return false;
  }

  Json* attach(Json value) {
    if (open_.empty()) {
      root_ = std::move(value);
      return &root_;
    }
    Json& parent = *open_.back();
    if (parent.is_array()) {
      parent.push_back(std::move(value));
      return &parent.back();
    }
    Json& slot = parent[key_];
    slot = std::move(value);
    return &slot;
  }

  bool put(Json value) {
    attach(std::move(value));
    return true;
  }

  bool open(Json value) {
    if (open_.size() >= kMaxDepth) return refuse(format("nesting deeper than {}", kMaxDepth));
    open_.push_back(attach(std::move(value)));
    return true;
  }

  bool close() {
    open_.pop_back();
    return true;
  }

  Numbers numbers_;
  Json root_;
  std::vector<Json*> open_;  // stable: a container is not touched by its siblings while open
  std::string key_;
  std::string problem_;
};

// Whether text that is no UTF-8 is an error, or shown with U+FFFD in its place.
using Broken = nlohmann::json::error_handler_t;

// Writes the one form, or with an indentation the one for people.
class Writer {
 public:
  Writer(std::size_t indentation, Broken broken) : indentation_(indentation), broken_(broken) {}

  void write(const Json& value) {
    switch (value.kind()) {
      case Json::Kind::null:
        out_ += "null";
        break;
      case Json::Kind::boolean:
        out_ += value.get<bool>() ? "true" : "false";
        break;
      case Json::Kind::integer:
        out_ += std::to_string(value.get<std::int64_t>());
        break;
      case Json::Kind::natural:
        out_ += std::to_string(value.get<std::uint64_t>());
        break;
      case Json::Kind::real:
        out_ += nlohmann::json(value.get<double>()).dump();
        break;
      case Json::Kind::text:
        quote(value.text());
        break;
      case Json::Kind::array:
        open('[');
        for (const Json& each : value) {
          next();
          write(each);
        }
        close(']');
        break;
      case Json::Kind::object:
        open('{');
        for (const auto& [key, each] : value.items()) {
          next();
          quote(key);
          out_ += indentation_ > 0 ? ": " : ":";
          write(each);
        }
        close('}');
        break;
    }
  }

  std::string take() { return std::move(out_); }

 private:
  void open(char bracket) {
    out_ += bracket;
    is_first_ = true;
    ++depth_;
  }

  void next() {
    if (!is_first_) out_ += ',';
    is_first_ = false;
    break_line();
  }

  void close(char bracket) {
    --depth_;
    if (!is_first_) break_line();
    is_first_ = false;
    out_ += bracket;
  }

  void break_line() {
    if (indentation_ == 0) return;
    out_ += '\n';
    out_.append(depth_ * indentation_, ' ');
  }

  // Most texts are plain; the library knows what becomes of the others.
  void quote(const std::string& text) {
    const bool is_plain = std::all_of(text.begin(), text.end(), [](char c) {
      return c >= ' ' && c <= '~' && c != '"' && c != '\\';
    });
    if (is_plain) {
      out_ += '"';
      out_ += text;
      out_ += '"';
    } else {
      out_ += nlohmann::json(text).dump(-1, ' ', false, broken_);
    }
  }

  std::size_t indentation_;
  Broken broken_;
  std::string out_;
  std::size_t depth_ = 0;
  bool is_first_ = true;
};

std::string written(const Json& value, std::size_t indentation, Broken broken) {
  Writer writer(indentation, broken);
  writer.write(value);
  return writer.take();
}

}  // namespace

Json Json::parse(std::string_view text) {
  return parse_json(text, "JSON", Errc::internal, Numbers::any);
}

std::string Json::dump() const {
  return written(*this, 0, Broken::replace);
}

Json parse_json(std::string_view text, std::string_view where, Errc code, Numbers numbers) {
  // The library takes a zero byte for the end and would not look at what follows it.
  if (const std::size_t zero = text.find('\0'); zero != std::string_view::npos) {
    throw Error(code, format("{}: found byte {} to be zero, expected JSON", where, zero));
  }
  StrictBuilder builder(numbers);
  if (!nlohmann::json::sax_parse(text, &builder)) {
    throw Error(code, format("{}: {}", where, builder.problem()));
  }
  return builder.take();
}

std::string to_canonical(const Json& value) {
  try {
    return written(value, 0, Broken::strict);
  } catch (const nlohmann::json::exception&) {
    throw Error(Errc::invalid_input, "found text that is not UTF-8");
  }
}

std::string to_pretty(const Json& value) {
  return written(value, 2, Broken::replace) + "\n";
}

}  // namespace sealift
