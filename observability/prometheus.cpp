// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <set>

#include "base/format.hpp"
#include "base/path.hpp"
#include "observability/rules.hpp"

namespace sealift::observability {

namespace {

constexpr std::string_view kGroups = "groups";
constexpr std::string_view kRules = "rules";
constexpr std::string_view kRecord = "record";
constexpr std::string_view kAlert = "alert";
// What only an alert has.
constexpr std::array<std::string_view, 3> kOfAlerts = {"for", "keep_firing_for", "annotations"};

constexpr std::array kRuleFields = {Field{kRecord, Sort::text},
                                    Field{kAlert, Sort::text},
                                    Field{"expr", Sort::plain, Need::required},
                                    Field{"for", Sort::duration},
                                    Field{"keep_firing_for", Sort::duration},
                                    Field{"labels", Sort::labels},
                                    Field{"annotations", Sort::labels}};
constexpr Shape kRule{"a rule of Prometheus", kRuleFields, Others::refused};

constexpr std::array kGroupFields = {Field{"name", Sort::text, Need::required},
                                     Field{kRules, Sort::list, Need::required, {}, &kRule},
                                     Field{"interval", Sort::duration},
                                     Field{"query_offset", Sort::duration},
                                     Field{"limit", Sort::whole},
                                     Field{"labels", Sort::labels}};
constexpr Shape kGroup{"a group of rules", kGroupFields, Others::refused};

constexpr std::array kFileFields = {Field{kGroups, Sort::list, Need::required, {}, &kGroup}};
constexpr Shape kFile{"a file of rules of Prometheus", kFileFields, Others::refused};

// A rule records a series or raises an alert.
void check_rule(const Json& rule, const Place& place, Found& found) {
  if (!rule.is_object()) return;
  const bool is_record = !text_at(rule, kRecord).empty();
  const bool is_alert = !text_at(rule, kAlert).empty();
  if (is_record == is_alert) {
    found.mistakes.add(format("{}: found {} record and alert, expected one of them", place.str(),
                              is_record ? "both" : "neither"));
  }
  if (!is_record || is_alert) return;
  for (const std::string_view field : kOfAlerts) {
    if (rule.contains(field)) {
      found.mistakes.add(
          format("{}: found {}, which a recording rule does not have", place.str(), field));
    }
  }
}

}  // namespace

void check_prometheus(const Json& body, const Place& place, Found& found) {
  check_shape(body, kFile, place, found);
  const Json& groups = list_at(body, kGroups);
  std::set<std::string> names;
  for (std::size_t i = 0; i < groups.size(); ++i) {
    const Place at = place.of(kGroups).of(i);
    const Json& group = groups.at(i);
    if (!group.is_object()) continue;
    const std::string name = text_at(group, "name");
    if (!name.empty() && !names.insert(name).second) {
      found.mistakes.add(format("{}: found the name \"{}\" again", at.str(), printable(name, 80)),
                         "Prometheus refuses a file with two groups of one name");
    }
    const Json& rules = list_at(group, kRules);
    for (std::size_t j = 0; j < rules.size(); ++j) {
      check_rule(rules.at(j), at.of(kRules).of(j), found);
    }
  }
}

}  // namespace sealift::observability
