// SPDX-License-Identifier: Apache-2.0
#include "installer/drivers/kubectl/kubernetes_settings.hpp"

#include "base/format.hpp"
#include "release/documents/workload.hpp"

namespace sealift::installer {

namespace {

Json to_json(const ObjectSettings& object) {
  return {{"api", object.reference.api_version},
          {"kind", object.reference.kind},
          {"name", object.reference.name},
          {"digest", object.digest},
          {"fixed", object.fixed},
          {"replace", object.is_replaced_if_fixed}};
}

// What the first versions wrote has no "fixed" and no "replace", and below, no "canary".
ObjectSettings object_from_json(const Json& value, const std::string& where) {
  Fields fields(value, where);
  const bool has_replace = fields.value_if("replace") != nullptr;
  ObjectSettings object{.reference = {.api_version = fields.text("api"),
                                      .kind = fields.text("kind"),
                                      .name = fields.text("name")},
                        .digest = fields.text("digest"),
                        .fixed = fields.text_if("fixed").value_or(""),
                        .is_replaced_if_fixed = has_replace && fields.flag("replace")};
  fields.done();
  return object;
}

}  // namespace

Json to_json(const KubernetesSettings& settings) {
  Json objects = Json::array();
  for (const ObjectSettings& each : settings.objects) objects.push_back(to_json(each));
  return {{"runtime", release::kKubernetes},
          {"kubectl", settings.kubectl},
          {"kubeconfig", settings.kubeconfig},
          {"context", settings.context},
          {"namespace", settings.name_space},
          {"inventory", settings.inventory},
          {"site", settings.site},
          {"timeout", settings.timeout},
          {"take_over", settings.take_over},
          {"canary", settings.canary},
          {"files", settings.files},
          {"pins", settings.pins},
          {"objects", std::move(objects)}};
}

KubernetesSettings kubernetes_settings_from_json(const Json& value, const std::string& where) {
  Fields fields(value, where);
  fields.constant("runtime", release::kKubernetes);
  KubernetesSettings settings{.kubectl = fields.texts("kubectl"),
                              .kubeconfig = fields.text("kubeconfig"),
                              .context = fields.text("context"),
                              .name_space = fields.text("namespace"),
                              .inventory = fields.text("inventory"),
                              .site = fields.text("site"),
                              .timeout = fields.count("timeout"),
                              .take_over = fields.texts("take_over"),
                              .canary = {},
                              .files = fields.texts("files"),
                              .pins = {},
                              .objects = {}};
  if (fields.value_if("canary") != nullptr) settings.canary = fields.texts("canary");
  Fields pins(fields.object("pins"), fields.at("pins"));
  for (const auto& [name, unused] : fields.object("pins").items()) {
    settings.pins[name] = pins.text(name.c_str());
  }
  for (const Json& each : fields.array("objects")) {
    settings.objects.push_back(
        object_from_json(each, format("{}[{}]", fields.at("objects"), settings.objects.size())));
  }
  fields.done();
  return settings;
}

KubernetesSettings kubernetes_settings_of(const Deployment& deployment) {
  return kubernetes_settings_from_json(deployment.settings,
                                       format("{}: settings", deployment.path));
}

}  // namespace sealift::installer
