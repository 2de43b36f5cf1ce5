// SPDX-License-Identifier: Apache-2.0
#include "installer/drivers/compose/compose_runtime.hpp"

#include <algorithm>
#include <set>

#include "base/error.hpp"
#include "base/format.hpp"
#include "base/log.hpp"
#include "base/path.hpp"
#include "base/process.hpp"
#include "base/text.hpp"
#include "installer/driver/driver.hpp"
#include "installer/drivers/compose/compose_program.hpp"
#include "installer/drivers/compose/compose_release.hpp"
#include "installer/drivers/compose/compose_settings.hpp"
#include "installer/drivers/compose/compose_watch.hpp"
#include "installer/drivers/compose/containers.hpp"
#include "installer/drivers/runtime/runtime.hpp"
#include "installer/site/table_key.hpp"

namespace sealift::installer {

namespace {

using Words = std::vector<std::string>;

class ComposeRuntime : public Runtime {
 public:
  explicit ComposeRuntime(const Layout& layout) : folder_(layout.workloads()), key_(layout) {}

  Json settings(const RuntimeQuestion& question) const override {
    return to_json(compose_settings_of(question, find_compose(question.target), key_));
  }

  std::map<std::string, std::string> data_folders(const RuntimeQuestion& question) const override {
    return compose_data_folders(question);
  }

  std::vector<release::Claim> claims(const RuntimeQuestion& question) const override {
    return compose_claims(question);
  }

  std::string outlook(const Deployment* before, const Deployment* now) const override {
    Words fresh;
    Words changed;
    Words gone;
    const Services was = services_of(before);
    const Services is = services_of(now);
    for (const auto& [name, service] : is) {
      const auto old = was.find(name);
      if (old == was.end()) {
        fresh.push_back(name);
      } else if (old->second != service ||
                 service.inputs_in(before->directory) != service.inputs_in(now->directory)) {
        changed.push_back(name);
      }
    }
    for (const auto& [name, unused] : was) {
      if (!is.contains(name)) gone.push_back(name);
    }
    return changes_text({{"start", fresh}, {"recreate", changed}, {"remove", gone}});
  }

  // `config` is the only look that changes nothing; podman-compose has none, but reads the file for
  // `ps` too.
  void validate(const Deployment& deployment, StepIo&) const override {
    const ComposeDeployment staged(deployment);
    const std::string& file = staged.settings.file;
    if (const std::string missing = missing_env_file(staged); !missing.empty()) {
      log::detail(format("{}: {} is not there yet: Compose checks the file when it is started",
                         file, missing));
      return;
    }
    const bool is_podman = staged.settings.generation == kPodman;
    const Outcome outcome =
        compose(staged, staged.folder(), is_podman ? Words{"ps", "-q"} : Words{"config", "-q"});
    if (outcome.status != 0) {
      throw Error(Errc::target_failed, format("Compose does not take {}: {}", file, said(outcome)),
                  "correct the file in the release");
    }
    // It goes on with an empty text there.
    if (outcome.error_output.find("variable is not set") != std::string::npos) {
      log::warning(format("{}: {}", file, said(outcome)));
    }
  }

  void bring_up(const Deployment& deployment, const Deployment*, StepIo& io) const override {
    const ComposeDeployment now(deployment);
    demand_images(now);
    send_canaries(now, io);
    bring_all_up(now, io);
  }

  // What ran before needs no trial.
  void bring_back(const Deployment& deployment, const Deployment*, StepIo& io) const override {
    const ComposeDeployment then(deployment);
    demand_images(then);
    call_canaries_back(then);
    bring_all_up(then, io);
  }

  // `down` knows only what its file names; what is left with the project's label goes one by one,
  // so that a file that is gone or was edited keeps nothing running. Volumes stay: they hold data.
  void take_down(const Deployment& installed, StepIo&) const override {
    const ComposeDeployment deployment(installed);
    const Engine engine(deployment.settings.engine);
    const std::string& project = deployment.settings.project;
    if (path_exists(deployment.folder() / deployment.settings.file)) {
      Words words = {"down"};
      if (deployment.settings.generation != kPodman) words.emplace_back("--remove-orphans");
      const Outcome outcome = compose(deployment, deployment.folder(), std::move(words));
      if (outcome.status != 0) log::warning(format("Compose: {}", said(outcome)));
    }
    for (const Container& container : engine.containers(project)) engine.remove(container);
    for (const std::string& network : engine.networks(project)) engine.remove_network(network);
    if (const auto left = engine.containers(project); !left.empty()) {
      throw Error(Errc::target_failed, format("the container {} is still there", left.front().name),
                  "remove it by hand");
    }
    sealift::remove_file(override_file(deployment.settings));
  }

