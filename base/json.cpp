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

std::optional<std::size_t> index_in(std::string_view part) {
  std::size_t index = 0;
  const auto [end, failure] = std::from_chars(part.data(), part.data() + part.size(), index);
  const bool is_index = failure == std::errc() && end == part.data() + part.size() &&
                        (part.size() == 1 || part.front() != '0');
  return is_index ? std::optional(index) : std::nullopt;
}

}  // namespace

JsonPointer::JsonPointer(std::string_view text) {
  if (text.empty()) return;
  if (text.front() != '/') throw Json::Mismatch("a JSON pointer begins with /");
  for (const char c : text) {
    if (c == '/') {
      parts_.emplace_back();
    } else {
      parts_.back() += c;
    }
  }
  for (std::string& part : parts_) {
    std::string plain;
    for (std::size_t i = 0; i < part.size(); ++i) {
      if (part[i] != '~') {
        plain += part[i];
        continue;
      }
      const char escaped = ++i < part.size() ? part[i] : '\0';
      if (escaped != '0' && escaped != '1') throw Json::Mismatch("in a JSON pointer ~ is ~0 or ~1");
      plain += escaped == '0' ? '~' : '/';
    }
    part = std::move(plain);
  }
}

JsonPointer JsonPointer::operator/(std::string part) const {
  JsonPointer longer = *this;
  longer.parts_.push_back(std::move(part));
  return longer;
}

JsonPointer JsonPointer::operator/(std::size_t index) const {
  return *this / std::to_string(index);
}

JsonPointer operator""_json_pointer(const char* text, std::size_t size) {
  return JsonPointer(std::string_view(text, size));
}

Json::Json() = default;
Json::Json(std::nullptr_t) {}
Json::Json(double value) : value_(value) {}
Json::Json(std::string text) : value_(std::move(text)) {}
Json::Json(std::string_view text) : value_(std::string(text)) {}
Json::Json(const char* text) : value_(std::string(text)) {}
Json::Json(Array values) : value_(std::move(values)) {}
Json::Json(Object values) : value_(std::move(values)) {}
Json::Json(Boolean value) : value_(value.value) {}
Json::Json(const Json& other) = default;
Json::Json(Json&& other) noexcept = default;
Json& Json::operator=(const Json& other) = default;
Json& Json::operator=(Json&& other) noexcept = default;
Json::~Json() = default;

Json::Json(Whole value) {
  if (value.is_negative) {
    value_ = static_cast<std::int64_t>(value.bits);
  } else {
    value_ = value.bits;
  }
}

Json::Json(std::initializer_list<Item> items) {
  const bool is_object =
      std::all_of(items.begin(), items.end(), [](const Item& item) { return item.is_member(); });
  *this = is_object ? object(items) : array(items);
}

bool Json::Item::is_member() const {
  return value_.is_array() && value_.size() == 2 && value_.front().is_string();
}

Json Json::array(std::initializer_list<Item> items) {
  Array values;
  values.reserve(items.size());
  for (const Item& item : items) values.push_back(item.take());
  return Json(std::move(values));
}

Json Json::object(std::initializer_list<Item> items) {
  Object values;
  for (const Item& item : items) {
    if (!item.is_member()) throw Mismatch("an object is made of pairs that begin with text");
    Json pair = item.take();
    values.emplace(std::move(pair.front().text()), std::move(pair.back()));
  }
  return Json(std::move(values));
}

Json Json::parse(std::string_view text) {
  return parse_json(text, "JSON", Errc::internal, Numbers::any);
}

const char* Json::type_name() const {
  switch (kind()) {
    case Kind::null:
      return "null";
    case Kind::boolean:
      return "boolean";
    case Kind::integer:
    case Kind::natural:
    case Kind::real:
      return "number";
    case Kind::text:
      return "string";
    case Kind::array:
      return "array";
    case Kind::object:
      return "object";
  }
  return "";
}

void Json::mismatch(std::string_view expected) const {
  throw Mismatch(format("found {}, expected {}", type_name(), expected));
}

