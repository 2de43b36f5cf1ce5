// SPDX-License-Identifier: Apache-2.0
// A project to begin with: a release.yaml and what it names, out of the embedded templates.
#include "base/ascii.hpp"
#include "base/file.hpp"
#include "base/format.hpp"
#include "base/path.hpp"
#include "base/text.hpp"
#include "builder/commands/commands.hpp"
#include "builder/new_project/new_project.hpp"
#include "builder/signing_desk/trust_folder.hpp"
#include "signing/secret_key.hpp"

namespace sealift::builder {

namespace {

struct InitOptions {
  std::string folder;
  std::string name;
  std::vector<std::string> with;
  bool yes = false;
};

constexpr std::int64_t kPracticeSeconds = std::int64_t{365} * 86400;

// The folder's name as a release may be called.
std::string name_of(const fs::path& folder) {
  std::string name =
      lower((folder.filename().empty() ? folder.parent_path() : folder).filename().string());
  for (char& c : name) {
    if (!is_letter_or_digit(c) && c != '.' && c != '_') c = '-';
  }
  name = trimmed(name, "._-");
  return name.empty() ? "release" : name;
}

// What the component of a part is called.
std::string_view component_of(Part part) {
  if (part == Part::drizzle) return "database";
  if (part == Part::compose) return "stack";
  return part == Part::systemd ? "units" : name(part);
}

// What init took for what, before it writes: a wrong guess is seen at once.
void say_found(const ProjectParts& parts, cli::Session& session) {
  for (const auto& [place, part] : places_of(parts)) {
    if (place->empty()) continue;
    session.out.line(format("found {}: component {}{}", *place, component_of(part),
                            parts.has(part) ? "" : ", left out"));
  }
  if (!parts.dotenv_files.empty()) {
    session.out.line(format("found {}: environments/", joined(parts.dotenv_files)));
  }
  if (!parts.secrets.empty()) {
    session.out.line(format("secrets, left to each site: {}",
                            joined({parts.secrets.begin(), parts.secrets.end()})));
  }
}

// A person at a terminal leaves out what is no part of the release; Enter takes it.
void ask_for_parts(ProjectParts& parts) {
  for (const auto& [place, part] : places_of(parts)) {
    if (place->empty()) continue;
    if (cli::confirm(format("take {} as component {}?", *place, component_of(part)),
                     cli::Usual::yes))
      continue;
    parts.chosen.erase(part);
    if (part == Part::compose) parts.chosen.erase(Part::images);
  }
}

// What --with names, or what of all that was found a person takes; with neither, what most projects
// begin with.
ProjectParts chosen_parts(const InitOptions& options, const cli::Session& session) {
  ProjectParts parts = find_parts(options.folder);
  std::set<Part> named;
  for (const std::string& words : options.with) {
    std::string_view rest = words;
    while (!rest.empty()) {
      const std::size_t comma = std::min(rest.find(','), rest.size());
      named.insert(part_named(std::string(rest.substr(0, comma))));
      rest.remove_prefix(std::min(comma + 1, rest.size()));
    }
  }
  if (!named.empty()) {
    // Services need their images, and values that are secret are so whether they were named or not.
    if (named.contains(Part::compose)) named.insert(Part::images);
    if (!parts.secrets.empty()) named.insert(Part::secrets);
    parts.chosen = named;
  }
  if (parts.chosen.empty()) parts.chosen.insert(Part::web);
  const bool asks =
      named.empty() && !options.yes && !session.out.wants_json() && cli::is_with_person();
  if (asks) ask_for_parts(parts);
  return parts;
}

// A throw-away key and the root by which the practice site judges it; the root's fingerprint.
// An init that was cut off may have left a key without a root, or both.
std::string write_practice_trust(const fs::path& folder, Time now) {
  const TrustFolder trust(folder);
  if (const auto roots = trust.chain(); !roots.empty()) return roots.front().fingerprint().hex();
  sealift::remove_file(folder / "practice.key");
  signing::SecretKey key = signing::SecretKey::generate();
  std::string secret = key.to_file(nullptr);
  write_new_file(folder / "practice.key", secret, FileMode::secret);
  signing::wipe(secret);
  signing::RootDraft draft;
  draft.expires = Time{now.seconds + kPracticeSeconds};
  draft.root.keys.insert(key.public_key());
  draft.approvers.keys.insert(key.public_key());
  draft.names[key.public_key()] = "practice";
  const signing::Root root = trust.save(draft);
  trust.write_draft(
      root, with_signature(root, trust.may_sign(root), signing::signer_with(std::move(key))));
  return trust.publish(trust.draft(1)).fingerprint().hex();
}

// Nothing that is there is written over.
void write_unless_there(const NewFile& file, const InitOptions& options, cli::Session& session,
                        Json& written) {
  const fs::path path = fs::path(options.folder) / file.path;
  if (path_exists(path)) {
    session.out.line(format("kept {}", path.string()));
    return;
  }
  make_dirs(path.parent_path());
  write_new_file(path, file.content, file.mode);
  session.out.line(format("wrote {}", path.string()));
  written.push_back(file.path);
}

// The commands that it ends with take a first release to the practice site, without a refused one.
void run_init(const InitOptions& options, cli::Session& session) {
  const fs::path folder = absolute_path(options.folder).lexically_normal();
  if (path_exists(folder / "release.yaml")) {
    throw Error(Errc::invalid_input,
                format("{}: holds a release.yaml already, expected a new project", options.folder));
  }
  const std::string name = options.name.empty() ? name_of(folder) : options.name;
  const ProjectParts parts = chosen_parts(options, session);
  say_found(parts, session);
  Json written = Json::array();
  // release.yaml is the last, so that an init that was cut off can be run again.
  std::vector<NewFile> files = new_project(name, folder, parts);
  const NewFile last = std::move(files.back());
  files.pop_back();
  for (const NewFile& file : files) write_unless_there(file, options, session, written);
  const std::string fingerprint = write_practice_trust(folder / "practice", session.clock.now());
  write_unless_there(last, options, session, written);
  session.out.line("next, to try it on a site below practice/:");
  session.out.line(format("  cd {}", options.folder));
  session.out.line("  sealift build --output bundles --key practice/practice.key");
  session.out.line("  export SEALIFT_SITE=$PWD/practice/site");
  session.out.line("  sealift-installer init --from practice/site.yaml");
  session.out.line(
      format("  sealift-installer trust init practice/1.root.json --fingerprint {}", fingerprint));
  session.out.line(format("  sealift-installer apply bundles/{}-0.1.0.bundle.tar.zst", name));
  session.out.json({{"folder", options.folder},
                    {"name", name},
                    {"files", std::move(written)},
                    {"fingerprint", fingerprint}});
}

}  // namespace

void add_init(cli::Command& program) {
  auto& options = cli::make_options<InitOptions>();
  program.sub("init", "start a project: release.yaml, environments, a workflow for CI")
      .argument("DIR", options.folder, "the project's folder; what is there is found and kept",
                cli::Presence::required)
      .option("--name", options.name, "NAME", "the release's name (default: the folder's)")
      .options(
          "--with", options.with, "PART,...",
          "web, nginx, compose, images, drizzle, systemd, flags, secrets (default: what is found)")
      .flag("-y,--yes", options.yes, "take all that is found without a question")
      .example("sealift init shop", "a project of what is in the folder shop, or a new one")
      .example("sealift init shop --with web,nginx", "of these parts alone")
      .fails_with({Errc::invalid_input, Errc::io})
      .runs([&options](cli::Session& session) { run_init(options, session); });
}

}  // namespace sealift::builder
