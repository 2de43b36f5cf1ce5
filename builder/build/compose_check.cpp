// SPDX-License-Identifier: Apache-2.0
#include "builder/build/compose_check.hpp"

#include <algorithm>

#include "base/format.hpp"
#include "base/log.hpp"
#include "base/path.hpp"
#include "base/text.hpp"
#include "builder/build/judging.hpp"
#include "builder/build/known_values.hpp"
#include "compose/file.hpp"
#include "compose/images.hpp"
#include "release/documents/persist.hpp"
#include "release/templates/references.hpp"
#include "release/text/schema.hpp"

namespace sealift::builder {

namespace {

using compose::ComposeFile;
using compose::ComposeService;
using compose::KnownImage;

// The Compose file of one component. One for each component, asked for every environment and site.
class ComposeJudge {
 public:
  ComposeJudge(const BuiltComponent& built, const std::vector<KnownImage>& images)
      : built_(built),
        workload_(*built.component.document.workload),
        persist_(built.component.document.persist),
        images_(images) {}

  // What a target would read.
  struct Rendered {
    std::string file;
    std::string variables;  // of .env; empty: there is none

    friend bool operator==(const Rendered&, const Rendered&) = default;
  };

  // Nothing where the values at hand make no file of the templates: check_values() says why.
  std::optional<Rendered> render(const release::Values& values) const {
    Rendered rendered;
    try {
      for (const release::Template& each : built_.templates) {
        if (each.where() == workload_.file) rendered.file = each.render(values);
        if (each.where() == compose::kVariablesFile) rendered.variables = each.render(values);
      }
    } catch (const Error&) {
      return std::nullopt;
    }
    return rendered;
  }

  // As the installer's reader does it, on what a target would render.
  Verdict judge(const Rendered& rendered) {
    Problems problems;
    ComposeFile file;
    try {
      file =
          ComposeFile::read(rendered.file, workload_.file,
                            compose::read_variables(rendered.variables), problems, built_.origins);
      for (const Problem& each : file.objections) problems.add(each.message, each.hint);
      for (const ComposeService& service : file.services) look_at(service, problems);
      look_at(file.volume_folders, problems);
      for (const std::string& image : file.other_images) note_image(image);
      look_for("jobs", workload_.jobs, file, problems);
      for (Problem& each : unused_data(file)) file.findings.push_back(std::move(each));
      look_for("canary", workload_.canary, file, problems);
    } catch (const Error& error) {
      problems.add(error);
    }
    return {problems.all(), file.findings, file.claims};
  }

  const std::set<std::string>& used() const { return used_; }

 private:
  // An image that is still a variable was refused by the reader, or hangs on a value of the site.
  void look_at(const ComposeService& service, Problems& problems) {
    look_at(service.files, problems);
    look_around_data(service, problems);
    if (service.image.empty() || service.image.find('$') != std::string::npos)
      return;  // said already
    try {
      used_.insert(compose::find_image(service.image, images_).name);
    } catch (const Error& error) {
      problems.add(error.within(service.image_place));
    }
  }

  // A mount of nothing would become a folder inside of the release, and go with it.
  void look_at(const std::vector<compose::OwnFile>& files, Problems& problems) const {
    for (const compose::OwnFile& file : files) {
      if (file.use == compose::OwnFile::Use::read_if_there || holds(file.path)) continue;
      if (is_kept(file)) continue;
      if (file.use == compose::OwnFile::Use::mount) {
        problems.add(
            format("{}: mounts {}, of which the release holds nothing", file.where,
                   printable(file.path, 200)),
            format(
                "data that is written there would be lost with the next release: keep the folder "
                "with persist: [{}] in release.yaml, or use a named volume (NAME:/path) or "
                "an absolute path of the host",
                printable(file.path, 200)));
      } else {
        problems.add(format("{}: reads {}, which the release does not hold", file.where,
                            printable(file.path, 200)),
                     format("put it into the source of the component{}",
                            file.path == compose::kVariablesFile
                                ? ", a template with lines such as NAME={{NAME | dotenv}}"
                                : ""));
      }
    }
  }

  // Of data that releases share the release holds nothing, and a service may mount it.
  bool is_kept(const compose::OwnFile& file) const {
    return file.use == compose::OwnFile::Use::mount && release::lies_in_one_of(file.path, persist_);
  }

  // A folder that holds one of data shows a link there, which leads to nothing in a container.
  void look_around_data(const ComposeService& service, Problems& problems) const {
    for (const compose::OwnFile& file : service.files) {
      if (file.use != compose::OwnFile::Use::mount) continue;
      for (const std::string& folder : persist_) {
        const bool is_around =
            file.path == "." || (file.path != folder && release::lies_in(folder, file.path));
        if (!is_around) continue;
        problems.add(format("{}: mounts {}, and {} in it is kept by persist, which the container "
                            "would not see",
                            file.where, printable(file.path, 200), printable(folder, 200)),
                     format("mount {} alone, as in ./{}:/path, and what else it needs beside it",
                            folder, folder));
      }
    }
  }