  // A container that was restarted by its engine long ago says nothing of now. What runs under the
  // project's name and is no service of the release was started by somebody else.
  std::vector<Difference> differences(const Deployment& installed, Content&) const override {
    const ComposeDeployment deployment(installed);
    const Engine engine(deployment.settings.engine);
    std::vector<Difference> found;
    const auto all = engine.containers(deployment.settings.project);
    for (const auto& [name, service] : deployment.settings.services) {
      std::vector<Container> own = containers_of(all, name);
      for (Container& each : own) each.restarts = 0;
      if (Complaint complaint = judge_service(own, service); !complaint.found.empty()) {
        found.push_back({format("service {}", name), complaint.found});
      } else if (std::any_of(own.begin(), own.end(), [&, &made = service](const Container& each) {
                   return each.inputs != made.inputs_in(deployment.directory);
                 })) {
        found.push_back({format("service {}", name), "was not made by this release"});
      }
    }
    for (const Container& each : all) {
      if (deployment.settings.services.contains(each.service)) continue;
      found.push_back({format("container {}", each.name), "not part of the release"});
    }
    return found;
  }

  // Projects are found by the label of this site, and by the name that site.yaml gives. A volume is
  // named and never removed.
  std::vector<std::string> leftovers(const release::Target& target, const std::string& site,
                                     const std::vector<Deployment>& known) const override {
    std::set<std::string> ours;
    for (const Deployment& each : known) ours.insert(ComposeDeployment(each).settings.project);
    const Engine engine(engine_of(target, find_compose(target).command));
    std::vector<std::string> projects = engine.projects_of(site);
    if (!target.project.empty()) projects.push_back(target.project);
    std::vector<std::string> left;
    for (const std::string& project : projects) {
      if (ours.contains(project)) continue;
      for (const Container& each : engine.containers(project)) {
        left.push_back(format("the container {}", each.name));
      }
      for (const std::string& each : engine.networks(project)) {
        left.push_back(format("the network {}", each));
      }
      for (const std::string& each : engine.volumes(project)) {
        left.push_back(format("the volume {}, which may hold data", each));
      }
    }
    return left;
  }

 private:
  using Services = std::map<std::string, ServiceSettings>;

  // None where there is no deployment.
  static Services services_of(const Deployment* deployment) {
    return deployment == nullptr ? Services() : ComposeDeployment(*deployment).settings.services;
  }

  // Asked before any container is stopped: an image that was pruned on the host would be missed
  // only when the old containers are gone.
  static void demand_images(const ComposeDeployment& now) {
    const Engine engine(now.settings.engine);
    for (const auto& [name, service] : now.settings.services) {
      if (engine.has_image(service.image)) continue;
      throw Error(Errc::target_failed,
                  format("service {}: the engine has no image {}", name, service.image),
                  "the component of images has to go to the same engine");
    }
  }

  static bool has_canaries(const ComposeDeployment& now) {
    const Services& services = now.settings.services;
    return now.settings.generation != kPodman &&
           std::any_of(services.begin(), services.end(),
                       [](const auto& each) { return each.second.canary; });
  }

  // One container of the new making beside those that serve; the others follow when it runs.
  void send_canaries(const ComposeDeployment& now, StepIo& io) const {
    if (!has_canaries(now)) return;
    const Engine engine(now.settings.engine);
    const auto all = engine.containers(now.settings.project);
    for (const auto& [name, service] : now.settings.services) {
      const std::vector<Container> own = containers_of(all, name);
      const bool is_new =
          std::any_of(own.begin(), own.end(), [&, &made = service](const Container& each) {
            return each.inputs == made.inputs_in(now.directory);
          });
      if (!service.canary || own.empty() || is_new) continue;
      const Outcome outcome = demand(now, {"up", "-d", "--no-build", "--no-deps", "--no-recreate",
                                           "--scale", format("{}={}", name, own.size() + 1), name});
      ComposeDeployment first = now;
      first.settings.services = {{name, service}};
      first.settings.services.at(name).replicas = 1;
      await_containers(engine, first, said(outcome), Which::of_this_making, io);
    }
  }

  // Where all that serves is of the old making still, only the canary goes: Compose would make all
  // anew.
  static void call_canaries_back(const ComposeDeployment& then) {
    const Engine engine(then.settings.engine);
    const auto all = engine.containers(then.settings.project);
    for (const auto& [name, service] : then.settings.services) {
      std::vector<Container> strange = containers_of(all, name);
      const std::size_t count = strange.size();
      std::erase_if(strange, [&, &made = service](const Container& each) {
        return each.inputs == made.inputs_in(then.directory);
      });
      if (count - strange.size() < service.replicas) continue;
      for (const Container& each : strange) engine.remove(each);
    }
  }

