// SPDX-License-Identifier: Apache-2.0
#include "installer/drivers/datadog/datadog_objects.hpp"

#include <algorithm>
#include <set>

#include "base/ascii.hpp"
#include "base/digest.hpp"
#include "base/format.hpp"
#include "base/path.hpp"
#include "net/url.hpp"

namespace sealift::installer {

namespace {

using observability::Family;

constexpr std::string_view kTags = "tags";
constexpr std::string_view kDescription = "description";
constexpr std::string_view kMarkTag = "sealift:";
constexpr std::string_view kTestTag = "sealift-test:";
constexpr std::string_view kFileTag = "sealift-file:";
constexpr std::string_view kMarkLine = "[sealift ";
constexpr std::size_t kMostFields = 10;
constexpr std::size_t kMostValue = 80;

// Behind what people wrote, so that the list of dashboards begins with their words.
std::string mark_line(const std::string& mark, const std::string& hash) {
  return format("{}{} {}]", kMarkLine, mark, hash);
}

std::string without_mark(std::string text) {
  const std::size_t at = text.rfind(kMarkLine);
  if (at != text.npos && text.ends_with(']')) text.erase(at);
  while (text.ends_with('\n')) text.pop_back();
  return text;
}

bool is_test(Family family) {
  return family == Family::api_test || family == Family::browser_test;
}

std::string_view tag_of(Family family) {
  return is_test(family) ? kTestTag : kMarkTag;
}

Json marked_tags(Family family, const Json& tags, const std::string& mark,
                 const std::string& hash) {
  Json all = Json::array();
  for (const Json& each : tags) {
    const bool is_mark = each.is_string() &&
                         (each.text().starts_with(kMarkTag) || each.text().starts_with(kTestTag) ||
                          each.text().starts_with(kFileTag));
    if (!is_mark) all.push_back(each);
  }
  all.push_back(format("{}{}", tag_of(family), mark));
  all.push_back(format("{}{}", kFileTag, hash));
  return all;
}

// A server leaves out what is empty, or writes it out.
bool is_nothing(const Json& value) {
  return value.is_null() || (value.is_structured() && value.empty());
}

// Tags have no order, and the server writes them in lower case.
std::multiset<std::string> tags_in(const Json& list) {
  std::multiset<std::string> tags;
  for (const Json& each : list) {
    std::string text = each.is_string() ? each.text() : each.dump();
    std::transform(text.begin(), text.end(), text.begin(),
                   [](char c) { return is_capital_letter(c) ? static_cast<char>(c + 32) : c; });
    tags.insert(std::move(text));
  }
  return tags;
}

// Only what was sent is asked for: the server adds defaults and what it alone knows.
class Comparison {
 public:
  explicit Comparison(std::string name) : name_(std::move(name)) {}

  void compare(const Json& sent, const Json& there, const std::string& place) {
    if (sent == there || (is_nothing(sent) && is_nothing(there))) return;
    if (sent.is_number() && there.is_number() && sent.get<double>() == there.get<double>()) return;
    if (sent.is_object() && there.is_object()) {
      for (const auto& [key, value] : sent.items()) {
        const auto other = there.find(key);
        compare(value, other == there.end() ? Json() : *other,
                place.empty() ? key : format("{}.{}", place, key));
      }
    } else if (place == kTags && sent.is_array() && there.is_array()) {
      if (tags_in(sent) != tags_in(there)) note(sent, there, place);
    } else if (sent.is_array() && there.is_array() && sent.size() == there.size()) {
      for (std::size_t i = 0; i < sent.size(); ++i) {
        compare(sent.at(i), there.at(i), format("{}[{}]", place, i));
      }
    } else {
      note(sent, there, place);
    }
  }

  std::vector<Difference> take() { return std::move(found_); }

 private:
  static std::string shown(const Json& value) {
    if (value.is_null()) return "missing";
    return printable(value.is_string() ? value.text() : value.dump(), kMostValue);
  }

  void note(const Json& sent, const Json& there, const std::string& place) {
    if (found_.size() == kMostFields) return;
    found_.push_back({name_, format("{} is {}", place, shown(there)), shown(sent)});
  }

