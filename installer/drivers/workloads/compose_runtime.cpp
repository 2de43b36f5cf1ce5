// SPDX-License-Identifier: Apache-2.0
// Docker Compose of either generation, and podman-compose. The release's file is used as it stands
// under PATH/current; a second file beside it says of each service which image was delivered for
// it, and carries a label that names all that its containers are made of. So containers are made
// anew just where something of theirs has changed, and a mutable tag means nothing.

#include <algorithm>
#include <optional>
#include <set>
#include <thread>

#include "base/error.hpp"
#include "base/format.hpp"
#include "base/log.hpp"
#include "base/path.hpp"
#include "base/process.hpp"
#include "base/text.hpp"
#include "compose/file.hpp"
#include "compose/images.hpp"
#include "installer/driver/driver.hpp"
#include "installer/drivers/workloads/compose_program.hpp"
#include "installer/drivers/workloads/compose_settings.hpp"
#include "installer/drivers/workloads/containers.hpp"
#include "installer/drivers/workloads/parts.hpp"
#include "installer/drivers/workloads/runtime.hpp"
#include "installer/site/table_key.hpp"
#include "release/documents/persist.hpp"

namespace sealift::installer {

namespace {

constexpr std::size_t kMaxComposeBytes = 1U << 20;
constexpr std::chrono::milliseconds kBetween{500};
constexpr std::size_t kMaxIdDigits = 10;  // of a user or group
constexpr std::size_t kProjectSite = 8;   // characters of the site's id in a project's name

using compose::ComposeFile;
using compose::ComposeService;
using Words = std::vector<std::string>;

// What a Compose file and the .env beside it say, of which nobody else may be asked.
struct ComposeTexts {
  std::optional<std::string> file;
  std::optional<release::FileEntry> entry;
  std::string variables;  // empty: there is no .env
};

ComposeTexts texts_of(const RuntimeQuestion& question, const std::string& path) {
  ComposeTexts texts;
  const std::unique_ptr<TreeStream> tree = question.content.tree(question.component.row.name);
  while (const auto entry = tree->next()) {
    if (entry->path.str() == path) {
      texts.file = read_all(*tree, *entry, kMaxComposeBytes);
      texts.entry = entry;
    } else if (entry->path.str() == compose::kVariablesFile) {
      texts.variables = read_all(*tree, *entry, kMaxComposeBytes);
    }
  }
  if (!texts.file) throw Error(Errc::incompatible, format("{}: is not in the release", path));
  return texts;
}

// Earlier builders took every .env: one that cannot be read here leaves the variables to Compose.
ComposeFile parsed(const std::string& text, const std::string& variables, const std::string& name) {
  std::optional<compose::Variables> known;
  try {
    known = compose::read_variables(variables);
  } catch (const Error& error) {
    log::detail(error.message());
  }
  return ComposeFile::parse(text, name, known);
}

// Whether a folder of the release is among what a service reads.
bool has_folder(const std::vector<release::FileEntry>& table, const std::set<std::string>& paths) {
  return std::any_of(table.begin(), table.end(), [&](const release::FileEntry& entry) {
    return paths.contains(".") ||
           (entry.type == EntryType::directory && paths.contains(entry.path.str()));
  });
}

std::string pin_of(const ComposeService& service, const RuntimeQuestion& question,
                   Problems& problems) {
  for (const auto& [unused, pin] : question.pins) {
    if (service.image == pin) return pin;
  }
  try {
    const std::string& name = compose::find_image(service.image, question.images).name;
    if (const auto pin = question.pins.find(name); pin != question.pins.end()) return pin->second;
    problems.add(format("{}: the image {} is not one that was delivered here", service.image_place,
                        printable(service.image, 200)),
                 "its component of images has to go to this site");
  } catch (const Error& error) {
    problems.add(error.within(service.image_place));
  }
  return "";
}

std::set<std::string> paths_of(const ComposeService& service) {
  std::set<std::string> paths;
  for (const compose::OwnFile& file : service.files) paths.insert(file.path);
  return paths;
}

// What a service mounts of the data that releases share.
std::vector<std::string> data_of(const ComposeService& service, const RuntimeQuestion& question) {
  std::vector<std::string> folders;
  const std::vector<std::string>& shared = question.component.document.persist;
  for (const compose::OwnFile& file : service.files) {
    if (file.use == compose::OwnFile::Use::mount && release::lies_in_one_of(file.path, shared)) {
      folders.push_back(file.path);
    }
  }
  return folders;
}

// "UID:GID" of a service that says it in numbers; a name only its image knows.
std::string parse_user(const std::string& said) {
  const std::string user = said.substr(0, said.find(':'));
  const std::string group = said.find(':') == said.npos ? user : said.substr(user.size() + 1);
  const auto is_number = [](const std::string& text) {
    return !text.empty() && text.size() < kMaxIdDigits &&
           text.find_first_not_of("0123456789") == text.npos;
  };
  return is_number(user) && is_number(group) ? format("{}:{}", user, group) : "";
}

// Which containers of a service are waited for.
enum class Which { all, of_this_making };

class ComposeRuntime : public Runtime {
 public:
  explicit ComposeRuntime(const Layout& layout) : folder_(layout.workloads()), key_(layout) {}