  // Nothing is lost where no service mounts a folder, but somebody meant one.
  std::vector<Problem> unused_data(const ComposeFile& file) const {
    std::vector<Problem> findings;
    for (const std::string& folder : persist_) {
      const bool is_mounted = std::any_of(
          file.services.begin(), file.services.end(), [&](const ComposeService& service) {
            return std::any_of(
                service.files.begin(), service.files.end(),
                [&](const compose::OwnFile& each) { return release::lies_in(each.path, folder); });
          });
      if (is_mounted) continue;
      findings.push_back({format("persist: no service of {} mounts {}", workload_.file, folder),
                          format("a service mounts it with volumes: [\"./{}:/path\"]", folder)});
    }
    return findings;
  }

  // Behind a link anything may be.
  bool holds(const std::string& path) const {
    if (path == "." || built_.paths.contains(path)) return true;
    for (std::size_t slash = path.find('/'); slash != path.npos;
         slash = path.find('/', slash + 1)) {
      const auto parent = built_.paths.find(path.substr(0, slash));
      if (parent != built_.paths.end() && parent->second == EntryType::symlink) return true;
    }
    return false;
  }

  // A service that does not start by itself needs no image, and may have one that is carried.
  void note_image(const std::string& image) {
    try {
      used_.insert(compose::find_image(image, images_).name);
    } catch (const Error&) {  // another's
    }
  }

  // Names of services in release.yaml, `jobs` and `canary`, against the file as a site would start
  // it.
  void look_for(const char* key, const std::vector<std::string>& names, const ComposeFile& file,
                Problems& problems) const {
    for (const std::string& name : names) {
      if (std::any_of(file.services.begin(), file.services.end(),
                      [&](const ComposeService& each) { return each.name == name; })) {
        continue;
      }
      problems.add(
          format("{}: {} has no service {}", key, workload_.file, printable(name, 80)),
          "correct it in release.yaml; a service whose profile is not chosen does not count");
    }
  }

  const BuiltComponent& built_;
  const release::Workload& workload_;
  const std::vector<std::string>& persist_;
  const std::vector<KnownImage>& images_;
  std::set<std::string> used_;
};

// A site may choose other profiles than its environment: each choice of the contract is tried.
// Adds what is wrong with it alone.
void try_profiles(ComposeJudge& judge, const release::Release& release,
                  const release::Environment& environment, const release::Values& known,
                  Verdict& verdict) {
  const release::Key* key = release.contract.find(compose::kProfilesVariable);
  if (key == nullptr) return;
  std::set<std::string> said;
  for (const Problem& each : verdict.mistakes) said.insert(each.message);
  for (const Json& choice : key->choices) {
    const Verdict other =
        verdict_in(judge, release, environment, known, {{compose::kProfilesVariable, choice}});
    for (const Problem& each : other.mistakes) {
      if (!said.insert(each.message).second) continue;
      verdict.mistakes.push_back({format("{}, where {} is {}", each.message,
                                         compose::kProfilesVariable, release::described(choice)),
                                  each.hint});
    }
  }
}

bool is_of_compose(const BuiltComponent& component) {
  const std::optional<release::Workload>& workload = component.component.document.workload;
  return workload && workload->runtime == release::kCompose;
}

}  // namespace

std::set<std::string> check_compose(const release::Release& release,
                                    const std::vector<BuiltComponent>& built, Problems& problems) {
  const std::vector<KnownImage> images = compose::known_images(built, &BuiltComponent::component);
  const release::Values known = known_to_all(built);
  std::set<std::string> used;
  for (const BuiltComponent& each : built) {
    if (!is_of_compose(each)) continue;
    ComposeJudge judge(each, images);
    judge_component(
        each.component.row.name, release,
        [&](const release::Environment& environment) {
          Verdict verdict = verdict_in(judge, release, environment, known, {});
          try_profiles(judge, release, environment, known, verdict);
          return verdict;
        },
        problems);
    used.insert(judge.used().begin(), judge.used().end());
  }
  return used;
}

void check_compose_at(const release::Release& release, const std::vector<BuiltComponent>& built,
                      const release::Environment& environment, const release::Site& site,
                      const fs::path& file, Problems& problems) {
  const std::vector<KnownImage> images = compose::known_images(built, &BuiltComponent::component);
  const release::Values known = known_to_all(built);
  for (const BuiltComponent& each : built) {
    const release::ComponentRow& row = each.component.row;
    if (!is_of_compose(each) || (row.optional && !site.takes(row.name))) continue;
    ComposeJudge judge(each, images);
    const auto general = verdict_in(judge, release, environment, known, {});
    add_site_mistakes(row, general, verdict_in(judge, release, environment, known, site.values),
                      site, file, problems);
  }
}

}  // namespace sealift::builder
