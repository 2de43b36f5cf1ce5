// SPDX-License-Identifier: Apache-2.0
#include "builder/build/kubernetes_check.hpp"

#include <algorithm>
#include <map>

#include "base/file.hpp"
#include "base/format.hpp"
#include "base/path.hpp"
#include "base/text.hpp"
#include "builder/build/judging.hpp"
#include "builder/build/known_values.hpp"
#include "compose/images.hpp"
#include "kubernetes/api_document.hpp"
#include "kubernetes/api_schema.hpp"
#include "kubernetes/canary.hpp"
#include "kubernetes/claims.hpp"
#include "kubernetes/manifests.hpp"
#include "kubernetes/secret_references.hpp"

namespace sealift::builder {

namespace {

using compose::KnownImage;
using kubernetes::ApiSchema;
using Weight = kubernetes::Finding::Weight;

// The manifests of one component, asked for every environment and site.
class KubernetesJudge {
 public:
  using Rendered = RenderedFiles;

  KubernetesJudge(const BuiltComponent& built, const release::ComponentEntry& entry,
                  const std::vector<KnownImage>& images, const ApiSchema& schema)
      : built_(built), lint_(entry.lint), images_(images), schema_(schema) {}

  std::optional<Rendered> render(const release::Values& values) const {
    return rendered_files(built_, kubernetes::is_manifest, values);
  }

  Verdict judge(const Rendered& rendered) {
    Problems problems;
    const kubernetes::Manifests found = kubernetes::read_manifests(rendered, problems, &schema_);
    name_space_ = found.name_space;
    for (const kubernetes::Object& object : found.objects) {
      for (const kubernetes::ImageUse& image : object.images) look_at(image, problems);
    }
    if (const auto& workload = built_.component.document.workload; workload) {
      kubernetes::check_canaries(workload->canary, found.objects, problems);
    }
    Verdict verdict{.mistakes = {}, .findings = {}, .claims = claims_of(found.objects)};
    for (const kubernetes::Finding& finding : found.findings) {
      note_finding(finding, problems, verdict);
    }
    verdict.mistakes = problems.all();
    return verdict;
  }

  const std::set<std::string>& used() const { return used_; }
  // That the objects of the last rendering name; empty: none does.
  const std::string& name_space() const { return name_space_; }
  // What `accept` of release.yaml names and no finding was.
  std::vector<std::string> unused_waivers() const {
    std::vector<std::string> unused;
    for (const auto& [key, reason] : lint_.accept) {
      if (!waived_.contains(key)) unused.push_back(key);
    }
    return unused;
  }

 private:
  void look_at(const kubernetes::ImageUse& image, Problems& problems) {
    if (image.name.empty()) {
      problems.add(format("{}: found no image", image.place),
                   "name an image that the release carries");
      return;
    }
    try {
      used_.insert(compose::find_image(image.name, images_).name);
    } catch (const Error& error) {
      problems.add(error.within(image.place));
    }
  }

  void note_finding(const kubernetes::Finding& finding, Problems& problems, Verdict& verdict) {
    const std::string own = format("{}/{}", finding.object, finding.rule);
    for (const std::string& key : {finding.rule, own}) {
      if (!lint_.accept.contains(key)) continue;
      waived_.insert(key);
      return;
    }
    const std::string found = format("{} ({})", finding.problem.message, finding.rule);
    const std::string hint =
        format("{}; or accept it: accept: {{{}: REASON}}", finding.problem.hint, own);
    if (finding.weight == Weight::mistake ||
        (lint_.is_strict && finding.weight == Weight::warning)) {
      problems.add(found, hint);
    } else {
      verdict.findings.push_back({found, hint});
    }
  }

  const BuiltComponent& built_;
  const release::LintEntry& lint_;
  const std::vector<KnownImage>& images_;
  const ApiSchema& schema_;
  std::set<std::string> used_;
  std::set<std::string> waived_;
  std::string name_space_;
};

bool is_of_kubernetes(const BuiltComponent& component) {
  const std::optional<release::Workload>& workload = component.component.document.workload;
  return workload && workload->runtime == release::kKubernetes;
}

const release::ComponentEntry& entry_of(const release::Release& release,
                                        const std::string& component) {
  return *std::find_if(release.components.begin(), release.components.end(),
                       [&](const release::ComponentEntry& each) { return each.name == component; });
}

// What the servers of the sites have, where the component says so, each file read once.
class Schemas {
 public:
  explicit Schemas(const release::Release& release) : release_(release) {}