  Json settings(const RuntimeQuestion& question) const override {
    const std::string& name = question.component.row.name;
    const release::Workload& workload = *question.component.document.workload;
    const ComposeProgram compose = find_compose(question.target);
    const ComposeTexts texts = texts_of(question, workload.file);
    const ComposeFile file = parsed(*texts.file, texts.variables, workload.file);
    const std::vector<release::FileEntry> table =
        entries_of(*question.content.table(question.table));
    Problems problems;
    std::map<std::string, ServiceSettings> services;
    for (const ComposeService& service : file.services) {
      const bool is_job = service.is_job || std::find(workload.jobs.begin(), workload.jobs.end(),
                                                      service.name) != workload.jobs.end();
      const std::set<std::string> reads = paths_of(service);
      const std::string pin = pin_of(service, question, problems);
      Json inputs = {service.definition, pin, lines_at(table, reads)};
      // A container that was made before its data was shared has the folder from then.
      const auto data = data_of(service, question);
      if (!data.empty()) inputs.push_back(data);
      services[service.name] = {
          .image = pin,
          .replicas = service.replicas,
          .job = is_job,
          .canary = std::find(workload.canary.begin(), workload.canary.end(), service.name) !=
                    workload.canary.end(),
          // A mounted folder is the one of the release that the container was made for, and goes
          // with it; podman-compose has no other paths at all.
          .moves = has_folder(table, reads) || (compose.generation == kPodman && !reads.empty()),
          // Keyed where the file may hold a secret.
          .inputs = key_.digest(*texts.entry, Digest::of(to_canonical(inputs))).hex(),
          .pull_policy = service.has_pull_policy ? "never" : ""};
    }
    for (const auto& [key, names] :
         {std::pair("jobs", &workload.jobs), {"canary", &workload.canary}}) {
      for (const std::string& each : *names) {
        if (services.contains(each)) continue;
        problems.add(format("{}: {} has no service {}", key, workload.file, printable(each, 80)));
      }
    }
    problems.throw_if_any(Errc::incompatible);
    return to_json(ComposeSettings{
        .project = question.target.project.empty()
                       ? format("{}-{}", name, question.site.substr(0, kProjectSite))
                       : question.target.project,
        .site = question.site,
        .command = compose.command,
        .generation = compose.generation,
        .engine = engine_of(question.target, compose.command),
        .file = workload.file,
        .timeout = question.target.timeout,
        .services = std::move(services),
        .version = file.version,
        .built = file.built,
        // It knows no profiles, and would start them all.
        .left_out = compose.generation == kPodman ? file.left_out : Words()});
  }

  std::map<std::string, std::string> data_folders(const RuntimeQuestion& question) const override {
    std::map<std::string, std::string> folders;
    if (question.component.document.persist.empty()) return folders;
    const std::string& file = question.component.document.workload->file;
    const ComposeTexts texts = texts_of(question, file);
    for (const ComposeService& service : parsed(*texts.file, texts.variables, file).services) {
      for (const std::string& folder : data_of(service, question)) {
        std::string& owner = folders[folder];
        if (owner.empty()) owner = parse_user(service.user);
      }
    }
    return folders;
  }

