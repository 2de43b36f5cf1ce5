// SPDX-License-Identifier: Apache-2.0
#pragma once

// The door to JSON. Documents that come from outside are read strictly: valid UTF-8, no duplicate
// keys, depth at most 64, integers within +-2^53, no floating point unless asked for, nothing after
// the value.
// Written documents have one form: keys sorted bytewise, no white space (RFC 8785 for our subset).
//
// Json has the interface that C++ programmers know from nlohmann::json, which reads and writes
// behind it, in json.cpp alone: its templates, compiled in two hundred files, were most of the time
// of a build.

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <iterator>
#include <map>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "base/clock.hpp"
#include "base/digest.hpp"
#include "base/error.hpp"

namespace sealift {

// A place in a document, RFC 6901. Throws Json::Mismatch for a text that is no pointer.
class JsonPointer {
 public:
  JsonPointer() = default;
  explicit JsonPointer(std::string_view text);

  JsonPointer operator/(std::string part) const;
  JsonPointer operator/(std::size_t index) const;
  const std::vector<std::string>& parts() const { return parts_; }

 private:
  std::vector<std::string> parts_;
};

JsonPointer operator""_json_pointer(const char* text, std::size_t size);

class Json;

namespace json_detail {
template <typename T>
inline constexpr bool is_container = false;
template <typename T>
inline constexpr bool is_container<std::vector<T>> = true;
template <typename T, typename Order>
inline constexpr bool is_container<std::set<T, Order>> = true;
template <typename T, typename Order>
inline constexpr bool is_container<std::map<std::string, T, Order>> = true;
}  // namespace json_detail

// What a Json can be read as: bool, a number, text, or a vector, set or map (by text) of these.
template <typename T>
concept JsonReadable = (std::is_arithmetic_v<T> && !std::same_as<T, char>) ||
                       std::same_as<T, std::string> || json_detail::is_container<T>;

// One JSON value; a copy is deep. Asking for a type that it has not, or for a key, an index or a
// place that is not there, throws Json::Mismatch: an error of the caller, so documents from outside
// are read through Fields, which says what was found. Whole numbers of 0 or more are `natural`
// whatever they were made of.
class Json {
 public:
  enum class Kind : std::uint8_t { null, boolean, integer, natural, real, text, array, object };
  using Array = std::vector<Json>;
  using Object = std::map<std::string, Json, std::less<>>;
  struct Mismatch : std::logic_error {
    using std::logic_error::logic_error;
  };
  // An element of a braced list.
  class Item;
  // Walks the elements of an array, or the values of an object in the order of their keys.
  template <typename Element>
  class Walk;
  using iterator = Walk<Json>;
  using const_iterator = Walk<const Json>;
  using value_type = Json;

  Json();
  Json(std::nullptr_t);
  // A template, so that pointers do not become true.
  template <std::same_as<bool> T>
  Json(T value) : Json(Boolean{value}) {}
  template <std::integral T>
  requires(!std::same_as<T, bool>) Json(T value)
      : Json(std::cmp_less(value, 0)
                 ? Whole{.is_negative = true, .bits = static_cast<std::uint64_t>(value)}
                 : Whole{.is_negative = false, .bits = static_cast<std::uint64_t>(value)}) {}
  Json(double value);
  Json(std::string text);
  Json(std::string_view text);
  Json(const char* text);
  Json(Array values);
  Json(Object values);
  template <typename T>
  requires(!std::same_as<T, Json>) Json(const std::vector<T>& values)
      : Json(Array(values.begin(), values.end())) {}
  template <typename T, typename Order>
  Json(const std::set<T, Order>& values) : Json(Array(values.begin(), values.end())) {}
  template <typename T, typename Order>
  requires(!std::same_as<std::map<std::string, T, Order>, Object>)
      Json(const std::map<std::string, T, Order>& values)
      : Json(Object(values.begin(), values.end())) {}
  // An object where every element is a pair that begins with text, else an array.
  Json(std::initializer_list<Item> items);
  Json(const Json& other);
  Json(Json&& other) noexcept;
  Json& operator=(const Json& other);
  Json& operator=(Json&& other) noexcept;
  ~Json();

  static Json array(std::initializer_list<Item> items = {});
  static Json object(std::initializer_list<Item> items = {});
  // As parse_json(), of any numbers; for texts of our own.
  static Json parse(std::string_view text);

  Kind kind() const { return static_cast<Kind>(value_.index()); }
  bool is_null() const { return kind() == Kind::null; }
  bool is_boolean() const { return kind() == Kind::boolean; }
  bool is_number() const { return is_number_integer() || kind() == Kind::real; }
  bool is_number_integer() const { return kind() == Kind::integer || is_number_unsigned(); }
  bool is_number_unsigned() const { return kind() == Kind::natural; }
  bool is_string() const { return kind() == Kind::text; }
  bool is_array() const { return kind() == Kind::array; }
  bool is_object() const { return kind() == Kind::object; }
  bool is_structured() const { return is_array() || is_object(); }
  bool is_primitive() const { return !is_structured(); }
  // For messages: null, boolean, number, string, array, object.
  const char* type_name() const;