const std::string& Json::text() const {
  if (const auto* text = std::get_if<std::string>(&value_)) return *text;
  mismatch("text");
}

std::string& Json::text() {
  if (auto* text = std::get_if<std::string>(&value_)) return *text;
  mismatch("text");
}

bool Json::to_bool() const {
  if (const auto* value = std::get_if<bool>(&value_)) return *value;
  mismatch("true or false");
}

std::int64_t Json::to_integer() const {
  if (const auto* integer = std::get_if<std::int64_t>(&value_)) return *integer;
  if (const auto* natural = std::get_if<std::uint64_t>(&value_)) {
    if (std::in_range<std::int64_t>(*natural)) return static_cast<std::int64_t>(*natural);
  }
  mismatch("a whole number");
}

std::uint64_t Json::to_natural() const {
  if (const auto* natural = std::get_if<std::uint64_t>(&value_)) return *natural;
  mismatch("a whole number of 0 or more");
}

double Json::to_real() const {
  if (const auto* real = std::get_if<double>(&value_)) return *real;
  if (const auto* natural = std::get_if<std::uint64_t>(&value_)) {
    return static_cast<double>(*natural);
  }
  return static_cast<double>(to_integer());
}

Json::Array& Json::elements() {
  if (auto* array = std::get_if<Array>(&value_)) return *array;
  mismatch("an array");
}

const Json::Array& Json::elements() const {
  if (const auto* array = std::get_if<Array>(&value_)) return *array;
  mismatch("an array");
}

std::size_t Json::size() const {
  if (const auto* array = std::get_if<Array>(&value_)) return array->size();
  if (const auto* object = std::get_if<Object>(&value_)) return object->size();
  return is_null() ? 0 : 1;
}

Json::iterator Json::begin() {
  if (auto* array = std::get_if<Array>(&value_)) return iterator(array->data());
  if (auto* object = std::get_if<Object>(&value_)) return iterator(object->begin());
  return {};
}

Json::iterator Json::end() {
  if (auto* array = std::get_if<Array>(&value_)) return iterator(array->data() + array->size());
  if (auto* object = std::get_if<Object>(&value_)) return iterator(object->end());
  return {};
}

Json::const_iterator Json::begin() const {
  if (const auto* array = std::get_if<Array>(&value_)) return const_iterator(array->data());
  if (const auto* object = std::get_if<Object>(&value_)) return const_iterator(object->begin());
  return {};
}

Json::const_iterator Json::end() const {
  if (const auto* array = std::get_if<Array>(&value_)) {
    return const_iterator(array->data() + array->size());
  }
  if (const auto* object = std::get_if<Object>(&value_)) return const_iterator(object->end());
  return {};
}

Json::Object& Json::items() {
  if (is_null()) value_ = Object();
  if (auto* object = std::get_if<Object>(&value_)) return *object;
  mismatch("an object");
}

const Json::Object& Json::items() const {
  static const Object kNone;
  const auto* object = std::get_if<Object>(&value_);
  return object == nullptr ? kNone : *object;
}

const Json* Json::pointer_to(std::string_view key) const {
  const auto* object = std::get_if<Object>(&value_);
  if (object == nullptr) return nullptr;
  const auto found = object->find(key);
  return found == object->end() ? nullptr : &found->second;
}

const Json* Json::pointer_to(const JsonPointer& place) const {
  const Json* here = this;
  for (const std::string& part : place.parts()) {
    if (const auto* array = std::get_if<Array>(&here->value_)) {
      const std::optional<std::size_t> index = index_in(part);
      here = index && *index < array->size() ? &(*array)[*index] : nullptr;
    } else {
      here = here->pointer_to(part);
    }
    if (here == nullptr) return nullptr;
  }
  return here;
}

bool Json::contains(std::string_view key) const {
  return pointer_to(key) != nullptr;
}

bool Json::contains(const JsonPointer& place) const {
  return pointer_to(place) != nullptr;
}