  std::vector<release::Claim> claims(const RuntimeQuestion& question) const override {
    const std::string& file = question.component.document.workload->file;
    const ComposeTexts texts = texts_of(question, file);
    return parsed(*texts.file, texts.variables, file).claims;
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
                 inputs_of(before->directory, service) != inputs_of(now->directory, service)) {
        changed.push_back(name);
      }
    }
    for (const auto& [name, unused] : was) {
      if (!is.contains(name)) gone.push_back(name);
    }
    Words parts;
    if (!fresh.empty()) parts.push_back(format("start {}", joined(fresh)));
    if (!changed.empty()) parts.push_back(format("recreate {}", joined(changed)));
    if (!gone.empty()) parts.push_back(format("remove {}", joined(gone)));
    return parts.empty() ? "nothing of it has changed" : joined(parts, "; ");
  }

  void validate(const Deployment& deployment) const override {
    const ComposeDeployment staged(deployment);
    const std::string& file = staged.settings.file;
    if (const std::string missing = missing_file(staged, file); !missing.empty()) {
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

  std::vector<Difference> differences(const Deployment& installed) const override {
    const ComposeDeployment deployment(installed);
    const Engine engine(deployment.settings.engine);
    std::vector<Difference> found;
    const auto all = engine.containers(deployment.settings.project);
    for (const auto& [name, service] : deployment.settings.services) {
      std::vector<Container> own = of_service(all, name);
      for (Container& each : own) each.restarts = 0;
      if (Complaint complaint = judge_service(own, service); !complaint.found.empty()) {
        found.push_back({format("service {}", name), complaint.found});
      } else if (std::any_of(own.begin(), own.end(), [&, &made = service](const Container& each) {
                   return each.inputs != inputs_of(deployment.directory, made);
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
  // A file of variables outside of the component that is not there: another component of the same
  // release may bring it, and is switched before this one is brought up.
  static std::string missing_file(const ComposeDeployment& staged, const std::string& file) {
    const fs::path variables = staged.folder() / compose::kVariablesFile;
    const ComposeFile parsed_file =
        parsed(read_file(staged.folder() / file, kMaxComposeBytes),
               path_exists(variables) ? read_file(variables, kMaxComposeBytes) : "", file);
    for (const std::string& path : parsed_file.host_env_files) {
      if (!path_exists(path)) return path;
    }
    return "";
  }

  using Services = std::map<std::string, ServiceSettings>;

  // None where there is no deployment.
  static Services services_of(const Deployment* deployment) {
    return deployment == nullptr ? Services() : ComposeDeployment(*deployment).settings.services;
  }

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
      const std::vector<Container> own = of_service(all, name);
      const bool is_new =
          std::any_of(own.begin(), own.end(), [&, &made = service](const Container& each) {
            return each.inputs == inputs_of(now.directory, made);
          });
      if (!service.canary || own.empty() || is_new) continue;
      const Outcome outcome = demand(now, {"up", "-d", "--no-build", "--no-deps", "--no-recreate",
                                           "--scale", format("{}={}", name, own.size() + 1), name});
      ComposeDeployment first = now;
      first.settings.services = {{name, service}};
      first.settings.services.at(name).replicas = 1;
      wait(engine, first, said(outcome), Which::of_this_making, io);
    }
  }

  // Where all that serves is of the old making still, only the canary goes: Compose would make all
  // anew.
  static void call_canaries_back(const ComposeDeployment& then) {
    const Engine engine(then.settings.engine);
    const auto all = engine.containers(then.settings.project);
    for (const auto& [name, service] : then.settings.services) {
      std::vector<Container> strange = of_service(all, name);
      const std::size_t count = strange.size();
      std::erase_if(strange, [&, &made = service](const Container& each) {
        return each.inputs == inputs_of(then.directory, made);
      });
      if (count - strange.size() < service.replicas) continue;
      for (const Container& each : strange) engine.remove(each);
    }
  }

  void bring_all_up(const ComposeDeployment& now, StepIo& io) const {
    const Engine engine(now.settings.engine);
    if (now.settings.generation == kPodman) remove_changed(engine, now);
    const Outcome outcome = demand(now, up_words(now));
    wait(engine, now, said(outcome), Which::all, io);
  }

  fs::path override_file(const ComposeSettings& settings) const {
    return folder_ / format("{}.yaml", settings.project);
  }

  static std::string inputs_of(const std::string& directory, const ServiceSettings& service) {
    return service.moves ? format("{} {}", service.inputs, directory) : service.inputs;
  }

  // JSON is YAML.
  void write_override(const ComposeDeployment& deployment, const fs::path& folder) const {
    const ComposeSettings& settings = deployment.settings;
    Json services = Json::object();
    for (const auto& [name, service] : settings.services) {
      Json replaced = {{"image", service.image},
                       {"labels",
                        {{kInputsLabel, inputs_of(deployment.directory, service)},
                         {kSiteLabel, settings.site}}}};
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
      if (service != services.end() && each.inputs == inputs_of(now.directory, service->second)) {
        continue;
      }
      engine.remove(each);
    }
  }

  static std::vector<Container> of_service(const std::vector<Container>& all,
                                           const std::string& name) {
    std::vector<Container> own;
    std::copy_if(all.begin(), all.end(), std::back_inserter(own),
                 [&](const Container& each) { return each.service == name; });
    return own;
  }

  static Complaint judge_service(const std::vector<Container>& own,
                                 const ServiceSettings& service) {
    return judge(own, service.replicas, service.job ? Ending::expected : Ending::never);
  }

  // podman-compose goes on where Podman could not start a container, as when its port was not free
  // yet; what is in the way may have gone.
  static std::string start_created(const Engine& engine, const std::vector<Container>& containers) {
    std::string refusal;
    for (const Container& each : containers) {
      if (each.state == "created") refusal = engine.start(each);
    }
    return refusal;
  }

  // Until every container runs as it should at two looks in a row. `up --wait` of the second
  // generation is not used: it takes a job that has ended for a failure.
  static void wait(const Engine& engine, const ComposeDeployment& now,
                   const std::string& compose_said, Which which, StepIo& io) {
    using Clock = std::chrono::steady_clock;
    const auto end = Clock::now() + std::chrono::seconds(now.settings.timeout);
    std::map<std::string, std::uint64_t> first;  // restarts, by container
    unsigned good = 0;
    while (good < 2) {
      io.stop.throw_if_set();
      std::vector<Container> all = engine.containers(now.settings.project);
      for (Container& each : all) {
        each.restarts -=
            std::min(each.restarts, first.emplace(each.id, each.restarts).first->second);
      }
      Words waiting;
      for (const auto& [name, service] : now.settings.services) {
        std::vector<Container> own = of_service(all, name);
        if (which == Which::of_this_making) {
          std::erase_if(own, [&, &made = service](const Container& each) {
            return each.inputs != inputs_of(now.directory, made);
          });
        }
        const Complaint complaint = judge_service(own, service);
        if (complaint.found.empty()) continue;
        waiting.push_back(format("{}: {}", name, complaint.found));
        const std::string refusal = start_created(engine, own);
        if (!complaint.is_final && Clock::now() <= end) continue;
        // podman-compose says nothing by its status.
        const std::string hint =
            has_ended_well(own)
                ? format("where it is to end by itself, name it in release.yaml: jobs: [{}]", name)
            : complaint.is_final ? ""
                                 : "if it only needs longer: timeout in site.yaml";
        fail(name, complaint,
             !refusal.empty() ? refusal
             : own.empty()    ? compose_said
                              : engine.last_words(own.front()),
             hint);
      }
      good = waiting.empty() ? good + 1 : 0;
      if (good < 2) std::this_thread::sleep_for(kBetween);
    }
  }

  static bool has_ended_well(const std::vector<Container>& own) {
    return std::any_of(own.begin(), own.end(), [](const Container& each) {
      return each.state == "exited" && each.exit_code == 0;
    });
  }

  [[noreturn]] static void fail(const std::string& name, const Complaint& complaint,
                                const std::string& words, const std::string& hint) {
    throw Error(Errc::target_failed,
                format("service {}: {}{}{}", name, complaint.found,
                       words.empty() ? "" : "; it said: ", words),
                hint);
  }

  fs::path folder_;
  TableKey key_;
};

}  // namespace

std::unique_ptr<Runtime> compose_runtime(const Layout& layout) {
  return std::make_unique<ComposeRuntime>(layout);
}

}  // namespace sealift::installer
