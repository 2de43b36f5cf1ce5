// SPDX-License-Identifier: Apache-2.0
#include "installer/drivers/kubernetes/kubernetes_runtime.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "base/format.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "installer/drivers/kubernetes/canaries.hpp"
#include "installer/drivers/kubernetes/changed_fields.hpp"
#include "installer/drivers/kubernetes/cluster.hpp"
#include "installer/drivers/kubernetes/delivery.hpp"
#include "installer/drivers/kubernetes/kubernetes_watch.hpp"
#include "installer/drivers/kubernetes/replacement.hpp"
#include "installer/drivers/kubernetes/rights_check.hpp"
#include "installer/drivers/kubernetes/writers_fence.hpp"
#include "installer/drivers/runtime/parts.hpp"
#include "kubernetes/canary.hpp"
#include "kubernetes/secret_references.hpp"

namespace sealift::installer {

namespace {

using Words = std::vector<std::string>;

// The members of a deployment; none where there is no deployment.
References members_of(const Deployment* deployment) {
  if (deployment == nullptr) return {};
  return references_of(kubernetes_settings_of(*deployment).objects);
}

References joined_members(References some, const References& more) {
  for (const auto& each : without(more, some)) some.push_back(each);
  return some;
}

// The objects of what is installed with the values of their secrets, which live here and go to the
// server over the standard input of kubectl, and nowhere else.
std::vector<Json> revealed_objects(const Deployment& deployment, const KubernetesSettings& settings,
                                   Content& content, Cluster& cluster) {
  std::vector<Json> bodies;
  for (Json& each : delivered_objects(deployment, settings)) {
    bodies.push_back(kubernetes::revealed(std::move(each), [&](const std::string& key) {
      const std::string_view value = content.secret(key).view();
      cluster.hide(value);
      return value;
    }));
  }
  return bodies;
}

class KubernetesRuntime : public Runtime {
 public:
  explicit KubernetesRuntime(const Layout& layout) : layout_(layout) {}

  Json settings(const RuntimeQuestion& question) const override {
    return to_json(kubernetes_settings_for(question, find_kubectl(question.target)));
  }

  std::vector<release::Claim> claims(const RuntimeQuestion& question) const override {
    return kubernetes_claims(question);
  }

  std::string outlook(const Deployment* before, const Deployment* now) const override {
    std::vector<ObjectSettings> was;
    std::vector<ObjectSettings> is;
    if (before != nullptr) was = kubernetes_settings_of(*before).objects;
    Words canary;
    if (now != nullptr) {
      KubernetesSettings settings = kubernetes_settings_of(*now);
      is = std::move(settings.objects);
      canary = std::move(settings.canary);
    }
    Words fresh;
    Words changed;
    Words replaced;
    Words first;
    Words gone;
    for (const ObjectSettings& each : is) {
      const auto old = find_same(was, each);
      if (old == was.end()) {
        fresh.push_back(each.reference.str());
      } else if (old->digest != each.digest) {
        const bool goes = is_replaced(*old, each);
        (goes ? replaced : changed).push_back(each.reference.str());
        if (!goes && kubernetes::is_canary(each.reference, canary)) {
          first.push_back(each.reference.str());
        }
      }
    }
    for (const ObjectSettings& each : was) {
      if (find_same(is, each) == is.end() && !holds_data(each.reference)) {
        gone.push_back(each.reference.str());
      }
    }
    return changes_text({{"try one new pod first of", first},
                         {"create", fresh},
                         {"change", changed},
                         {"replace", replaced},
                         {"remove", gone}});
  }

  // The server itself tries every object; nothing is stored.
  void validate(const Deployment& staged, StepIo& io) const override {
    const KubernetesSettings settings = kubernetes_settings_of(staged);
    Cluster cluster(settings);
    demand_rights(cluster, references_of(settings.objects));
    const std::vector<Json> bodies = revealed_objects(staged, settings, io.content, cluster);
    Problems problems;
    std::vector<Json> ours = bodies;
    for (const auto& stranger : cluster.find_strangers(bodies, problems)) {
      take_from(ours, stranger);
    }
    for (const auto& each : try_replacement(cluster, ours, problems)) take_from(ours, each);
    cluster.try_out(ours, problems);
    refuse(problems);
  }

  // The inventory names more than there is at any moment, so that nothing is ever out of its sight.
  void bring_up(const Deployment& now, const Deployment* before, StepIo& io) const override {
    const KubernetesSettings settings = kubernetes_settings_of(now);
    Cluster cluster(settings);
    const References all = joined_members(references_of(settings.objects), members_of(before));
    const std::vector<Json> bodies = revealed_objects(now, settings, io.content, cluster);
    send_canaries(cluster, all, bodies, io);
    make_way(cluster, bodies, Conflicts::refused, io);
    cluster.apply(all, bodies, Conflicts::refused);
    note_running(layout_, settings, bodies);
    await_objects(cluster, settings, io);
    finish(cluster, settings, all);
  }

