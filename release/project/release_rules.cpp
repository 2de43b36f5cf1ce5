// SPDX-License-Identifier: Apache-2.0
#include "release/project/release_rules.hpp"

#include <algorithm>
#include <array>
#include <set>

#include "base/ascii.hpp"
#include "base/format.hpp"
#include "base/nearest.hpp"
#include "base/path.hpp"
#include "base/text.hpp"
#include "release/documents/carried_assets.hpp"
#include "release/documents/hook.hpp"
#include "release/documents/image_entry.hpp"
#include "release/documents/persist.hpp"
#include "release/documents/workload.hpp"
#include "release/project/release_forms.hpp"
#include "release/project/workload_rules.hpp"
#include "release/text/order.hpp"
#include "release/text/semver.hpp"
#include "release/values/value_names.hpp"

namespace sealift::release {

namespace {

constexpr std::size_t kMaxId = 128;  // of a vulnerability
constexpr std::string_view kMigrations = "migrations";
constexpr std::string_view kFlags = "flags";
constexpr std::string_view kConfig = "config";
constexpr std::string_view kObservability = "observability";
// Sources of images that give manifests as they were signed.
const std::vector<std::string> kKeepManifests = {"docker://", "oci:", "oci-archive:"};
// What only migrations have.
constexpr std::array kOfMigrations = {"format",       "dialect",  "database", "tracking",
                                      "transactions", "rollback", "late",     "foreign_keys"};
// What migrations have, and manifests for Kubernetes.
constexpr std::array kOfLint = {"lint", "accept"};
// What only assets have.
constexpr std::array kOfAssets = {"compress", "serve", "keep_previous", "integrity"};
constexpr std::string_view kAssets = "assets";
constexpr std::array kKinds = {kAssets,    kConfig,     kFlags,        kImages,
                               kManifests, kMigrations, kObservability};
// What only manifests have; `jobs` are Compose's, the others those of commands.
constexpr std::array kOfManifests = {"runtime", "jobs",    "canary", "apply",     "undo",
                                     "check",   "timeout", "chart",  "kustomize", "schema"};

bool has_templates(std::string_view kind) {
  return kind == kConfig || kind == kManifests || kind == kObservability;
}

// Checks that JSON Schema cannot express, over whatever of the document is there.
class Rules {
 public:
  explicit Rules(const YamlDocument& document)
      : document_(document), mistakes_(check_schema(document, "release.schema.json")) {}

  // A rule that throws becomes a mistake at `pointer`, with the line that people see.
  template <typename Check>
  void hold(const std::string& pointer, Check&& check) {
    try {
      check();
    } catch (const Error& error) {
      add(pointer, error.message(), error.hint());
    }
  }

  void add(const std::string& pointer, const std::string& found, const std::string& hint = {}) {
    mistakes_.push_back(
        {document_.line_of(pointer), {format("{}: {}", document_.where(pointer), found), hint}});
  }

  void check() {
    const Json& root = document_.value();
    if (!root.is_object()) return;
    if (const std::string version = text_at(root, "version"); !version.empty()) {
      hold("/version", [&] { Version::parse(version); });
    }
    for (const char* key : {"upgrade_from", "installer"}) {
      const std::string range = text_at(object_at(root, "requires"), key);
      if (range.empty()) continue;
      hold(format("/requires/{}", key), [&] { VersionRange::parse(range); });
    }
    for (const char* key : {"notes", "trust"}) {
      const std::string path = text_at(root, key);
      if (!path.empty()) hold(format("/{}", key), [&] { check_inside(path); });
    }
    for (const auto& [host, access] : object_at(root, "registries").items()) {
      if (!access.is_object()) continue;
      const std::string ca = text_at(access, "ca");
      if (!ca.empty()) hold(format("/registries/{}/ca", host), [&] { check_inside(ca); });
    }
    check_rule_words(object_at(root, "image_rules"), "/image_rules");
    check_health(root, [&](const std::string& pointer, const std::string& found,
                           const std::string& hint) { add(pointer, found, hint); });
    check_hooks(root, [&](const std::string& pointer, const std::string& found,
                          const std::string& hint) { add(pointer, found, hint); });
    const Json& components = list_at(root, "components");
    for (std::size_t i = 0; i < components.size(); ++i) {
      if (components[i].is_object()) check_component(components[i], format("/components/{}", i));
    }
    check_order(components);
  }

  std::vector<Mistake> take() { return std::move(mistakes_); }

