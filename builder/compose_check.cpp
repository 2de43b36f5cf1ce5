// SPDX-License-Identifier: Apache-2.0
#include "builder/compose_check.hpp"

#include <algorithm>

#include "base/format.hpp"
#include "base/path.hpp"
#include "base/text.hpp"
#include "builder/known_values.hpp"
#include "compose/file.hpp"
#include "compose/images.hpp"
#include "release/references.hpp"

namespace sealift::builder {

namespace {

using compose::ComposeFile;
using compose::ComposeService;
using compose::KnownImage;

// The Compose file of one component.
class ComposeJudge {
 public:
  ComposeJudge(const BuiltComponent& built, const std::vector<KnownImage>& images)
      : built_(built), workload_(*built.component.document.workload), images_(images) {}

  // Nothing where the values at hand make no file of the templates.
  std::optional<std::string> render(const release::Values& values) const {
    for (const release::Template& each : built_.templates) {
      if (each.where() != workload_.file) continue;
      try {
        return each.render(values);
      } catch (const Error&) {  // check_values() says it
        return std::nullopt;
      }
    }
    return std::nullopt;
  }

  Problems judge(const std::string& text) {
    Problems problems;
    try {
      const ComposeFile file = ComposeFile::parse(text, workload_.file);
      for (const ComposeService& service : file.services) look_at(service, problems);
      for (const std::string& image : file.other_images) note_image(image);
      look_for("jobs", workload_.jobs, file, problems);
      look_for("canary", workload_.canary, file, problems);
    } catch (const Error& error) {
      problems.add(error);
    }
    return problems;
  }

  const std::set<std::string>& used() const { return used_; }

 private:
  void look_at(const ComposeService& service, Problems& problems) {
    try {
      used_.insert(compose::find_image(service.image, images_).name);
    } catch (const Error& error) {
      problems.add(error.within(service.image_place));
    }
  }

  // A service that does not start by itself needs no image, and may have one that is carried.
  void note_image(const std::string& image) {
    try {
      used_.insert(compose::find_image(image, images_).name);
    } catch (const Error&) {  // another's
    }
  }

  void look_for(const char* key, const std::vector<std::string>& names, const ComposeFile& file,
                Problems& problems) const {
    for (const std::string& name : names) {
      if (std::any_of(file.services.begin(), file.services.end(),
                      [&](const ComposeService& each) { return each.name == name; })) {
        continue;
      }
      problems.add(format("{}: {} has no service {}", key, workload_.file, printable(name, 80)),
                   "correct it in release.yaml; a service with a profile does not count");
    }
  }

  const BuiltComponent& built_;
  const release::Workload& workload_;
  const std::vector<KnownImage>& images_;
  std::set<std::string> used_;
};

// What is found with either stand-in hangs on none of them.
std::vector<Problem> found_in(ComposeJudge& judge, const release::Release& release,
                              const release::Environment& environment,
                              const release::Values& known) {
  std::optional<std::string> texts[2];
  for (const StandIns round : {StandIns::first, StandIns::second}) {
    try {
      const release::Values values =
          release::resolve(release::merge(known, stand_ins_in(release, environment, round)));
      texts[round == StandIns::first ? 0 : 1] = judge.render(values);
    } catch (const Error&) {  // check_values() says it
    }
  }
  if (!texts[0] || !texts[1]) return {};
  std::vector<Problem> found = judge.judge(*texts[0]).all();
  if (found.empty() || texts[0] == texts[1]) return found;
  const Problems again = judge.judge(*texts[1]);
  std::erase_if(found, [&](const Problem& each) {
    return std::none_of(again.all().begin(), again.all().end(),
                        [&](const Problem& other) { return each.message == other.message; });
  });
  return found;
}

// Each mistake once, with the environments that have it.
void add_by_environment(const std::string& where, const release::Release& release,
                        const std::vector<std::pair<std::string, Problem>>& found,
                        Problems& problems) {
  std::set<std::string> told;
  for (const auto& [unused, problem] : found) {
    if (!told.insert(problem.message).second) continue;
    std::vector<std::string> environments;
    for (const auto& [environment, other] : found) {
      if (other.message == problem.message) environments.push_back(environment);
    }
    const std::string whose = environments.size() == release.environments.size()
                                  ? ""
                                  : format(" (in {})", joined(environments));
    problems.add(format("{}: {}{}", where, problem.message, whose), problem.hint);
  }
}

}  // namespace

std::set<std::string> check_compose(const release::Release& release,
                                    const std::vector<BuiltComponent>& built, Problems& problems) {
  std::vector<KnownImage> images;
  for (const BuiltComponent& each : built) {
    for (KnownImage& image : compose::known_images(each.component)) {
      images.push_back(std::move(image));
    }
  }
  const release::Values known = known_to_all(built);
  std::set<std::string> used;
  for (const BuiltComponent& each : built) {
    const std::optional<release::Workload>& workload = each.component.document.workload;
    if (!workload || workload->runtime != release::kCompose) continue;
    ComposeJudge judge(each, images);
    std::vector<std::pair<std::string, Problem>> found;
    for (const release::Environment& environment : release.environments) {
      for (Problem& problem : found_in(judge, release, environment, known)) {
        found.emplace_back(environment.name, std::move(problem));
      }
    }
    add_by_environment(format("components.{}", each.component.row.name), release, found, problems);
    used.insert(judge.used().begin(), judge.used().end());
  }
  return used;
}

}  // namespace sealift::builder