  template <typename T>
  requires(JsonReadable<T> || std::same_as<T, Json>) T get()
  const;
  template <JsonReadable T>
  operator T() const {
    return get<T>();
  }
  const std::string& text() const;
  std::string& text();

  // Elements of an array or an object; 0 for null, 1 for anything else.
  std::size_t size() const;
  bool empty() const { return size() == 0; }
  iterator begin();
  iterator end();
  const_iterator begin() const;
  const_iterator end() const;
  // Keys and values of an object; anything else has none. To be changed, null becomes an object.
  Object& items();
  const Object& items() const;

  bool contains(std::string_view key) const;
  bool contains(const JsonPointer& place) const;
  std::size_t count(std::string_view key) const { return contains(key) ? 1 : 0; }
  // end() where the key is missing, or the value no object.
  iterator find(std::string_view key);
  const_iterator find(std::string_view key) const;

  Json& at(std::string_view key);
  const Json& at(std::string_view key) const;
  Json& at(std::size_t index);
  const Json& at(std::size_t index) const;
  const Json& at(const JsonPointer& place) const;
  // Null becomes an object, or an array for an index, and what is missing is made.
  Json& operator[](std::string_view key);
  Json& operator[](const JsonPointer& place);
  const Json& operator[](std::string_view key) const { return at(key); }
  // Exact, or a number that a Json converts to could be an index into the text.
  Json& operator[](const char* key) { return (*this)[std::string_view(key)]; }
  const Json& operator[](const char* key) const { return at(key); }
  const Json& operator[](const JsonPointer& place) const { return at(place); }
  template <std::integral T>
  Json& operator[](T index) {
    return element(static_cast<std::size_t>(index));
  }
  template <std::integral T>
  const Json& operator[](T index) const {
    return at(static_cast<std::size_t>(index));
  }
  Json& front() { return at(std::size_t{0}); }
  const Json& front() const { return at(std::size_t{0}); }
  Json& back() { return at(size() - 1); }
  const Json& back() const { return at(size() - 1); }

  // What is there, else `otherwise`.
  template <typename T>
  T value(std::string_view key, const T& otherwise) const {
    const Json* found = pointer_to(key);
    return found == nullptr ? otherwise : found->get<T>();
  }
  std::string value(std::string_view key, const char* otherwise) const;
  template <typename T>
  T value(const JsonPointer& place, const T& otherwise) const {
    const Json* found = pointer_to(place);
    return found == nullptr ? otherwise : found->get<T>();
  }

  void push_back(Json value);
  template <typename... Parts>
  Json& emplace_back(Parts&&... parts) {
    push_back(Json(std::forward<Parts>(parts)...));
    return back();
  }
  // Does nothing where the key is there already.
  void emplace(std::string key, Json value);
  // The keys of `other` come over those that are there.
  void update(const Json& other);
  std::size_t erase(std::string_view key);
  void erase(std::size_t index);
  void erase(iterator found);
  void clear();

  // As to_canonical(), but for people or ourselves: text that is no UTF-8 is no error.
  std::string dump() const;

  friend bool operator==(const Json& a, const Json& b) { return a.equals(b); }
  // Without these a comparison with a number or text could convert either side.
  template <typename T>
  requires std::is_arithmetic_v<T>
  friend bool operator==(const Json& a, T b) { return a.equals(Json(b)); }
  friend bool operator==(const Json& a, const char* b) { return a.is_string() && a.text() == b; }
  friend bool operator==(const Json& a, const std::string& b) {
    return a.is_string() && a.text() == b;
  }

 private:
  using Value = std::variant<std::nullptr_t, bool, std::int64_t, std::uint64_t, double, std::string,
                             Array, Object>;

  struct Boolean {
    bool value;
  };
  struct Whole {
    bool is_negative;
    std::uint64_t bits;  // two's complement
  };
  explicit Json(Boolean value);
  explicit Json(Whole value);
  bool equals(const Json& other) const;
  const Json* pointer_to(std::string_view key) const;
  const Json* pointer_to(const JsonPointer& place) const;
  Json& element(std::size_t index);
  Array& elements();
  const Array& elements() const;
  bool to_bool() const;
  std::int64_t to_integer() const;
  std::uint64_t to_natural() const;
  double to_real() const;
  [[noreturn]] void mismatch(std::string_view expected) const;

  Value value_;
};

// The elements of an initializer list are const; this one can be moved out of it.
class Json::Item {
 public:
  template <typename T>
  // Hides no copy or move: an Item makes no Json.
  // NOLINTNEXTLINE(bugprone-forwarding-reference-overload)
  requires std::constructible_from<Json, T&&> Item(T&& value) : value_(std::forward<T>(value)) {}
  Item(std::initializer_list<Item> items) : value_(items) {}
  Json take() const { return std::move(value_); }
  // True for a pair that begins with text.
  bool is_member() const;