 private:
  static void check_inside(const std::string& path) {
    try {
      RelPath::parse(path);
    } catch (const Error& error) {
      throw Error(Errc::invalid_input, error.message(),
                  "paths are relative to release.yaml, without \"..\"");
    }
  }

  // What two components may not share is compared here; what one may have follows from its kind.
  void check_component(const Json& component, const std::string& pointer) {
    check_kind(component, pointer);
    check_source(text_at(component, "source"), pointer + "/source");
    const Json& sources = list_at(component, "source");
    for (std::size_t i = 0; i < sources.size(); ++i) {
      if (sources[i].is_string()) check_source(sources[i], format("{}/source/{}", pointer, i));
    }
    if (!sources.empty() && text_at(component, "runtime") != kCompose) {
      add(pointer + "/source", "found a list, which only the runtime compose has",
          "name one folder or glob");
    }
    if (const std::string name = text_at(component, "name");
        !name.empty() && !names_.insert(name).second) {
      add(pointer + "/name", format("two components are named \"{}\"", printable(name, 80)));
    }
    if (const std::string database = text_at(component, "database");
        !database.empty() && !databases_.insert(database).second) {
      add(pointer + "/database",
          format("two components migrate the database \"{}\"", printable(database, 80)));
    }
    // Images of several components may go to one place, trees may not.
    if (const std::string target = text_at(component, "target");
        !target.empty() && text_at(component, "kind") != kImages &&
        !targets_.insert(target).second) {
      add(pointer + "/target",
          format("two components go to the target \"{}\"", printable(target, 80)),
          "give each component a target of its own");
    }
  }

  void check_source(const std::string& path, const std::string& pointer) {
    if (!path.empty()) hold(pointer, [&] { check_inside(without_slash(path)); });
  }

  // A key that is there, whatever its value: the schema judges that.
  static bool says(const Json& object, std::string_view key) { return object.contains(key); }

  // Which keys a component has follows from its kind.
  void check_kind(const Json& component, const std::string& pointer) {
    const std::string kind = text_at(component, "kind");
    // Of another one the schema has said enough: what it may have is not known.
    if (std::find(kKinds.begin(), kKinds.end(), kind) == kKinds.end()) return;
    const auto need = [&](const char* key) {
      if (!says(component, key)) add(pointer, format("found no {}, which {} need", key, kind));
    };
    const auto refuse = [&](const char* key) {
      if (says(component, key)) {
        add(format("{}/{}", pointer, key), format("found {}, which {} do not have", key, kind));
      }
    };
    if (kind == kAssets) {
      check_serve(component, pointer);
    } else {
      for (const char* key : kOfAssets) refuse(key);
    }
    if (kind == kManifests) {
      need("runtime");
      check_runtime(component, pointer);
    } else {
      for (const char* key : kOfManifests) refuse(key);
    }
    if (!has_templates(kind)) refuse("raw");
    if (kind == kAssets || kind == kConfig || kind == kManifests) {
      check_persist(component, pointer + "/persist");
    } else {
      refuse("persist");
    }
    if (kind == kConfig) {
      check_outputs(component, pointer);
    } else {
      refuse("outputs");
    }
    if (kind == kMigrations) {
      for (const char* key : {"source", "format", "database"}) need(key);
      for (const char* key : {"target", "images", "services"}) refuse(key);
      if (text_at(component, "format") == "sql") need("dialect");
      return;
    }
    for (const char* key : kOfMigrations) refuse(key);
    refuse_lint(component, pointer);
    if (kind == kImages) {
      need("images");
      refuse("source");
      refuse("exclude");
      check_images(component, pointer);
    } else {
      if (!says(component, "outputs")) need("source");
      need("target");
      refuse("images");
      if (kind == kFlags) {
        check_flags(pointer, refuse);
      } else {
        check_services(component, pointer + "/services");
        return;
      }
    }
    refuse("services");
  }

  void refuse_lint(const Json& component, const std::string& pointer) {
    if (text_at(component, "runtime") == kKubernetes) return;
    for (const char* key : kOfLint) {
      if (!says(component, key)) continue;
      add(format("{}/{}", pointer, key),
          format("found {}, which only migrations and manifests for Kubernetes have", key));
    }
  }

  void check_runtime(const Json& component, const std::string& pointer) {
    for (const WorkloadMistake& each : workload_mistakes(component)) {
      add(pointer + each.pointer, each.found, each.hint);
    }
  }

