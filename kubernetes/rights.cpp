// SPDX-License-Identifier: Apache-2.0
#include "kubernetes/rights.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "base/ascii.hpp"
#include "base/format.hpp"
#include "base/text.hpp"

namespace sealift::kubernetes {

namespace {

using Verbs = std::vector<std::string>;

// kubectl watches what it deletes, and waits for nothing where it may not.
const Verbs& of_members() {
  static const Verbs verbs = {"get", "list", "watch", "create", "patch", "delete"};
  return verbs;
}

// As the plurals of Kubernetes' own kinds, and of nearly all others, are made.
std::string plural_of(const std::string& kind) {
  std::string word = lower(kind);
  if (word == "endpoints") return word;
  const auto ends = [&](std::string_view end) { return word.ends_with(end); };
  if (ends("s") || ends("x") || ends("ch") || ends("sh")) return word + "es";
  const bool has_vowel =
      word.size() > 1 && std::string_view("aeiou").find(word[word.size() - 2]) != std::string::npos;
  if (!ends("y") || has_vowel) return word + "s";
  word.pop_back();
  return word + "ies";
}

bool holds(const Json& list, const std::string& word) {
  return std::any_of(list.begin(), list.end(),
                     [&](const Json& each) { return each == word || each == "*"; });
}

// A rule for objects of certain names gives no right to a kind.
bool gives(const Json& rule, const Right& right, const std::string& verb) {
  return list_at(rule, "resourceNames").empty() && holds(list_at(rule, "verbs"), verb) &&
         holds(list_at(rule, "apiGroups"), right.group) &&
         holds(list_at(rule, "resources"), right.resource);
}

// "" is the core group, which YAML needs in quotes.
std::string yaml_list(const std::vector<std::string>& words) {
  std::vector<std::string> quoted;
  quoted.reserve(words.size());
  for (const std::string& each : words) quoted.push_back(each.empty() ? "\"\"" : each);
  return format("[{}]", joined(quoted));
}

}  // namespace

std::string Right::name() const {
  return group.empty() ? resource : format("{}.{}", resource, group);
}

// A claim on a volume is never removed.
std::vector<Right> rights_for(const std::vector<Reference>& members) {
  std::map<std::pair<std::string, std::string>, Verbs> all;
  const auto add = [&](const std::string& group, const std::string& resource, const Verbs& verbs) {
    Verbs& known = all[{group, resource}];
    if (known.size() < verbs.size()) known = verbs;
  };
  add("", "configmaps", of_members());  // the inventory
  for (const Reference& each : members) {
    Verbs verbs = of_members();
    if (each.kind == "PersistentVolumeClaim") verbs.pop_back();
    add(each.group(), plural_of(each.kind), verbs);
  }
  for (const char* resource : {"pods", "events"}) add("", resource, {"get", "list"});
  // One that never was ready keeps its StatefulSet from any other making.
  const bool has_sets = std::any_of(members.begin(), members.end(), [](const Reference& each) {
    return each.kind == "StatefulSet";
  });
  if (has_sets) add("", "pods", {"get", "list", "delete"});
  add("apps", "replicasets", {"get", "list"});
  add("", "pods/log", {"get"});
  std::vector<Right> rights;
  rights.reserve(all.size());
  for (const auto& [place, verbs] : all) rights.push_back({place.first, place.second, verbs});
  return rights;
}

std::vector<Right> missing_rights(const std::vector<Right>& wanted, const Json& status) {
  std::vector<Right> missing;
  const Json& rules = list_at(status, "resourceRules");
  for (const Right& right : wanted) {
    Right lacks{right.group, right.resource, {}};
    for (const std::string& verb : right.verbs) {
      const bool is_given = std::any_of(rules.begin(), rules.end(),
                                        [&](const Json& rule) { return gives(rule, right, verb); });
      if (!is_given) lacks.verbs.push_back(verb);
    }
    if (!lacks.verbs.empty()) missing.push_back(std::move(lacks));
  }
  return missing;
}

// Resources of one group with the same verbs are one rule.
std::string role_text(const std::vector<Right>& rights, const std::string& name,
                      const std::string& name_space, const Subject& subject) {
  std::map<std::pair<std::string, Verbs>, std::vector<std::string>> rules;
  for (const Right& each : rights) rules[{each.group, each.verbs}].push_back(each.resource);
  const std::string metadata = format("metadata: {{name: {}, namespace: {}}}\n", name, name_space);
  std::string text = "apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\n" + metadata;
  text += "rules:\n";
  for (const auto& [rule, resources] : rules) {
    text += format("  - {{apiGroups: {}, resources: {}, verbs: {}}}\n", yaml_list({rule.first}),
                   yaml_list(resources), yaml_list(rule.second));
  }
  text += "---\napiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\n" + metadata;
  text += format("roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: Role, name: {}}}\n", name);
  const bool is_account = subject.kind == "ServiceAccount";
  text += format("subjects: [{{kind: {}, name: {}, {}}}]\n", subject.kind, subject.name,
                 is_account ? format("namespace: {}", name_space)
                            : std::string("apiGroup: rbac.authorization.k8s.io"));
  return text;
}

}  // namespace sealift::kubernetes
