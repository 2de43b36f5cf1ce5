// SPDX-License-Identifier: Apache-2.0
#include "kubernetes/manifests.hpp"

#include <algorithm>
#include <array>
#include <set>

#include "base/ascii.hpp"
#include "base/format.hpp"
#include "base/path.hpp"
#include "base/text.hpp"
#include "kubernetes/documents.hpp"
#include "kubernetes/fixed_fields.hpp"
#include "kubernetes/habits.hpp"
#include "kubernetes/pods.hpp"
#include "kubernetes/removed_versions.hpp"
#include "kubernetes/secret_references.hpp"
#include "kubernetes/structure.hpp"
#include "release/text/yaml.hpp"

namespace sealift::kubernetes {

namespace {

using release::YamlDocument;
using release::YamlMark;

constexpr const char* kPlainSecret = "plain-secret";
constexpr const char* kRemovedApi = "removed-api";
constexpr std::string_view kSpec = "spec";
constexpr std::string_view kPorts = "ports";
constexpr std::size_t kMaxName = 253;

// Words that the YAML of Kubernetes takes for true and false, and others for texts.
constexpr std::array<std::string_view, 14> kWordsOfTruth = {
    "yes", "Yes", "YES", "no", "No", "NO", "on", "On", "ON", "off", "False", "True", "OFF", "TRUE"};

bool is_octal(std::string_view text) {
  return text.size() > 1 && text.front() == '0' && text.find_first_not_of("01234567") == text.npos;
}

// A DNS subdomain, which names of nearly all kinds are; roles and bindings may have colons as well.
bool is_object_name(std::string_view name) {
  const auto is_good = [](char c) {
    return (c >= 'a' && c <= 'z') || is_digit(c) || c == '-' || c == '.';
  };
  return !name.empty() && name.size() <= kMaxName &&
         std::all_of(name.begin(), name.end(), is_good) && name.front() != '-' &&
         name.front() != '.' && name.back() != '-' && name.back() != '.';
}

bool is_name_of(const Reference& reference) {
  if (reference.kind != "Role" && reference.kind != "RoleBinding") {
    return is_object_name(reference.name);
  }
  return !reference.name.empty() && reference.name.size() <= kMaxName &&
         reference.name.find('/') == std::string::npos && reference.name != "." &&
         reference.name != "..";
}

class ManifestReader {
 public:
  ManifestReader(Problems& problems, const ApiSchema* schema)
      : problems_(problems), schema_(schema) {}

  void read(const std::string& text, const std::string& name) {
    for (const std::string& document : documents_of(text)) {
      try {
        add(YamlDocument::parse(document, name, release::Yaml::foreign));
      } catch (const Error& error) {
        problems_.add(error);
      }
    }
  }

  Manifests finish() {
    if (found_.objects.size() > kMaxObjects) {
      problems_.add(
          format("found {} objects, expected at most {}", found_.objects.size(), kMaxObjects),
          "split the component");
    }
    put_in_order(found_.objects);
    for (Finding& each : find_habits(found_.objects)) found_.findings.push_back(std::move(each));
    return std::move(found_);
  }

 private:
  void refuse(const YamlDocument& document, const std::string& pointer, const std::string& found,
              const std::string& hint = {}) {
    problems_.add(format("{}: {}", document.where(pointer), found), hint);
  }