  // Compose replaces a container whose labels have changed, and the label says all that it was made
  // of; podman-compose compares nothing, so changed ones are removed first.
  void bring_all_up(const ComposeDeployment& now, StepIo& io) const {
    const Engine engine(now.settings.engine);
    if (now.settings.generation == kPodman) remove_changed(engine, now);
    io.progress.wait_for("Compose to start the containers",
                         std::chrono::seconds(now.settings.timeout));
    const Outcome outcome = demand(now, up_words(now));
    await_containers(engine, now, said(outcome), Which::all, io);
  }

  fs::path override_file(const ComposeSettings& settings) const {
    return folder_ / format("{}.yaml", settings.project);
  }

  // JSON is YAML. The file is written anew for every call; the last `-f` has the last word of both.
  void write_override(const ComposeDeployment& deployment, const fs::path& folder) const {
    const ComposeSettings& settings = deployment.settings;
    Json services = Json::object();
    for (const auto& [name, service] : settings.services) {
      Json replaced = {
          {"image", service.image},
          {"labels",
           {{kInputsLabel, service.inputs_in(deployment.directory)}, {kSiteLabel, settings.site}}}};
      if (!service.pull_policy.empty()) replaced["pull_policy"] = service.pull_policy;
      services[name] = std::move(replaced);
    }
    // Nothing is built here, but the first generation wants the folder to be there.
    if (settings.generation == kV1) {
      for (const std::string& name : settings.built) {
        services[name]["build"] = {{"context", folder.string()}};
      }
    }
    Json file = {{"services", std::move(services)}};
    if (!settings.version.empty()) file["version"] = settings.version;
    make_dirs(folder_);
    write_file(override_file(settings), to_pretty(file), FileMode::secret);
  }

  // `-p` says the project, so that the name of the folder does not: it changes with each release.
  Outcome compose(const ComposeDeployment& deployment, const fs::path& folder, Words words) const {
    const ComposeSettings& settings = deployment.settings;
    write_override(deployment, folder);
    Words all = settings.command;
    all.insert(all.end(), {"-p", settings.project});
    if (settings.generation != kPodman) {
      all.insert(all.end(), {"--project-directory", folder.string()});
    }
    all.insert(all.end(),
               {"-f", (folder / settings.file).string(), "-f", override_file(settings).string()});
    all.insert(all.end(), words.begin(), words.end());
    return run_compose(all, folder, std::chrono::seconds(settings.timeout));
  }

  // On what stands. Error{target_failed} unless it ends with status 0.
  Outcome demand(const ComposeDeployment& now, Words words) const {
    Outcome outcome = compose(now, fs::path(now.path) / "current", std::move(words));
    if (outcome.status == 0) return outcome;
    throw Error(Errc::target_failed,
                format("Compose: ended with status {}: {}", outcome.status, said(outcome)));
  }

  // Nothing is pulled or built on a target: the images were delivered under names of their own.
  // Where services are left out, those that are wanted are named.
  static Words up_words(const ComposeDeployment& now) {
    Words words = {"up", "-d", "--no-build"};
    const std::string& generation = now.settings.generation;
    if (generation != kPodman) words.emplace_back("--remove-orphans");
    if (generation == kV2) words.insert(words.end(), {"--pull", "never"});
    for (const auto& [name, service] : now.settings.services) {
      if (generation == kPodman || service.replicas == 1) continue;
      words.insert(words.end(), {"--scale", format("{}={}", name, service.replicas)});
    }
    if (!now.settings.left_out.empty()) {
      for (const auto& [name, unused] : now.settings.services) {
        words.push_back(name);
      }
    }
    return words;
  }

  // podman-compose starts what is there and never compares.
  static void remove_changed(const Engine& engine, const ComposeDeployment& now) {
    const Services& services = now.settings.services;
    for (const Container& each : engine.containers(now.settings.project)) {
      const auto service = services.find(each.service);
      if (service != services.end() && each.inputs == service->second.inputs_in(now.directory)) {
        continue;
      }
      engine.remove(each);
    }
  }

  fs::path folder_;
  TableKey key_;
};

}  // namespace

std::unique_ptr<Runtime> compose_runtime(const Layout& layout) {
  return std::make_unique<ComposeRuntime>(layout);
}

}  // namespace sealift::installer
