// SPDX-License-Identifier: Apache-2.0
#include "installer/drivers/kubernetes/cluster.hpp"

#include <algorithm>
#include <set>

#include "base/error.hpp"
#include "base/format.hpp"
#include "base/lines.hpp"
#include "base/path.hpp"
#include "base/text.hpp"
#include "installer/drivers/kubernetes/delivery.hpp"
#include "kubernetes/fixed_fields.hpp"

namespace sealift::installer {

namespace {

constexpr std::size_t kMostNamed = 100;  // objects that are tried one by one to name the bad ones
constexpr std::size_t kMostEvents = 3;
constexpr std::size_t kMostWords = 600;

// Only what says which object it is.
Json stub_of(const kubernetes::Reference& reference, const std::string& name_space) {
  return {{"apiVersion", reference.api_version},
          {"kind", reference.kind},
          {"metadata", {{"name", reference.name}, {"namespace", name_space}}}};
}

Json::Array stubs_of(const References& members, const std::string& name_space) {
  Json::Array stubs;
  for (const auto& each : members) stubs.push_back(stub_of(each, name_space));
  return stubs;
}

std::string label_of(const Json& object, const char* name) {
  return text_at(object_at(object_at(object, "metadata"), "labels"), name);
}

// Servers quote a whole template of pods as Go writes it, and say behind it what is the matter.
void cut_long_values(std::string& words) {
  constexpr std::string_view kBegin = "Invalid value: ";
  constexpr std::size_t kLongestQuote = 200;
  for (std::size_t at = words.find(kBegin); at != words.npos; at = words.find(kBegin, at)) {
    at += kBegin.size();
    const std::size_t line_end = std::min(words.find('\n', at), words.size());
    const std::size_t next = std::min(words.find(kBegin, at), line_end);
    const std::size_t end = words.rfind("}: ", next);
    if (end != words.npos && end > at + kLongestQuote) words.replace(at, end + 1 - at, "{...}");
  }
}

// Without kubectl's advice, which is for people who have it at hand.
std::string refusal(const Outcome& outcome) {
  Outcome cut = outcome;
  for (const char* advice : {"\nPlease review the fields above", "\n* If you intend"}) {
    const std::size_t end = cut.error_output.find(advice);
    if (end != std::string::npos) cut.error_output.resize(end);
  }
  cut_long_values(cut.error_output);
  std::string words = said(cut);
  for (const char* begin : {"error: ", "Error from server: "}) {
    if (words.starts_with(begin)) words.erase(0, std::string_view(begin).size());
  }
  return words;
}

void demand_answer(const Outcome& outcome) {
  if (!is_unreachable(outcome)) return;
  throw Error(Errc::target_failed,
              format("the server of Kubernetes does not answer: {}", refusal(outcome)),
              kUnreachableHint);
}

std::string hint_for(const std::string& words) {
  if (words.find("conflict") != words.npos) {
    return "another program or person has set that field: leave it out of the manifest (as "
           "replicas, where an autoscaler sets them), or name the object in site.yaml: "
           "take_over: [KIND/NAME]";
  }
  if (kubernetes::tells_of_fixed_field(words)) {
    return format(
        "that field cannot be changed: give the object another name, undo the change, or "
        "have the object deleted and created with it: annotation {}: \"true\"",
        kubernetes::kReplaceMark);
  }
  if (words.find("namespaces \"") != words.npos && words.find("not found") != words.npos) {
    return "make the namespace, or correct namespace in site.yaml";
  }
  if (words.find("forbidden") != words.npos) {
    return "the user of the kubeconfig lacks that right, or the namespace that room";
  }
  return "correct the manifest in the release";
}

// `error: the server doesn't have a resource type "Widget"`: the kind; empty for other words.
std::string unknown_kind(const std::string& words) {
  constexpr std::string_view kBegin = "doesn't have a resource type \"";
  const std::size_t begin = words.find(kBegin);
  if (begin == words.npos) return "";
  const std::string_view rest = std::string_view(words).substr(begin + kBegin.size());
  return std::string(rest.substr(0, rest.find('"')));
}

}  // namespace

References references_of(const std::vector<ObjectSettings>& objects) {
  References all;
  for (const ObjectSettings& each : objects) all.push_back(each.reference);
  return all;
}

bool is_one_of(const kubernetes::Reference& reference, const References& all) {
  return std::any_of(all.begin(), all.end(),
                     [&](const kubernetes::Reference& each) { return each.is_same(reference); });
}

const Json* find_object(const kubernetes::Reference& reference, const Objects& all) {
  const auto found = std::find_if(all.begin(), all.end(), [&](const Json& each) {
    return kubernetes::reference_of(each).is_same(reference);
  });
  return found == all.end() ? nullptr : &*found;
}

References without(const References& some, const References& others) {
  References rest = some;
  std::erase_if(rest, [&](const auto& each) { return is_one_of(each, others); });
  return rest;
}

bool holds_data(const kubernetes::Reference& reference) {
  return reference.kind == "PersistentVolumeClaim";
}

Outcome Cluster::apply_words(const std::vector<Json>& bodies, Kubectl::Words more,
                             Conflicts conflicts) const {
  Json::Array plain;
  Json::Array forced;
  for (const Json& each : bodies) {
    const kubernetes::Reference reference = kubernetes::reference_of(each);
    const std::string name = format("{}/{}", reference.kind, reference.name);
    const auto& all = settings_.take_over;
    const bool is_taken = std::find(all.begin(), all.end(), name) != all.end();
    (is_taken || conflicts == Conflicts::won ? forced : plain).push_back(each);
  }
  Kubectl::Words words = {"apply", "--server-side", format("--field-manager={}", kFieldManager),
                          "-f", "-"};
  words.insert(words.end(), more.begin(), more.end());
  Outcome outcome{.status = 0, .output = {}, .error_output = {}};
  if (!plain.empty()) outcome = kubectl_.call(words, list_text(std::move(plain)));
  if (outcome.status != 0 || forced.empty()) return outcome;
  words.emplace_back("--force-conflicts");
  return kubectl_.call(words, list_text(std::move(forced)));
}

// All at once, for that is one start of kubectl; only where one is refused is each tried alone, for
// kubectl does not name the object of a conflict.
void Cluster::try_out(const std::vector<Json>& bodies, Problems& problems) const {
  const Kubectl::Words dry = {"--dry-run=server"};
  const Outcome whole = apply_words(bodies, dry, Conflicts::refused);
  if (whole.status == 0) return;
  const auto add = [&](const std::string& who, const Outcome& outcome) {
    const std::string words = refusal(outcome);
    problems.add(who.empty() ? words : format("{}: {}", who, words), hint_for(words));
  };
  if (is_unreachable(whole)) {
    problems.add(format("the server of Kubernetes does not answer: {}", refusal(whole)),
                 kUnreachableHint);
    return;
  }
  const std::size_t before = problems.all().size();
  for (const Json& each : bodies) {
    if (bodies.size() > kMostNamed) break;
    const Outcome one = apply_words({each}, dry, Conflicts::refused);
    if (one.status != 0) add(kubernetes::reference_of(each).str(), one);
  }
  if (problems.all().size() == before) add("", whole);
}

std::string Cluster::refusal_of(const std::vector<Json>& bodies, Conflicts conflicts) const {
  if (bodies.empty()) return "";
  const Outcome outcome = apply_words(bodies, {"--dry-run=server"}, conflicts);
  if (outcome.status == 0) return "";
  demand_answer(outcome);
  return refusal(outcome);
}

// Those that carry the label are asked for at once, others by name.
References Cluster::find_strangers(const std::vector<Json>& bodies, Problems& problems) const {
  References wanted;
  for (const Json& each : bodies) wanted.push_back(kubernetes::reference_of(each));
  References ours;
  for (const Json& each : own(wanted)) ours.push_back(kubernetes::reference_of(each));
  const References unknown = without(wanted, ours);
  References strangers;
  if (unknown.empty()) return strangers;
  for (const Json& each : kubectl_.objects({"get", "-f", "-", "--ignore-not-found"},
                                           list_text(stubs_of(unknown, settings_.name_space)))) {
    const std::string owner = label_of(each, kApplySetPart);
    strangers.push_back(kubernetes::reference_of(each));
    problems.add(format("{} is there already and {}", strangers.back().str(),
                        owner.empty() ? std::string("is not of a release")
                                      : format("belongs to {}", printable(owner, 80))),
                 format("remove it, name the object of the release otherwise, or give it to this "
                        "component: kubectl -n {} label {} {} {}={} --overwrite",
                        settings_.name_space, strangers.back().kind, strangers.back().name,
                        kApplySetPart, apply_set_id(settings_.inventory, settings_.name_space)));
  }
  return strangers;
}

void Cluster::demand_applied(const std::vector<Json>& bodies, Conflicts conflicts) const {
  const Outcome outcome = apply_words(bodies, {}, conflicts);
  if (outcome.status == 0) return;
  demand_answer(outcome);
  const std::string words = refusal(outcome);
  throw Error(Errc::target_failed, format("kubectl apply: {}", words), hint_for(words));
}

void Cluster::apply(const References& members, const std::vector<Json>& bodies,
                    Conflicts conflicts) const {
  std::vector<Json> all = {inventory_object(settings_, members)};
  all.insert(all.end(), bodies.begin(), bodies.end());
  demand_applied(all, conflicts);
}

Objects Cluster::merged(const std::vector<Json>& bodies) const {
  if (bodies.empty()) return {};
  return kubectl_.objects({"apply", "--server-side", format("--field-manager={}", kFieldManager),
                           "--force-conflicts", "--dry-run=server", "-f", "-"},
                          list_text(bodies));
}

Objects Cluster::labelled(const std::set<std::string>& resources, const char* label,
                          Kubectl::Words more) const {
  if (resources.empty()) return {};
  const std::string id = apply_set_id(settings_.inventory, settings_.name_space);
  Kubectl::Words words = {"get", joined({resources.begin(), resources.end()}, ","), "-l",
                          format("{}={}", label, id), "--ignore-not-found"};
  words.insert(words.end(), more.begin(), more.end());
  return kubectl_.objects(std::move(words));
}

// Of a kind that the server does not know there is nothing; kubectl refuses the whole question.
Objects Cluster::own(const References& kinds) const {
  std::set<std::string> resources;
  for (const auto& each : kinds) resources.insert(each.resource(kubernetes::Version::preferred));
  while (true) {
    try {
      return labelled(resources, kApplySetPart);
    } catch (const Error& error) {
      const std::string unknown = unknown_kind(error.message());
      const auto count = std::erase_if(resources, [&](const std::string& each) {
        return each == unknown || each.starts_with(unknown + ".");
      });
      if (unknown.empty() || count == 0) throw;
    }
  }
}

// kubectl shows them by itself until 1.20, and later when it is asked.
Objects Cluster::own_and_made(const References& kinds, Managers managers) const {
  std::set<std::string> resources = {"ReplicaSet.v1.apps", "Pod"};
  for (const auto& each : kinds) resources.insert(each.resource(kubernetes::Version::said));
  Kubectl::Words more;
  if (managers == Managers::shown && kubectl_.minor_version() > 20) {
    more.emplace_back("--show-managed-fields");
  }
  return labelled(resources, kPartOfLabel, std::move(more));
}

References Cluster::others(const References& kinds, const References& kept) const {
  References found;
  for (const Json& each : own(kinds)) {
    // What a controller has made, it sees to: Endpoints have the labels of their Service.
    const bool is_made = !list_at(object_at(each, "metadata"), "ownerReferences").empty() ||
                         text_at(each, "kind") == "Endpoints";
    const kubernetes::Reference reference = kubernetes::reference_of(each);
    if (!is_made && !holds_data(reference)) found.push_back(reference);
  }
  return without(found, kept);
}

// The last that came goes first: what watches over workloads before they do.
void Cluster::remove(const References& members) const {
  if (members.empty()) return;
  References doomed;
  for (const Json& each : own(members)) {
    const kubernetes::Reference reference = kubernetes::reference_of(each);
    if (is_one_of(reference, members) && !holds_data(reference)) doomed.push_back(reference);
  }
  if (doomed.empty()) return;
  std::vector<kubernetes::Object> sorted;
  for (auto& each : doomed) sorted.push_back({.reference = each, .body = {}, .place = {}});
  kubernetes::put_in_order(sorted);
  doomed.clear();
  for (auto each = sorted.rbegin(); each != sorted.rend(); ++each) {
    doomed.push_back(each->reference);
  }
  kubectl_.demand({"delete", "-f", "-", "--ignore-not-found", "--wait=true", "--cascade=foreground",
                   format("--timeout={}s", settings_.timeout)},
                  list_text(stubs_of(doomed, settings_.name_space)));
}

void Cluster::remove_pod(const std::string& name) const {
  kubectl_.demand({"delete", "pod", name, "--ignore-not-found", "--wait=false"});
}

void Cluster::put_inventory(const References& members) const {
  demand_applied({inventory_object(settings_, members)}, Conflicts::won);
}

void Cluster::remove_inventory() const {
  kubectl_.demand({"delete", "configmap", settings_.inventory, "--ignore-not-found"});
}

std::string Cluster::last_words(const Json& object, const ObjectComplaint& complaint) const {
  std::vector<std::string> parts;
  const std::string& named =
      complaint.pod.empty() ? text_at(object_at(object, "metadata"), "name") : complaint.pod;
  const Outcome events = kubectl_.call(
      {"get", "events", "--field-selector", format("type=Warning,involvedObject.name={}", named),
       "-o", R"(jsonpath={range .items[*]}{.reason}: {.message}{"\n"}{end})"});
  if (events.status == 0) {
    std::set<std::string> all;
    for (const std::string_view line : split_lines(events.output)) all.emplace(line);
    for (const std::string& each : all) {
      if (parts.size() < kMostEvents) parts.push_back(printable(each, kMostWords));
    }
  }
  std::string words = parts.empty() ? "" : format("; events: {}", joined(parts, "; "));
  if (complaint.container.empty()) return words;
  Kubectl::Words log = {"logs", complaint.pod, "-c", complaint.container, "--tail=10"};
  if (complaint.has_died) log.emplace_back("--previous");
  const Outcome outcome = kubectl_.call(log);
  const std::string text = on_one_line(outcome.status == 0 ? outcome.output : "");
  if (!text.empty()) words += format("; it said: {}", printable(text, kMostWords));
  return words;
}

}  // namespace sealift::installer
