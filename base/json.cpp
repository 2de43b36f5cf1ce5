// SPDX-License-Identifier: Apache-2.0
#include "base/json.hpp"

#include "base/format.hpp"
#include "base/path.hpp"

namespace sealift {

namespace {

constexpr std::size_t kMaxDepth = 64;
constexpr std::int64_t kMaxInteger = std::int64_t{1} << 53;

// Builds the value while it checks what nlohmann's own reader lets pass: duplicate keys (the last
// would win silently), depth, floats and integers that other readers would round.
class StrictBuilder : public nlohmann::json_sax<Json> {
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

}  // namespace

Json parse_json(std::string_view text, std::string_view where, Errc code, Numbers numbers) {
  // The library takes a zero byte for the end and would not look at what follows it.
  if (const std::size_t zero = text.find('\0'); zero != std::string_view::npos) {
    throw Error(code, format("{}: found byte {} to be zero, expected JSON", where, zero));
  }
  StrictBuilder builder(numbers);
  if (!Json::sax_parse(text, &builder)) {
    throw Error(code, format("{}: {}", where, builder.problem()));
  }
  return builder.take();
}

std::string to_canonical(const Json& value) {
  try {
    return value.dump();
  } catch (const Json::exception&) {
    throw Error(Errc::invalid_input, "found text that is not UTF-8");
  }
}

std::string to_pretty(const Json& value) {
  return value.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

Fields::Fields(const Json& object, std::string where, Errc code)
    : object_(object), where_(std::move(where)), code_(code) {
  if (!object.is_object()) {
    throw Error(code_, format("{}: found {}, expected an object", where_, object.type_name()));
  }
}

std::string Fields::at(std::string_view key) const {
  return format("{}.{}", where_, printable(key, 80));
}

void Fields::refuse(std::string_view key, std::string_view found_and_expected) const {
  throw Error(code_, format("{}: {}", at(key), found_and_expected));
}

const Json* Fields::value_if(const char* key) {
  asked_.insert(key);
  const auto found = object_.find(key);
  return found == object_.end() ? nullptr : &*found;
}

const Json& Fields::value(const char* key) {
  const Json* found = value_if(key);
  if (found == nullptr) refuse(key, "found nothing, expected this field");
  return *found;
}

const Json& Fields::array(const char* key) {
  const Json& found = value(key);
  if (!found.is_array()) refuse(key, format("found {}, expected an array", found.type_name()));
  return found;
}

const Json& Fields::object(const char* key) {
  const Json& found = value(key);
  if (!found.is_object()) refuse(key, format("found {}, expected an object", found.type_name()));
  return found;
}

std::string Fields::text(const char* key) {
  const Json& found = value(key);
  if (!found.is_string()) refuse(key, format("found {}, expected text", found.type_name()));
  return found.get<std::string>();
}

std::optional<std::string> Fields::text_if(const char* key) {
  if (value_if(key) == nullptr) return std::nullopt;
  return text(key);
}

std::uint64_t Fields::number(const char* key) {
  const Json& found = value(key);
  if (!found.is_number_unsigned()) {
    refuse(key,
           format("found {}, expected a whole number of 0 or more", printable(found.dump(), 40)));
  }
  return found.get<std::uint64_t>();
}

std::optional<std::uint64_t> Fields::number_if(const char* key) {
  if (value_if(key) == nullptr) return std::nullopt;
  return number(key);
}

bool Fields::flag(const char* key) {
  const Json& found = value(key);
  if (!found.is_boolean())
    refuse(key, format("found {}, expected true or false", found.type_name()));
  return found.get<bool>();
}

std::vector<std::string> Fields::texts(const char* key) {
  std::vector<std::string> result;
  for (const Json& item : array(key)) {
    if (!item.is_string()) refuse(key, format("found {}, expected text", item.type_name()));
    result.push_back(item.get<std::string>());
  }
  return result;
}

void Fields::constant(const char* key, std::string_view expected) {
  const std::string found = text(key);
  if (found != expected) {
    refuse(key, format("found \"{}\", expected \"{}\"", printable(found, 80), expected));
  }
}

void Fields::constant(const char* key, std::uint64_t expected) {
  const std::uint64_t found = number(key);
  if (found != expected) refuse(key, format("found {}, expected {}", found, expected));
}

void Fields::done() const {
  for (const auto& [key, unused] : object_.items()) {
    if (!asked_.contains(key)) {
      throw Error(code_, format("{}: found the unknown field \"{}\"", where_, printable(key, 80)));
    }
  }
}

std::string text_at(const Json& object, const std::string& key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

std::map<std::string, std::string> texts_by_key(const Json& value, const std::string& where) {
  std::map<std::string, std::string> texts;
  Fields fields(value, where);
  for (const auto& [key, unused] : value.items()) texts[key] = fields.text(key.c_str());
  return texts;
}

}  // namespace sealift
