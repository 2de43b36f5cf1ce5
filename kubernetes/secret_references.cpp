// SPDX-License-Identifier: Apache-2.0
#include "kubernetes/secret_references.hpp"

#include <algorithm>
#include <optional>

#include "base/ascii.hpp"
#include "base/format.hpp"
#include "base/path.hpp"
#include "signing/base64.hpp"

namespace sealift::kubernetes {

namespace {

constexpr std::string_view kBegin = "sealift-secret/";
constexpr std::string_view kSecret = "Secret";
constexpr std::string_view kData = "data";
constexpr std::string_view kStringData = "stringData";

struct Found {
  std::size_t begin;
  std::size_t size;
  std::string key;
};

bool is_hex(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'f');
}

// The next whole reference from `from`; nothing where there is none.
std::optional<Found> next_reference(std::string_view text, std::size_t from) {
  for (std::size_t at = text.find(kBegin, from); at != text.npos; at = text.find(kBegin, at + 1)) {
    const std::size_t key = at + kBegin.size();
    const std::size_t slash = text.find('/', key);
    if (slash == text.npos || slash == key) continue;
    const std::string_view print = text.substr(slash + 1, kFingerprint);
    const std::size_t end = slash + 1 + kFingerprint;
    if (end >= text.size() || text[end] != '/') continue;
    if (!std::all_of(print.begin(), print.end(), is_hex)) continue;
    return Found{at, end + 1 - at, std::string(text.substr(key, slash - key))};
  }
  return std::nullopt;
}

std::size_t count_of(std::string_view text, std::string_view words) {
  std::size_t count = 0;
  for (std::size_t at = text.find(words); at != text.npos; at = text.find(words, at + 1)) ++count;
  return count;
}

// Whether every beginning is that of a whole reference.
bool is_whole(std::string_view text) {
  std::size_t count = 0;
  std::size_t from = 0;
  while (const auto found = next_reference(text, from)) {
    ++count;
    from = found->begin + found->size;
  }
  return count == count_of(text, kBegin);
}

// What base64 stands for; nothing where it is none, as most texts are not.
std::optional<std::string> decoded(const std::string& text) {
  try {
    return signing::from_base64(text);
  } catch (const Error&) {
    return std::nullopt;
  }
}

bool has_reference(const std::string& text) {
  if (text.find(kBegin) != text.npos) return true;
  const std::optional<std::string> inside = decoded(text);
  return inside && inside->find(kBegin) != inside->npos;
}

std::string revealed_text(const std::string& text, const Reveal& reveal) {
  std::string whole;
  std::size_t from = 0;
  while (const auto found = next_reference(text, from)) {
    whole.append(text, from, found->begin - from).append(reveal(found->key));
    from = found->begin + found->size;
  }
  return whole.append(text, from, text.npos);
}

class ReferenceCheck {
 public:
  ReferenceCheck(const Object& object, Problems& problems) : object_(object), problems_(problems) {}

  void look(const Json& value, const std::string& pointer) {
    if (value.is_array()) {
      for (std::size_t i = 0; i < value.size(); ++i) look(value[i], format("{}[{}]", pointer, i));
    } else if (value.is_object()) {
      for (const auto& [key, each] : value.items()) {
        if (key.find(kBegin) != key.npos) refuse(pointer, "in a name", "");
        look(each, pointer.empty() ? key : format("{}.{}", pointer, key));
      }
    } else if (value.is_string() && has_reference(value.text())) {
      look_at(value.text(), pointer);
    }
  }

 private:
  void look_at(const std::string& text, const std::string& pointer) {
    const bool is_data = pointer.starts_with(format("{}.", kData));
    const bool is_content = object_.reference.kind == kSecret &&
                            (is_data || pointer.starts_with(format("{}.", kStringData)));
    if (!is_content) {
      refuse(pointer, "that others could read",
             "a secret stands in data or stringData of a Secret; others name that Secret");
      return;
    }
    const std::string inside = is_data ? decoded(text).value_or("") : text;
    if (inside.find(kBegin) == inside.npos) {
      refuse(pointer, is_data ? "without base64" : "in base64",
             "in data write {{NAME | base64}}, in stringData {{NAME | json}}");
    } else if (!is_whole(inside)) {
      refuse(pointer, "that a filter or a program has changed",
             "filters of a secret are base64, json, yaml and text");
    }
  }

  void refuse(const std::string& pointer, std::string_view how, const std::string& hint) {
    problems_.add(format("{}: {}: {}: found a secret {}", object_.place,
                         printable(object_.reference.str(), 200), printable(pointer, 200), how),
                  hint);
  }

  const Object& object_;
  Problems& problems_;
};

}  // namespace

std::string secret_reference(std::string_view key, std::string_view fingerprint) {
  return format("{}{}/{}/", kBegin, key, fingerprint.substr(0, kFingerprint));
}

void check_references(const Object& object, Problems& problems) {
  ReferenceCheck(object, problems).look(object.body, "");
}

bool has_secrets(const Json& body) {
  if (reference_of(body).kind != kSecret) return false;
  for (const std::string_view part : {kData, kStringData}) {
    const Json& content = object_at(body, part);
    for (const auto& [unused, value] : content.items()) {
      if (value.is_string() && has_reference(value.text())) return true;
    }
  }
  return false;
}

Json revealed(Json body, const Reveal& reveal) {
  if (!has_secrets(body)) return body;
  for (const std::string_view part : {kData, kStringData}) {
    const auto content = body.find(part);
    if (content == body.end() || !content->is_object()) continue;
    for (auto& [unused, value] : content->items()) {
      if (!value.is_string() || !has_reference(value.text())) continue;
      if (part == kStringData) {
        value = revealed_text(value.text(), reveal);
      } else {
        value = signing::to_base64(revealed_text(decoded(value.text()).value_or(""), reveal));
      }
    }
  }
  return body;
}

}  // namespace sealift::kubernetes