  void add(const YamlDocument& document) {
    if (!document.value().is_object()) {
      refuse(document, "", "found no mapping, expected an object of Kubernetes");
      return;
    }
    Json body = document.value();
    settle(document, body, "");
    const Reference reference = reference_of(body);
    if (!is_sound(document, body, reference)) return;
    body.erase("status");  // a server's word, as `kubectl get` shows it
    const Protocols protocols = add_protocols(body, reference.kind);
    look_at(document, body, reference);
    if (schema_ != nullptr) look_at_structure(document, body, reference);
    if (protocols == Protocols::added) {
      found_.findings.push_back(
          {kProtocol,
           format("{}/{}", reference.kind, reference.name),
           {format("{}: found a port without protocol", document.where("/spec/ports")),
            "TCP is added, for a server of 1.20 refuses it otherwise; write protocol: TCP"},
           Finding::Weight::note});
    }
    const auto [first, is_new] =
        places_.emplace(format("{} {}", reference.str(), reference.group()), document.where(""));
    if (!is_new) {
      refuse(document, "", format("found {} again", printable(reference.str(), 200)),
             format("it stands in {} as well", first->second));
      return;
    }
    std::vector<ImageUse> images;
    for_each_image(body, [&](const ImagePlace& image) {
      images.push_back({text_at(image.holder, image.key), document.where(image.pointer)});
    });
    found_.objects.push_back({reference, std::move(body), document.where(""), std::move(images)});
    check_references(found_.objects.back(), problems_);
    check_replace_mark(found_.objects.back(), problems_);
  }

  // What the YAML of Kubernetes, which is that of 1.1, reads otherwise than we do: 0644 is a number
  // in eights, and yes is true.
  void settle(const YamlDocument& document, Json& value, const std::string& pointer) {
    if (value.is_array()) {
      for (std::size_t i = 0; i < value.size(); ++i) {
        settle(document, value[i], format("{}/{}", pointer, i));
      }
    } else if (value.is_object()) {
      if (value.contains("<<")) {
        refuse(document, pointer + "/<<", "found a merge key (<<)", "write the values out");
      }
      for (auto& [key, each] : value.items()) settle(document, each, format("{}/{}", pointer, key));
    } else if (value.is_string()) {
      const YamlMark* mark = document.mark_of(pointer);
      if (mark == nullptr || mark->spelling != YamlMark::Spelling::plain) return;
      const std::string text = value.text();
      if (std::find(kWordsOfTruth.begin(), kWordsOfTruth.end(), text) != kWordsOfTruth.end()) {
        refuse(document, pointer,
               format("found {}, which Kubernetes takes for true or false", text),
               "write true, false, or the word in quotes");
      } else if (is_octal(text) && text.size() < 8) {
        value = std::stoul(text, nullptr, 8);
      }
    }
  }

  bool is_sound(const YamlDocument& document, const Json& body, const Reference& reference) {
    const auto before = problems_.all().size();
    if (reference.api_version.empty()) {
      refuse(document, "", "found no apiVersion", "such as apiVersion: apps/v1");
    }
    if (reference.kind.empty()) {
      refuse(document, "", "found no kind", "such as kind: Deployment");
    } else if (reference.kind == "List" ||
               (reference.kind.ends_with("List") && !list_at(body, "items").empty())) {
      refuse(document, "/kind", format("found a {}", printable(reference.kind, 80)),
             "write each object as a document of its own, with --- between them");
      return false;
    }
    if (reference.kind == "Kustomization" && reference.group() == "kustomize.config.k8s.io") {
      refuse(document, "/kind", "found a Kustomization, which is no object",
             "say kustomize: true in its component, whose source it begins");
      return false;
    }
    if (is_of_cluster(reference.kind)) {
      refuse(document, "/kind",
             format("found a {}, which belongs to no namespace", printable(reference.kind, 80)),
             "a release brings objects of one namespace; whoever runs the cluster makes this one");
    }
    if (!text_at(object_at(body, "metadata"), "generateName").empty()) {
      refuse(document, "/metadata/generateName",
             "found generateName, of which each apply would make another object",
             "give it a name, such as migrate-{{VERSION}}");
    } else if (!is_name_of(reference)) {
      refuse(document, "/metadata",
             reference.name.empty()
                 ? std::string("found no name")
                 : format("found the name \"{}\"", printable(reference.name, 80)),
             "metadata.name has a-z, 0-9, - and ., and begins and ends with a letter or digit");
    }
    return problems_.all().size() == before;
  }

