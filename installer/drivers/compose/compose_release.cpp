// SPDX-License-Identifier: Apache-2.0
#include "installer/drivers/compose/compose_release.hpp"

#include <algorithm>
#include <optional>
#include <set>

#include "base/error.hpp"
#include "base/format.hpp"
#include "base/log.hpp"
#include "base/path.hpp"
#include "compose/file.hpp"
#include "installer/drivers/runtime/installed_file.hpp"
#include "installer/drivers/runtime/parts.hpp"
#include "release/documents/persist.hpp"

namespace sealift::installer {

namespace {

constexpr std::size_t kMaxComposeBytes = 1U << 20;
constexpr std::size_t kMaxIdDigits = 10;  // of a user or group
constexpr std::size_t kProjectSite = 8;   // characters of the site's id in a project's name

using compose::ComposeFile;
using compose::ComposeService;

// What a Compose file and the .env beside it say, of which nobody else may be asked.
struct ComposeTexts {
  std::optional<std::string> file;
  std::optional<release::FileEntry> entry;
  std::string variables;  // empty: there is no .env
};

// Both files out of one pass: a tree is a stream of a bundle, and is not read twice.
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

// What of the component's own files a service mounts or reads, such as configs and env_file.
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

// What the settings of every service are made from.
struct ReleaseSources {
  const RuntimeQuestion& question;
  const ComposeProgram& compose;
  const release::FileEntry& file;  // the Compose file's own line of the table
  std::vector<release::FileEntry> table;
};

bool is_listed(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

ServiceSettings settings_of(const ComposeService& service, const ReleaseSources& sources,
                            const TableKey& key, Problems& problems) {
  const RuntimeQuestion& question = sources.question;
  const release::Workload& workload = *question.component.document.workload;
  const std::set<std::string> reads = paths_of(service);
  const std::string pin = pin_of(service.image, service.image_place, question, problems);
  Json inputs = {service.definition, pin, lines_at(sources.table, reads)};
  // A container that was made before its data was shared has the folder from then.
  const auto data = data_of(service, question);
  if (!data.empty()) inputs.push_back(data);
  return {.image = pin,
          .replicas = service.replicas,
          .job = service.is_job || is_listed(workload.jobs, service.name),
          .canary = is_listed(workload.canary, service.name),
          // A mounted folder is the one of the release that the container was made for, and goes
          // with it; podman-compose has no other paths at all.
          .moves = has_folder(sources.table, reads) ||
                   (sources.compose.generation == kPodman && !reads.empty()),
          // Keyed where the file may hold a secret.
          .inputs = key.digest(sources.file, Digest::of(to_canonical(inputs))).hex(),
          .pull_policy = service.has_pull_policy ? "never" : ""};
}

// It stays what it is, for volumes are called after it: a site that came back from an archive has
// another id, and a component may be renamed.
std::string project_of(const RuntimeQuestion& question) {
  const Placement* before = question.before;
  if (!question.target.project.empty()) return question.target.project;
  if (before != nullptr && before->driver == release::kCompose) {
    return compose_settings_from_json(before->settings, before->component).project;
  }
  return default_project(question.component.row.name, question.site);
}

// Every service that release.yaml names has to be in the file.
void check_names(const release::Workload& workload,
                 const std::map<std::string, ServiceSettings>& services, Problems& problems) {
  for (const auto& [key, names] :
       {std::pair("jobs", &workload.jobs), {"canary", &workload.canary}}) {
    for (const std::string& each : *names) {
      if (services.contains(each)) continue;
      problems.add(format("{}: {} has no service {}", key, workload.file, printable(each, 80)));
    }
  }
}

// Where nothing of the host may be shared: everything that would be is a problem.
void check_isolation(const ComposeFile& file, const std::string& target, Problems& problems) {
  for (const release::Claim& claim : file.claims) {
    problems.add(format("target {} is isolated, and {}", target, claim.found));
  }
  for (const Problem& each : file.host_names) problems.add(each.message, each.hint);
}

}  // namespace

std::string default_project(const std::string& component, const std::string& site) {
  return format("{}-{}", component, site.substr(0, kProjectSite));
}

ComposeSettings compose_settings_of(const RuntimeQuestion& question, const ComposeProgram& compose,
                                    const TableKey& key) {
  const release::Workload& workload = *question.component.document.workload;
  const ComposeTexts texts = texts_of(question, workload.file);
  const ComposeFile file = parsed(*texts.file, texts.variables, workload.file);
  const ReleaseSources sources{question, compose, *texts.entry,
                               entries_of(*question.content.table(question.table))};
  Problems problems;
  std::map<std::string, ServiceSettings> services;
  for (const ComposeService& service : file.services) {
    services[service.name] = settings_of(service, sources, key, problems);
  }
  check_names(workload, services, problems);
  if (compose.generation == kV1) {
    for (const Problem& each : file.old_objections) problems.add(each.message, each.hint);
  }
  if (question.target.isolated) check_isolation(file, question.component.row.target, problems);
  problems.throw_if_any(Errc::incompatible);
  return {.project = project_of(question),
          .site = question.site,
          .command = compose.command,
          .generation = compose.generation,
          .engine = engine_of(question.target, compose.command),
          .file = workload.file,
          .timeout = question.target.timeout,
          .services = std::move(services),
          .version = file.version,
          .built = file.built,
          // podman-compose knows no profiles, and would start them all.
          .left_out = compose.generation == kPodman ? file.left_out : std::vector<std::string>()};
}

std::map<std::string, std::string> compose_data_folders(const RuntimeQuestion& question) {
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

std::vector<release::Claim> compose_claims(const RuntimeQuestion& question) {
  const std::string& file = question.component.document.workload->file;
  const ComposeTexts texts = texts_of(question, file);
  return parsed(*texts.file, texts.variables, file).claims;
}

std::string missing_env_file(const ComposeDeployment& staged) {
  const std::string& file = staged.settings.file;
  const auto text_of = [&](const std::string& name) {
    return installed_file(staged.path, staged.directory, name, kMaxComposeBytes);
  };
  const bool has_variables = entry_exists(staged.folder() / compose::kVariablesFile);
  const ComposeFile parsed_file =
      parsed(text_of(file), has_variables ? text_of(compose::kVariablesFile) : "", file);
  for (const std::string& path : parsed_file.host_env_files) {
    if (!path_exists(path)) return path;
  }
  return "";
}

}  // namespace sealift::installer