  std::string name_;
  std::vector<Difference> found_;
};

}  // namespace

std::string path_of(Family family) {
  switch (family) {
    case Family::pipeline:
      return "/api/v1/logs/config/pipelines";
    case Family::api_test:
      return "/api/v1/synthetics/tests/api";
    case Family::browser_test:
      return "/api/v1/synthetics/tests/browser";
    case Family::monitor:
      return "/api/v1/monitor";
    case Family::slo:
      return "/api/v1/slo";
    default:
      return "/api/v1/dashboard";
  }
}

std::string path_of(Family family, const std::string& id) {
  return format("{}/{}", path_of(family), net::percent_encoded(id));
}

std::string list_of(Family family, const std::string& mark, std::size_t page) {
  switch (family) {
    case Family::api_test:
    case Family::browser_test:
      return format("/api/v1/synthetics/tests?page_size={}&page_number={}", kPage, page);
    case Family::monitor:
      return format("{}?monitor_tags={}{}", path_of(family), kMarkTag, mark);
    case Family::slo:
      return format("{}?tags_query={}{}&limit=1000", path_of(family), kMarkTag, mark);
    case Family::dashboard:
      return format("{}?count={}&start={}", path_of(family), kPage, page * kPage);
    default:
      return path_of(family);
  }
}

bool is_paged(Family family) {
  return family == Family::dashboard || is_test(family);
}

// Logs Pipelines documents 400 alone for a request that holds nothing but an id.
bool is_missing(Family family, int status) {
  return status == 404 || (family == Family::pipeline && status == 400);
}

std::string hash_of(const std::string& name) {
  return Digest::of(name).short_hex();
}

Json marked(Family family, Json body, const std::string& mark, const std::string& hash) {
  if (family == Family::dashboard) {
    const std::string own = without_mark(text_at(body, kDescription));
    body[kDescription] =
        own.empty() ? mark_line(mark, hash) : format("{}\n\n{}", own, mark_line(mark, hash));
  } else {
    body[kTags] = marked_tags(family, list_at(body, kTags), mark, hash);
  }
  return body;
}

std::optional<std::string> read_mark(Family family, const Json& body, const std::string& mark) {
  if (family == Family::dashboard) {
    const std::string text = text_at(body, kDescription);
    const std::string begin = format("{}{} ", kMarkLine, mark);
    const std::size_t at = text.rfind(begin);
    if (at == text.npos || !text.ends_with(']')) return std::nullopt;
    const std::size_t from = at + begin.size();
    return text.substr(from, text.size() - 1 - from);
  }
  // One list holds the tests of both sorts.
  if (is_test(family) &&
      text_at(body, "type") != (family == Family::api_test ? "api" : "browser")) {
    return std::nullopt;
  }
  std::optional<std::string> hash;
  bool is_ours = false;
  for (const Json& each : list_at(body, kTags)) {
    if (!each.is_string()) continue;
    const std::string& tag = each.text();
    if (tag == format("{}{}", tag_of(family), mark)) is_ours = true;
    if (tag.starts_with(kFileTag)) hash = tag.substr(kFileTag.size());
  }
  return is_ours ? hash : std::nullopt;
}

std::string read_id(Family family, const Json& body) {
  const auto id = body.find(is_test(family) ? "public_id" : "id");
  if (id == body.end() || id->is_null()) return "";
  return id->is_string() ? id->text() : id->dump();
}

// Only SLOs stand in "data", one as a list when it was just made or changed.
const Json& read_single(Family family, const Json& answer) {
  if (family != Family::slo) return answer;
  const Json& list = list_at(answer, "data");
  return list.empty() ? object_at(answer, "data") : list.front();
}

const Json& read_many(Family family, const Json& answer) {
  switch (family) {
    case Family::api_test:
    case Family::browser_test:
      return list_at(answer, "tests");
    case Family::slo:
      return list_at(answer, "data");
    case Family::dashboard:
      return list_at(answer, "dashboards");
    default:
      return answer;
  }
}

std::vector<Difference> changed_fields_of(const std::string& name, const Json& sent,
                                          const Json& there) {
  Comparison comparison(name);
  comparison.compare(sent, there, "");
  return comparison.take();
}

}  // namespace sealift::installer