  // While the fence is closed its writers stay stopped: databases may have to go back first.
  // What the failed release has brought goes before anything is waited for: it may hold what the
  // old one needs.
  void bring_back(const Deployment& then, const Deployment* failed, StepIo& io) const override {
    const KubernetesSettings settings = kubernetes_settings_of(then);
    Cluster cluster(settings);
    cluster.be_patient();
    const References all = joined_members(references_of(settings.objects), members_of(failed));
    Content& content = io.former != nullptr ? *io.former : io.content;
    std::vector<Json> bodies = revealed_objects(then, settings, content, cluster);
    stop_again(layout_, settings, bodies, io);
    make_way(cluster, bodies, Conflicts::won, io);
    cluster.apply(all, bodies, Conflicts::won);
    finish(cluster, settings, all);
    await_objects(cluster, settings, io);
  }

  void take_back(const Deployment& failed, StepIo& io) const override { take_down(failed, io); }

  void take_down(const Deployment& deployment, StepIo&) const override {
    const KubernetesSettings settings = kubernetes_settings_of(deployment);
    Cluster cluster(settings);
    cluster.be_patient();
    const References all = references_of(settings.objects);
    cluster.remove(cluster.others(all, {}));
    cluster.remove_inventory();
  }

  std::vector<Difference> differences(const Deployment& deployment,
                                      Content& content) const override {
    const KubernetesSettings settings = kubernetes_settings_of(deployment);
    Cluster cluster(settings);
    const References members = references_of(settings.objects);
    const std::vector<Json> bodies = revealed_objects(deployment, settings, content, cluster);
    const Objects live = cluster.own_and_made(members, Managers::shown);
    std::vector<Difference> found = unready(members, live);
    for (const Json& merged : cluster.merged(bodies)) {
      const Json* same = find_object(kubernetes::reference_of(merged), live);
      if (same == nullptr) continue;
      for (Difference& each : changed_fields(*same, merged)) found.push_back(std::move(each));
    }
    for (const auto& each : cluster.others(members, members)) {
      found.push_back({each.str(), std::string(kStranger)});
    }
    return found;
  }

  // Inventories of this site that no deployment is of.
  std::vector<std::string> leftovers(const release::Target& target, const std::string& site,
                                     const std::vector<Deployment>& known) const override {
    const KubernetesSettings settings = server_settings(target);
    std::vector<std::string> left;
    for (const Json& each : Kubectl(settings).objects(
             {"get", "configmaps", "-l", format("{}={}", kKubernetesSite, site)})) {
      const std::string name = kubernetes::reference_of(each).name;
      const bool is_known = std::any_of(known.begin(), known.end(), [&](const Deployment& other) {
        const KubernetesSettings own = kubernetes_settings_of(other);
        return own.inventory == name && own.name_space == target.name_space;
      });
      if (!is_known) left.push_back(format("the objects of the inventory ConfigMap {}", name));
    }
    return left;
  }

 private:
  // Each object that is tried would say only the first right that it lacks.
  static void demand_rights(const Cluster& cluster, const References& members) {
    Words lacking;
    for (const auto& each : rights_lacking(cluster.kubectl(), kubernetes::rights_for(members))) {
      lacking.push_back(format("{} ({})", each.name(), joined(each.verbs)));
    }
    if (lacking.empty()) return;
    throw Error(Errc::target_failed,
                format("the user of the kubeconfig lacks rights in the namespace {}: {}",
                       cluster.kubectl().settings().name_space, joined(lacking)),
                "sealift-installer kubernetes rbac BUNDLE prints the Role that gives them");
  }

  // All in one message, for a transaction tells only the first.
  static void refuse(const Problems& problems) {
    if (problems.empty()) return;
    Words found;
    Words hints;
    for (const Problem& each : problems.all()) {
      found.push_back(each.message);
      if (std::find(hints.begin(), hints.end(), each.hint) == hints.end()) {
        hints.push_back(each.hint);
      }
    }
    throw Error(Errc::target_failed, joined(found, "; "), joined(hints, "; "));
  }

  static void take_from(std::vector<Json>& bodies, const kubernetes::Reference& reference) {
    std::erase_if(bodies, [&](const Json& each) {
      return kubernetes::reference_of(each).is_same(reference);
    });
  }

  // As far as it can be said without the server.
  static bool is_replaced(const ObjectSettings& was, const ObjectSettings& is) {
    return !was.fixed.empty() && was.fixed != is.fixed &&
           (was.is_replaced_if_fixed || is.is_replaced_if_fixed);
  }

  using Members = std::vector<ObjectSettings>;

  static Members::const_iterator find_same(const Members& all, const ObjectSettings& object) {
    return std::find_if(all.begin(), all.end(), [&](const ObjectSettings& each) {
      return each.reference.is_same(object.reference);
    });
  }

  // Removes what is ours and no longer of the release. A claim that holds data stays.
  static void finish(const Cluster& cluster, const KubernetesSettings& settings,
                     const References& all) {
    const References members = references_of(settings.objects);
    cluster.remove(cluster.others(all, members));
    for (const auto& each : without(all, members)) {
      if (holds_data(each)) log::detail(format("{} is kept: it holds data", each.str()));
    }
    if (all.size() > members.size()) cluster.put_inventory(members);
  }

  Layout layout_;
};

}  // namespace

std::unique_ptr<Runtime> kubernetes_runtime(const Layout& layout) {
  return std::make_unique<KubernetesRuntime>(layout);
}

}  // namespace sealift::installer
