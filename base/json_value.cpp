// SPDX-License-Identifier: Apache-2.0
// Json as a value in memory: its kinds, its elements, and places in it.
#include <algorithm>
#include <charconv>

#include "base/format.hpp"
#include "base/json.hpp"
#include "base/path.hpp"

namespace sealift {

namespace {

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

}  // namespace sealift