  // Kubernetes' own kinds, where none is said, or it has mistakes: they are added to `problems`.
  const ApiSchema& of(const release::ComponentEntry& entry, Problems& problems) {
    if (entry.schema.empty()) return ApiSchema::built_in();
    if (const auto known = read_.find(entry.schema); known != read_.end()) return known->second;
    try {
      const std::string text =
          read_file(release_.folder / entry.schema, kubernetes::kMaxApiBytes + 1);
      const ApiSchema read = ApiSchema::parse(text, entry.schema, ApiSchema::Extent::all);
      return read_.emplace(entry.schema, read).first->second;
    } catch (const Error& error) {
      problems.add(error.within(format("components.{}.schema", entry.name)));
      return ApiSchema::built_in();
    }
  }

 private:
  const release::Release& release_;
  std::map<std::string, ApiSchema> read_;
};

// Secrets as a site renders them: references, whose fingerprints are nobody's.
release::Values references_in(const release::Release& release,
                              const release::Environment& environment) {
  const std::string fingerprint(kubernetes::kFingerprint, '0');
  release::Values values;
  for (const std::string& key : secrets_in(release, environment)) {
    values[key] = kubernetes::secret_reference(key, fingerprint);
  }
  return values;
}

}  // namespace

std::set<std::string> check_kubernetes(const release::Release& release,
                                       const std::vector<BuiltComponent>& built,
                                       Problems& problems) {
  const std::vector<KnownImage> images = compose::known_images(built, &BuiltComponent::component);
  const release::Values known = known_to_all(built);
  std::set<std::string> used;
  Schemas schemas(release);
  for (const BuiltComponent& each : built) {
    if (!is_of_kubernetes(each)) continue;
    const std::string& name = each.component.row.name;
    const release::ComponentEntry& entry = entry_of(release, name);
    KubernetesJudge judge(each, entry, images, schemas.of(entry, problems));
    judge_component(
        name, release,
        [&](const release::Environment& environment) {
          return verdict_in(judge, release, environment, known,
                            references_in(release, environment));
        },
        problems);
    used.insert(judge.used().begin(), judge.used().end());
    for (const std::string& waiver : judge.unused_waivers()) {
      problems.add(format("components.{}.accept: nothing was found that is called \"{}\"", name,
                          printable(waiver, 200)),
                   format("remove it; it is a rule ({}) or KIND/NAME/RULE",
                          joined(kubernetes::finding_rules())));
    }
  }
  return used;
}

void check_kubernetes_at(const release::Release& release, const std::vector<BuiltComponent>& built,
                         const release::Environment& environment, const release::Site& site,
                         const fs::path& file, Problems& problems) {
  const std::vector<KnownImage> images = compose::known_images(built, &BuiltComponent::component);
  const release::Values known = known_to_all(built);
  Schemas schemas(release);
  Problems said_elsewhere;  // check_kubernetes() has read the same files
  for (const BuiltComponent& each : built) {
    const release::ComponentRow& row = each.component.row;
    if (!is_of_kubernetes(each) || (row.optional && !site.takes(row.name))) continue;
    const release::ComponentEntry& entry = entry_of(release, row.name);
    KubernetesJudge judge(each, entry, images, schemas.of(entry, said_elsewhere));
    const release::Values references = references_in(release, environment);
    const Verdict general = verdict_in(judge, release, environment, known, references);
    const release::Values chosen = release::merge(site.values, references);
    add_site_mistakes(row, general, verdict_in(judge, release, environment, known, chosen), site,
                      file, problems);
    const auto target = site.targets.find(row.target);
    if (target == site.targets.end() || judge.name_space().empty() ||
        judge.name_space() == target->second.name_space) {
      continue;
    }
    problems.add(format("{}: components.{}: its objects name the namespace {}, the target {} is {}",
                        file.string(), row.name, printable(judge.name_space(), 80), row.target,
                        target->second.name_space),
                 "leave metadata.namespace out of the manifests");
  }
}

}  // namespace sealift::builder