  // Names in `after` are those of components, and lead nowhere in a circle.
  void check_order(const Json& components) {
    After after;
    for (std::size_t i = 0; i < components.size(); ++i) {
      if (!components[i].is_object()) continue;
      const std::string name = text_at(components[i], "name");
      const Json& list = list_at(components[i], "after");
      for (std::size_t j = 0; j < list.size(); ++j) {
        if (!list[j].is_string()) continue;
        const std::string other = list[j];
        after[name].push_back(other);
        if (names_.contains(other)) continue;
        const std::string near = nearest(other, {names_.begin(), names_.end()});
        add(format("/components/{}/after/{}", i, j),
            format("found \"{}\", which is no component", printable(other, 80)),
            near.empty() ? "" : format("did you mean \"{}\"?", near));
      }
    }
    if (const std::vector<std::string> circle = circle_in(after); !circle.empty()) {
      add("/components",
          format("found components that wait for each other: {}", joined(circle, " after ")),
          "take one of them out of after");
    }
  }

  void check_services(const Json& component, const std::string& pointer) {
    for (const auto& [name, unused] : object_at(component, "services").items()) {
      if (is_name(name) && name.front() != '_') continue;
      add(format("{}/{}", pointer, name),
          format("found the service \"{}\", expected at most 64 of a-z 0-9 . _ - and a letter or "
                 "digit first",
                 printable(name, 80)));
    }
  }

  void check_serve(const Json& component, const std::string& pointer) {
    const Json& rules = list_at(component, "serve");
    for (std::size_t i = 0; i < rules.size(); ++i) {
      const Json& rule = rules[i];
      const std::string at = format("{}/serve/{}", pointer, i);
      if (!rule.is_object()) continue;
      if (const std::string match = text_at(rule, "match"); !match.empty()) {
        hold(at + "/match", [&] { check_serve_pattern(match); });
      }
      if (const std::string type = text_at(rule, "type"); !type.empty()) {
        hold(at + "/type", [&] { check_content_type(type); });
      }
      hold(at + "/cache", [&] { read_cache(rule); });
      if (!says(rule, "cache") && !says(rule, "type")) {
        add(at, "found neither type nor cache, expected one of them");
      }
    }
  }

  void check_persist(const Json& component, const std::string& pointer) {
    std::vector<std::string> folders;
    for (const Json& folder : list_at(component, "persist")) {
      if (!folder.is_string() || folder.text().empty()) return;  // said already
      folders.push_back(folder);
    }
    for (const PersistMistake& mistake : persist_mistakes(folders)) {
      add(format("{}/{}", pointer, mistake.index), mistake.found, mistake.hint);
    }
  }

  // A flag has one meaning in all of a release, so one component holds them all.
  template <typename Refuse>
  void check_flags(const std::string& pointer, Refuse&& refuse) {
    refuse("exclude");
    if (has_flags_) add(pointer, "two components are of the kind flags", "put all flags into one");
    has_flags_ = true;
  }

  void check_outputs(const Json& component, const std::string& pointer) {
    const Json& outputs = list_at(component, "outputs");
    for (std::size_t i = 0; i < outputs.size(); ++i) {
      if (outputs[i].is_object()) check_output(outputs[i], format("{}/outputs/{}", pointer, i));
    }
  }

  // Which keys an output has follows from its format.
  void check_output(const Json& output, const std::string& pointer) {
    const std::string format_word = text_at(output, "format");
    if (const std::string file = text_at(output, "file"); !file.empty()) {
      hold(pointer + "/file", [&] { RelPath::parse(file); });
    }
    const bool is_kubernetes = format_word == "kubernetes";
    const bool is_compose = format_word == "compose";
    const auto belongs = [&](const char* key, bool wanted) {
      if (wanted || format_word.empty() || !says(output, key)) return;
      add(format("{}/{}", pointer, key),
          format("found {}, which the format {} does not have", key, format_word));
    };
    belongs("services", is_compose || format_word == "dotenv");
    belongs("name", is_kubernetes);
    belongs("namespace", is_kubernetes);
    for (const auto& [key, needed] : {std::pair("services", is_compose), {"name", is_kubernetes}}) {
      if (!needed || says(output, key)) continue;
      add(pointer, format("found no {}, which the format {} needs", key, format_word));
    }
  }

