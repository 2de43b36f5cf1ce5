// SPDX-License-Identifier: Apache-2.0
#include "installer/drivers/kubernetes/rights_check.hpp"

#include "base/format.hpp"
#include "base/lines.hpp"
#include "base/log.hpp"
#include "installer/drivers/kubernetes/pod_state.hpp"

namespace sealift::installer {

namespace {

constexpr const char* kAuthorization = "authorization.k8s.io/v1";

Json review_of(const kubernetes::Right& right, const std::string& verb, const std::string& space) {
  const std::size_t slash = right.resource.find('/');
  Json attributes = {{"namespace", space},
                     {"verb", verb},
                     {"group", right.group},
                     {"resource", right.resource.substr(0, slash)}};
  if (slash != right.resource.npos) {
    attributes["subresource"] = right.resource.substr(slash + 1);
  }
  return {{"apiVersion", kAuthorization},
          {"kind", "SelfSubjectAccessReview"},
          {"spec", {{"resourceAttributes", std::move(attributes)}}}};
}

// One by one, for authorizers that keep no list of rules; one line of the answer is one right. An
// answer of another length says nothing.
std::vector<kubernetes::Right> refused_singly(const Kubectl& kubectl,
                                              const std::vector<kubernetes::Right>& rights) {
  Json::Array reviews;
  for (const kubernetes::Right& each : rights) {
    for (const std::string& verb : each.verbs) {
      reviews.push_back(review_of(each, verb, kubectl.settings().name_space));
    }
  }
  const std::size_t count = reviews.size();
  const Outcome outcome = kubectl.call(
      {"create", "-f", "-", "-o", R"(jsonpath={.status.allowed}{"\n"})"}, list_text(reviews));
  const auto answers = split_lines(outcome.output);
  if (outcome.status != 0 || answers.size() != count) return {};
  std::vector<kubernetes::Right> refused;
  std::size_t at = 0;
  for (const kubernetes::Right& each : rights) {
    kubernetes::Right lacks{each.group, each.resource, {}};
    for (const std::string& verb : each.verbs) {
      if (answers[at++] != "true") lacks.verbs.push_back(verb);
    }
    if (!lacks.verbs.empty()) refused.push_back(std::move(lacks));
  }
  return refused;
}

}  // namespace

std::vector<kubernetes::Right> rights_lacking(const Kubectl& kubectl,
                                              const std::vector<kubernetes::Right>& wanted) {
  const Json question = {{"apiVersion", kAuthorization},
                         {"kind", "SelfSubjectRulesReview"},
                         {"spec", {{"namespace", kubectl.settings().name_space}}}};
  const Outcome outcome = kubectl.call({"create", "-f", "-", "-o", "json"}, to_canonical(question));
  if (outcome.status != 0) {
    log::detail(format("the server says nothing of rights: {}", said(outcome)));
    return {};
  }
  const Json answer =
      parse_json(outcome.output, "kubectl create", Errc::target_failed, Numbers::any);
  const Json& status = object_at(answer, "status");
  auto missing = kubernetes::missing_rights(wanted, status);
  if (missing.empty() || !says_yes(status, "incomplete")) return missing;
  return refused_singly(kubectl, missing);
}

}  // namespace sealift::installer