Json::iterator Json::find(std::string_view key) {
  auto* object = std::get_if<Object>(&value_);
  return object == nullptr ? end() : iterator(object->find(key));
}

Json::const_iterator Json::find(std::string_view key) const {
  const auto* object = std::get_if<Object>(&value_);
  return object == nullptr ? end() : const_iterator(object->find(key));
}

const Json& Json::at(std::string_view key) const {
  if (const Json* found = pointer_to(key)) return *found;
  if (!is_object()) mismatch("an object");
  throw Mismatch(format("found no key \"{}\"", printable(key, 80)));
}

const Json& Json::at(std::size_t index) const {
  const Array& array = elements();
  if (index < array.size()) return array[index];
  throw Mismatch(format("found {} elements, expected number {}", array.size(), index));
}

const Json& Json::at(const JsonPointer& place) const {
  if (const Json* found = pointer_to(place)) return *found;
  throw Mismatch("found nothing at a JSON pointer");
}

Json& Json::at(std::string_view key) {
  return const_cast<Json&>(std::as_const(*this).at(key));
}

Json& Json::at(std::size_t index) {
  return const_cast<Json&>(std::as_const(*this).at(index));
}

Json& Json::operator[](std::string_view key) {
  Object& object = items();
  const auto found = object.find(key);
  return found != object.end() ? found->second : object[std::string(key)];
}

Json& Json::element(std::size_t index) {
  if (is_null()) value_ = Array();
  Array& array = elements();
  if (index >= array.size()) array.resize(index + 1);
  return array[index];
}

Json& Json::operator[](const JsonPointer& place) {
  Json* here = this;
  for (const std::string& part : place.parts()) {
    if (!here->is_array()) {
      here = &(*here)[part];
    } else if (part == "-") {
      here = &here->element(here->size());
    } else if (const std::optional<std::size_t> index = index_in(part)) {
      here = &here->element(*index);
    } else {
      here->mismatch("an object");
    }
  }
  return *here;
}

std::string Json::value(std::string_view key, const char* otherwise) const {
  return value(key, std::string(otherwise));
}

void Json::push_back(Json value) {
  if (is_null()) value_ = Array();
  elements().push_back(std::move(value));
}

void Json::emplace(std::string key, Json value) {
  items().emplace(std::move(key), std::move(value));
}

void Json::update(const Json& other) {
  Object& object = items();
  for (const auto& [key, value] : other.items()) object.insert_or_assign(key, value);
}

std::size_t Json::erase(std::string_view key) {
  Object& object = items();
  const auto found = object.find(key);
  if (found == object.end()) return 0;
  object.erase(found);
  return 1;
}

void Json::erase(std::size_t index) {
  Array& array = elements();
  if (index >= array.size()) mismatch("an element with that number");
  array.erase(array.begin() + static_cast<std::ptrdiff_t>(index));
}

void Json::erase(iterator found) {
  items().erase(found.key());
}

void Json::clear() {
  if (auto* array = std::get_if<Array>(&value_)) {
    array->clear();
  } else {
    items().clear();
  }
}

bool Json::equals(const Json& other) const {
  if (is_number() && other.is_number() && (kind() == Kind::real || other.kind() == Kind::real)) {
    return to_real() == other.to_real();
  }
  return value_ == other.value_;
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

std::string text_at(const Json& object, std::string_view key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->text() : "";
}

const Json& list_at(const Json& object, std::string_view key) {
  static const Json none = Json::array();
  const auto found = object.find(key);
  return found != object.end() && found->is_array() ? *found : none;
}

const Json& object_at(const Json& object, std::string_view key) {
  static const Json none = Json::object();
  const auto found = object.find(key);
  return found != object.end() && found->is_object() ? *found : none;
}

std::map<std::string, std::string> texts_by_key(const Json& value, const std::string& where) {
  std::map<std::string, std::string> texts;
  Fields fields(value, where);
  for (const auto& [key, unused] : value.items()) texts[key] = fields.text(key.c_str());
  return texts;
}

}  // namespace sealift