  void check_images(const Json& component, const std::string& pointer) {
    const Json& images = list_at(component, "images");
    for (std::size_t i = 0; i < images.size(); ++i) {
      const Json& image = images[i];
      const std::string at = format("{}/images/{}", pointer, i);
      if (!image.is_object()) continue;
      if (const std::string name = text_at(image, "name"); !name.empty()) {
        hold(at + "/name", [&] { check_image_name(name); });
      }
      if (const std::string from = text_at(image, "from"); !from.empty()) {
        hold(at + "/from", [&] { ImageOrigin::parse(from); });
      }
      check_scans(image, at);
      check_verify(image, at);
      check_rule_words(object_at(image, "waive"), at + "/waive");
      const Json& platforms = list_at(image, "platforms");
      for (std::size_t j = 0; j < platforms.size(); ++j) {
        if (!platforms[j].is_string()) continue;
        hold(format("{}/platforms/{}", at, j),
             [&] { content::Platform::parse(platforms[j].text()); });
      }
    }
  }

  // Keys that are words of rules; a vulnerability's id begins with a capital letter.
  void check_rule_words(const Json& object, const std::string& pointer) {
    const std::vector<std::string>& rules = all_rules();
    for (const auto& [key, unused] : object.items()) {
      const bool is_id = !key.empty() && key.size() <= kMaxId && is_capital_letter(key[0]);
      if (std::find(rules.begin(), rules.end(), key) != rules.end()) continue;
      if (is_id && pointer.ends_with("/waive")) continue;
      const std::string near = nearest(key, rules);
      add(format("{}/{}", pointer, key), format("unknown rule \"{}\"", printable(key, 80)),
          near.empty() ? format("rules are: {}", joined(rules))
                       : format("did you mean \"{}\"?", near));
    }
  }

  // Reports are named by path alone or with the digest that they are about; both are judged here.
  void check_scans(const Json& image, const std::string& pointer) {
    const Json scans = read_scan_rows(image);
    const bool are_several = !list_at(image, "scan").empty();
    for (std::size_t i = 0; i < scans.size(); ++i) {
      if (!scans[i].is_object()) continue;
      const std::string at =
          format("{}/scan{}", pointer, are_several ? format("/{}", i) : std::string());
      if (const std::string path = text_at(scans[i], "report"); !path.empty()) {
        hold(at, [&] { check_inside(path); });
      }
      if (const std::string of = text_at(scans[i], "of"); !of.empty()) {
        hold(at + "/of", [&] { Digest::parse(of); });
      }
    }
  }

  // Signatures are about a manifest's bytes: a source that makes a manifest anew has none to
  // verify.
  void check_verify(const Json& image, const std::string& pointer) {
    const Json& verify = object_at(image, "verify");
    if (verify.empty()) return;
    const std::string at = pointer + "/verify";
    const std::string from = text_at(image, "from");
    if (std::none_of(kKeepManifests.begin(), kKeepManifests.end(),
                     [&](std::string_view word) { return from.starts_with(word); })) {
      add(at, format("found the source \"{}\", which has no signatures", printable(from, 200)),
          format("take the image from one that keeps them: {}", joined(kKeepManifests)));
    }
    if (const std::string key = text_at(verify, "cosign"); !key.empty()) {
      hold(at + "/cosign", [&] { check_inside(key); });
    }
    for (const char* key : {"roots", "rekor"}) {
      const std::string path = text_at(object_at(verify, "cosign"), key);
      if (!path.empty()) hold(format("{}/cosign/{}", at, key), [&] { check_inside(path); });
    }
    const Json& words = list_at(verify, "attestations");
    for (std::size_t i = 0; i < words.size(); ++i) {
      if (!words[i].is_string()) continue;
      hold(format("{}/attestations/{}", at, i), [&] { predicate_type(words[i].text()); });
    }
  }

  void check_image_name(const std::string& text) {
    const content::ImageName name = content::ImageName::parse(text);
    if (name.tag.empty() || name.digest) {
      throw Error(Errc::invalid_input,
                  format("found \"{}\", expected a name with a tag and without a digest",
                         printable(text, 200)),
                  "the digest is that of the image; a digest to take belongs into from");
    }
    if (!images_.insert(name.str()).second) {
      throw Error(Errc::invalid_input, format("two images are named \"{}\"", name.str()));
    }
  }

  const YamlDocument& document_;
  std::vector<Mistake> mistakes_;
  std::set<std::string> names_;
  std::set<std::string> targets_;
  std::set<std::string> databases_;
  std::set<std::string> images_;
  bool has_flags_ = false;
};

}  // namespace

std::vector<Mistake> broken_rules(const YamlDocument& document) {
  Rules rules(document);
  rules.check();
  return rules.take();
}

}  // namespace sealift::release
