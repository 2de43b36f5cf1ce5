// SPDX-License-Identifier: Apache-2.0
#include "installer/drivers/kubernetes/delivery.hpp"

#include <algorithm>
#include <set>

#include "base/digest.hpp"
#include "base/error.hpp"
#include "base/format.hpp"
#include "base/path.hpp"
#include "base/text.hpp"
#include "installer/drivers/runtime/installed_file.hpp"
#include "installer/drivers/runtime/parts.hpp"
#include "kubernetes/canary.hpp"
#include "kubernetes/claims.hpp"
#include "kubernetes/config_marks.hpp"
#include "kubernetes/fixed_fields.hpp"
#include "kubernetes/manifests.hpp"
#include "kubernetes/pods.hpp"
#include "signing/base64.hpp"

namespace sealift::installer {

namespace {

constexpr std::size_t kInventorySite = 8;  // characters of the site's id in an inventory's name

using Files = std::map<std::string, std::string>;

constexpr Readable kReadable{.takes = kubernetes::is_manifest,
                             .most = kubernetes::kMaxManifestBytes,
                             .most_of_all = kubernetes::kMaxManifestsBytes,
                             .what = "manifests"};

void add_labels(Json& holder, const std::string& id, const std::vector<const char*>& names) {
  for (const char* name : names) holder["metadata"]["labels"][name] = id;
}

// The server keeps only `data`, and would not know that a key of `stringData` has gone.
void encode_texts(Json& body) {
  constexpr std::string_view kTexts = "stringData";
  if (kubernetes::reference_of(body).kind != "Secret" || !body.contains(kTexts)) return;
  for (const auto& [key, text] : object_at(body, kTexts).items()) {
    if (text.is_string()) body["data"][key] = signing::to_base64(text.text());
  }
  body.erase(kTexts);
}

// Nothing is pulled where the node has it; a digest means one image, wherever it is.
Json delivered(const kubernetes::Object& object, const KubernetesSettings& settings) {
  const std::string id = apply_set_id(settings.inventory, settings.name_space);
  Json body = object.body;
  body["metadata"]["namespace"] = settings.name_space;
  encode_texts(body);
  add_labels(body, id, {kApplySetPart, kPartOfLabel});
  kubernetes::for_each_pod_template(body,
                                    [&](Json& each) { add_labels(each, id, {kPartOfLabel}); });
  kubernetes::for_each_image(body, [&](const kubernetes::ImagePlace& image) {
    const auto pin = settings.pins.find(text_at(image.holder, image.key));
    if (pin != settings.pins.end()) image.holder[image.key] = pin->second;
    image.holder[image.policy] = "IfNotPresent";
  });
  return body;
}

std::vector<Json> all_delivered(const std::vector<kubernetes::Object>& objects,
                                const KubernetesSettings& settings) {
  std::vector<Json> bodies;
  bodies.reserve(objects.size());
  for (const kubernetes::Object& each : objects) bodies.push_back(delivered(each, settings));
  kubernetes::add_config_marks(bodies);
  return bodies;
}

std::string inventory_name(const RuntimeQuestion& question) {
  const Placement* before = question.before;
  if (before != nullptr && before->driver == release::kKubernetes) {
    return kubernetes_settings_from_json(before->settings, before->component).inventory;
  }
  return format("sealift-{}-{}", question.component.row.name,
                question.site.substr(0, kInventorySite));
}

std::vector<std::string> canary_of(const RuntimeQuestion& question) {
  const std::optional<release::Workload>& workload = question.component.document.workload;
  return workload ? workload->canary : std::vector<std::string>();
}

void check_name_space(const std::string& named, const release::Target& target, Problems& problems) {
  if (named.empty() || named == target.name_space) return;
  problems.add(format("its objects name the namespace {}, and the target is {}",
                      printable(named, 80), target.name_space),
               "leave metadata.namespace out of the manifests, or correct namespace in site.yaml");
}

}  // namespace

std::string apply_set_id(const std::string& inventory, const std::string& name_space) {
  const Digest digest = Digest::of(format("{}.{}.ConfigMap.", inventory, name_space));
  std::string text = signing::to_base64(
      {reinterpret_cast<const char*>(digest.bytes().data()), digest.bytes().size()});
  std::erase(text, '=');
  std::replace(text.begin(), text.end(), '+', '-');
  std::replace(text.begin(), text.end(), '/', '_');
  return format("applyset-{}-v1", text);
}

Json inventory_object(const KubernetesSettings& settings,
                      const std::vector<kubernetes::Reference>& members) {
  std::set<std::string> kinds;
  for (const kubernetes::Reference& each : members) {
    const std::string group = each.group();
    kinds.insert(group.empty() ? each.kind : format("{}.{}", each.kind, group));
  }
  return {{"apiVersion", "v1"},
          {"kind", "ConfigMap"},
          {"metadata",
           {{"name", settings.inventory},
            {"namespace", settings.name_space},
            {"labels",
             {{kApplySetId, apply_set_id(settings.inventory, settings.name_space)},
              {kKubernetesSite, settings.site}}},
            {"annotations",
             {{"applyset.kubernetes.io/tooling", "sealift/v1"},
              {"applyset.kubernetes.io/additional-namespaces", ""},
              {"applyset.kubernetes.io/contains-group-kinds",
               joined({kinds.begin(), kinds.end()}, ",")}}}}}};
}

KubernetesSettings kubernetes_settings_for(const RuntimeQuestion& question,
                                           const std::vector<std::string>& kubectl) {
  const Files files = files_of(question.content, question.component.row.name, kReadable);
  Problems problems;
  const kubernetes::Manifests manifests = kubernetes::read_manifests(files, problems);
  check_name_space(manifests.name_space, question.target, problems);
  KubernetesSettings settings{.kubectl = kubectl,
                              .kubeconfig = question.target.kubeconfig,
                              .context = question.target.context,
                              .name_space = question.target.name_space,
                              .inventory = inventory_name(question),
                              .site = question.site,
                              .timeout = question.target.timeout,
                              .take_over = question.target.take_over,
                              .canary = canary_of(question),
                              .files = {},
                              .pins = {},
                              .objects = {}};
  for (const auto& [path, unused] : files) settings.files.push_back(path);
  kubernetes::check_canaries(settings.canary, manifests.objects, problems);
  for (const kubernetes::Object& object : manifests.objects) {
    for (const kubernetes::ImageUse& image : object.images) {
      settings.pins[image.name] = pin_of(image.name, image.place, question, problems);
    }
  }
  problems.throw_if_any(Errc::incompatible);
  const std::vector<Json> bodies = all_delivered(manifests.objects, settings);
  for (std::size_t i = 0; i < bodies.size(); ++i) {
    settings.objects.push_back({.reference = manifests.objects[i].reference,
                                .digest = Digest::of(to_canonical(bodies[i])).hex(),
                                .fixed = kubernetes::fixed_digest(bodies[i]),
                                .is_replaced_if_fixed = kubernetes::may_be_replaced(bodies[i])});
  }
  return settings;
}

std::vector<release::Claim> kubernetes_claims(const RuntimeQuestion& question) {
  Problems said_elsewhere;
  return kubernetes::claims_of(
      kubernetes::read_manifests(files_of(question.content, question.component.row.name, kReadable),
                                 said_elsewhere)
          .objects);
}

std::vector<kubernetes::Reference> members_in(Content& content, const std::string& component) {
  Problems problems;
  std::vector<kubernetes::Reference> members;
  for (const auto& each :
       kubernetes::read_manifests(files_of(content, component, kReadable), problems).objects) {
    members.push_back(each.reference);
  }
  problems.throw_if_any(Errc::incompatible);
  return members;
}

std::vector<Json> delivered_objects(const Deployment& deployment,
                                    const KubernetesSettings& settings) {
  Files files;
  for (const std::string& path : settings.files) {
    files[path] =
        installed_file(deployment.path, deployment.directory, path, kubernetes::kMaxManifestBytes);
  }
  Problems problems;
  const kubernetes::Manifests manifests = kubernetes::read_manifests(files, problems);
  std::vector<Json> bodies = all_delivered(manifests.objects, settings);
  bool is_same = problems.empty() && bodies.size() == settings.objects.size();
  for (std::size_t i = 0; is_same && i < bodies.size(); ++i) {
    is_same = Digest::of(to_canonical(bodies[i])).hex() == settings.objects[i].digest;
  }
  if (is_same) return bodies;
  throw Error(
      Errc::corrupt,
      format("{}: the manifests are no longer what was installed", deployment.folder().string()),
      "sealift-installer apply --repair lays them again");
}

}  // namespace sealift::installer