 private:
  mutable Json value_;
};

template <typename Element>
class Json::Walk {
 public:
  using Node =
      std::conditional_t<std::is_const_v<Element>, Object::const_iterator, Object::iterator>;
  using iterator_category = std::forward_iterator_tag;
  using value_type = Json;
  using difference_type = std::ptrdiff_t;
  using pointer = Element*;
  using reference = Element&;

  Walk() = default;
  explicit Walk(Element* element) : element_(element) {}
  explicit Walk(Node node) : node_(node) {}

  Element& operator*() const { return element_ != nullptr ? *element_ : node_->second; }
  Element* operator->() const { return &**this; }
  const std::string& key() const { return node_->first; }
  Element& value() const { return **this; }
  Walk& operator++() {
    if (element_ != nullptr) {
      ++element_;
    } else {
      ++node_;
    }
    return *this;
  }
  Walk operator++(int) {
    Walk before = *this;
    ++*this;
    return before;
  }
  friend bool operator==(const Walk& a, const Walk& b) {
    return a.element_ == b.element_ && a.node_ == b.node_;
  }

 private:
  Element* element_ = nullptr;  // of an array; null: of an object, or of nothing
  Node node_{};
};

template <typename T>
requires(JsonReadable<T> || std::same_as<T, Json>) T Json::get()
const {
  if constexpr (std::same_as<T, Json>) {
    return *this;
  } else if constexpr (std::same_as<T, std::string>) {
    return text();
  } else if constexpr (std::same_as<T, bool>) {
    return to_bool();
  } else if constexpr (std::signed_integral<T>) {
    const std::int64_t number = to_integer();
    if (!std::in_range<T>(number)) mismatch("a smaller number");
    return static_cast<T>(number);
  } else if constexpr (std::unsigned_integral<T>) {
    const std::uint64_t number = to_natural();
    if (!std::in_range<T>(number)) mismatch("a smaller number");
    return static_cast<T>(number);
  } else if constexpr (std::floating_point<T>) {
    return static_cast<T>(to_real());
  } else if constexpr (requires { typename T::mapped_type; }) {
    if (!is_object()) mismatch("an object");
    T result;
    for (const auto& [key, value] : items()) {
      result.emplace(key, value.template get<typename T::mapped_type>());
    }
    return result;
  } else {
    T result;
    for (const Json& each : elements()) {
      result.insert(result.end(), each.get<typename T::value_type>());
    }
    return result;
  }
}

// Documents of other programs may hold numbers that are not whole.
enum class Numbers { whole, any };

// Throws Error{code} that names `where`, the byte offset and what was found.
Json parse_json(std::string_view text, std::string_view where, Errc code = Errc::corrupt,
                Numbers numbers = Numbers::whole);

// The one compact form; no newline at the end. Throws Error{invalid_input} on broken UTF-8.
std::string to_canonical(const Json& value);
// For people: indented by two, with a newline at the end.
std::string to_pretty(const Json& value);

// What a document of others has under a key, which may be anything: the text, list or object there;
// an empty one where there is none, or another sort of value.
std::string text_at(const Json& object, std::string_view key);
const Json& list_at(const Json& object, std::string_view key);
const Json& object_at(const Json& object, std::string_view key);

// Reads one JSON object of a known document: every field is asked for by name, its type is checked,
// and done() refuses fields that nobody asked for. `where` ("release.json: components[2]") starts
// every message; failures are Error{code}. Keeps references: the value must outlive it. One of each
// document's parts: a nested object is read by Fields of its own, with at() as its place.
class Fields {
 public:
  Fields(const Json& object, std::string where, Errc code = Errc::corrupt);

  std::string text(const char* key);
  std::optional<std::string> text_if(const char* key);
  // A whole number of 0 or more.
  std::uint64_t number(const char* key);
  std::optional<std::uint64_t> number_if(const char* key);
  // true or false, and nothing that stands for them.
  bool flag(const char* key);
  // The value under `key`; `array` and `object` check the type too.
  const Json& value(const char* key);
  const Json& array(const char* key);
  const Json& object(const char* key);
  // Null where the field is absent.
  const Json* value_if(const char* key);
  // A list of texts, which may be empty.
  std::vector<std::string> texts(const char* key);
  // Fits into 32 bits.
  unsigned count(const char* key);
  // "sha256:HEX", and a list of such.
  Digest digest(const char* key);
  std::vector<Digest> digests(const char* key);
  // "2026-01-31T12:00:00Z".
  Time time(const char* key);
  // Throws unless the field is exactly `expected`.
  void constant(const char* key, std::string_view expected);
  void constant(const char* key, std::uint64_t expected);

  // Throws on a field that was not asked for. Call it last.
  void done() const;
  // "WHERE.key", for messages about the value itself.
  std::string at(std::string_view key) const;
  [[noreturn]] void refuse(std::string_view key, std::string_view found_and_expected) const;

 private:
  const Json& object_;
  std::string where_;
  Errc code_;
  std::set<std::string, std::less<>> asked_;
};

// An object of texts; Error{corrupt} that names `where`.
std::map<std::string, std::string> texts_by_key(const Json& value, const std::string& where);

}  // namespace sealift