  // Server-side apply of 1.20 knows ports by their number and protocol, and refuses one without.
  enum class Protocols { said, added };
  static Protocols add_protocols(Json& body, const std::string& kind) {
    Protocols result = Protocols::said;
    if (kind != "Service") return result;
    const auto spec = body.find(kSpec);
    if (spec == body.end() || !spec->is_object()) return result;
    const auto ports = spec->find(kPorts);
    if (ports == spec->end() || !ports->is_array()) return result;
    for (Json& port : *ports) {
      if (!port.is_object() || !text_at(port, "protocol").empty()) continue;
      port.emplace("protocol", "TCP");
      result = Protocols::added;
    }
    return result;
  }

  void look_at(const YamlDocument& document, const Json& body, const Reference& reference) {
    const std::string space = text_at(object_at(body, "metadata"), "namespace");
    if (!space.empty()) {
      if (found_.name_space.empty()) found_.name_space = space;
      if (space != found_.name_space) {
        refuse(document, "/metadata/namespace",
               format("found the namespace {}, and {} before", printable(space, 80),
                      printable(found_.name_space, 80)),
               "leave it out: the site's target says the namespace, one for each component");
      }
    }
    const auto note = [&](const char* rule, const std::string& pointer, const std::string& found,
                          const std::string& hint) {
      found_.findings.push_back({rule,
                                 format("{}/{}", reference.kind, reference.name),
                                 {format("{}: {}", document.where(pointer), found), hint}});
    };
    if (reference.kind == "Secret" && !has_secrets(body) &&
        (!object_at(body, "data").empty() || !object_at(body, "stringData").empty())) {
      note(kPlainSecret, "", "found a Secret in clear, which everybody can read who has the bundle",
           "write {{NAME | json}} of a sealed secret in stringData, or let the site make it");
    }
    if (const RemovedVersion* removed = removed_version(reference)) {
      note(kRemovedApi, "/apiVersion",
           format("found {} of {}, which Kubernetes {} no longer has", reference.kind,
                  reference.api_version, removed->since),
           removed->instead.empty() ? std::string("there is nothing in its place")
                                    : format("write {}", removed->instead));
    }
  }

  void look_at_structure(const YamlDocument& document, const Json& body,
                         const Reference& reference) {
    for (const Flaw& flaw : find_flaws(body, reference, *schema_)) {
      found_.findings.push_back({.rule = flaw.rule,
                                 .object = format("{}/{}", reference.kind, reference.name),
                                 .problem = {format("{}: {}: {}", document.where(flaw.pointer),
                                                    printable(reference.str(), 200), flaw.found),
                                             flaw.hint},
                                 .weight = Finding::Weight::mistake});
    }
  }

  Problems& problems_;
  const ApiSchema* schema_;  // null: the structure is not looked at
  Manifests found_;
  std::map<std::string, std::string> places_;
};

}  // namespace

bool is_manifest(std::string_view path) {
  return path.ends_with(".yaml") || path.ends_with(".yml") || path.ends_with(".json");
}

Manifests read_manifests(const std::map<std::string, std::string>& files, Problems& problems,
                         const ApiSchema* schema) {
  ManifestReader reader(problems, schema);
  std::size_t all = 0;
  for (const auto& [path, text] : files) {
    all += text.size();
    if (text.size() > kMaxManifestBytes) {
      problems.add(
          format("{}: found {} bytes, expected at most {}", path, text.size(), kMaxManifestBytes),
          "write its objects to several files");
    } else {
      reader.read(text, path);
    }
  }
  if (all > kMaxManifestsBytes) {
    problems.add(
        format("found {} bytes of manifests, expected at most {}", all, kMaxManifestsBytes),
        "make several components of them");
  }
  return reader.finish();
}

std::vector<std::string> finding_rules() {
  return {kPlainSecret, kRemovedApi,   kResources,   kReadiness, kSecurity,    kBudget,
          kProtocol,    kUnknownField, kUnknownKind, kWrongType, kMissingField};
}

}  // namespace sealift::kubernetes
