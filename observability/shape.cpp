// SPDX-License-Identifier: Apache-2.0
#include "observability/shape.hpp"

#include <algorithm>

#include "base/ascii.hpp"
#include "base/format.hpp"
#include "base/nearest.hpp"
#include "base/path.hpp"
#include "base/text.hpp"
#include "release/text/schema.hpp"

namespace sealift::observability {

namespace {

// As Prometheus has it: numbers with a unit, the larger units first, or a single 0.
bool is_duration(std::string_view text) {
  if (text == "0") return true;
  if (text.empty()) return false;
  while (!text.empty()) {
    const std::size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
    text.remove_prefix(digits);
    const std::size_t unit = text.starts_with("ms") ? 2 : 1;
    if (digits == 0 || text.empty()) return false;
    if (unit == 1 && std::string_view("smhdwy").find(text.front()) == std::string_view::npos) {
      return false;
    }
    text.remove_prefix(unit);
  }
  return true;
}

bool is_label(std::string_view name) {
  return !name.empty() && !is_digit(name.front()) &&
         std::all_of(name.begin(), name.end(),
                     [](char c) { return is_letter_or_digit(c) || c == '_'; });
}

bool is_plain(const Json& value) {
  return value.is_string() || value.is_number() || value.is_boolean();
}

std::string expected(Sort sort) {
  switch (sort) {
    case Sort::text:
      return "text";
    case Sort::duration:
      return "a duration such as 5m";
    case Sort::whole:
      return "a whole number";
    case Sort::number:
      return "a number";
    case Sort::flag:
      return "true or false";
    case Sort::list:
      return "a list";
    case Sort::texts:
      return "a list of texts";
    case Sort::object:
      return "an object";
    case Sort::plain:
      return "text or a number";
    case Sort::labels:
      return "an object of texts, whose keys are letters, digits and _";
    case Sort::any:
      break;
  }
  return "anything";
}

bool is_of(Sort sort, const Json& value) {
  switch (sort) {
    case Sort::text:
      return value.is_string();
    case Sort::duration:
      // A zero needs no unit.
      return value.is_string() ? is_duration(value.text()) : value == 0;
    case Sort::whole:
      return value.is_number_integer();
    case Sort::number:
      return value.is_number();
    case Sort::flag:
      return value.is_boolean();
    case Sort::list:
      return value.is_array();
    case Sort::texts:
      return value.is_array() && std::all_of(value.begin(), value.end(),
                                             [](const Json& each) { return each.is_string(); });
    case Sort::object:
      return value.is_object();
    case Sort::plain:
      return is_plain(value);
    case Sort::labels:
      return value.is_object() &&
             std::all_of(value.items().begin(), value.items().end(), [](const auto& each) {
               return is_label(each.first) && is_plain(each.second);
             });
    case Sort::any:
      break;
  }
  return true;
}

void check_words(const Json& value, const Field& field, const Place& place, Found& found) {
  if (field.words.empty()) return;
  const std::string& word = value.text();
  if (std::find(field.words.begin(), field.words.end(), word) != field.words.end()) return;
  const std::vector<std::string> known(field.words.begin(), field.words.end());
  const std::string near = nearest(word, known);
  found.mistakes.add(
      format("{}: found \"{}\", expected {}", place.str(), printable(word, 80),
             known.size() > 6 ? "a word that is known" : format("one of {}", joined(known))),
      near.empty() ? format("known are: {}", joined(known)) : format("did you mean \"{}\"?", near));
}

void check_field(const Json& value, const Field& field, const Place& place, Found& found) {
  if (!is_of(field.sort, value)) {
    found.mistakes.add(format("{}: found {}, expected {}", place.str(), release::described(value),
                              expected(field.sort)));
    return;
  }
  if (value.is_string()) check_words(value, field, place, found);
  if (field.inside == nullptr) return;
  if (value.is_object()) return check_shape(value, *field.inside, place, found);
  for (std::size_t i = 0; value.is_array() && i < value.size(); ++i) {
    check_shape(value.at(i), *field.inside, place.of(i), found);
  }
}

void judge_other(const std::string& key, const Shape& shape, const Place& place, Found& found) {
  if (shape.others == Others::ignored) return;
  std::vector<std::string> known;
  for (const Field& each : shape.fields) known.emplace_back(each.name);
  const std::string near = nearest(key, known);
  const std::string message = format("{}: found the field \"{}\", which is none of {}", place.str(),
                                     printable(key, 80), shape.whose);
  if (shape.others == Others::refused) {
    found.mistakes.add(message, near.empty() ? format("fields are: {}", joined(known))
                                             : format("did you mean \"{}\"?", near));
  } else {
    found.findings.push_back({message, near.empty()
                                           ? "sealift does not know it and passes it on as it is"
                                           : format("did you mean \"{}\"?", near)});
  }
}

}  // namespace

Place Place::of(std::string_view field) const {
  Place place(format("{}{}{}", text_, is_inside_ ? "." : ": ", printable(field, 80)));
  place.is_inside_ = true;
  return place;
}

Place Place::of(std::size_t index) const {
  Place place(format("{}{}[{}]", text_, is_inside_ ? "" : ": ", index));
  place.is_inside_ = true;
  return place;
}

void check_shape(const Json& value, const Shape& shape, const Place& place, Found& found) {
  if (!value.is_object()) {
    found.mistakes.add(
        format("{}: found {}, expected {}", place.str(), release::described(value), shape.whose));
    return;
  }
  for (const Field& field : shape.fields) {
    const auto at = value.find(field.name);
    if (at != value.end() && !at->is_null()) {
      check_field(*at, field, place.of(field.name), found);
    } else if (field.need == Need::required) {
      found.mistakes.add(
          format("{}: found no {}, which {} needs", place.str(), field.name, shape.whose));
    }
  }
  for (const auto& [key, unused] : value.items()) {
    const bool is_known = std::any_of(shape.fields.begin(), shape.fields.end(),
                                      [&key = key](const Field& each) { return each.name == key; });
    if (!is_known) judge_other(key, shape, place, found);
  }
}

}  // namespace sealift::observability
