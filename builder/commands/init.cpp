// SPDX-License-Identifier: Apache-2.0
// A project to begin with: a release.yaml and what it names, out of the embedded templates.
#include "base/file.hpp"
#include "base/format.hpp"
#include "base/path.hpp"
#include "builder/commands/commands.hpp"
#include "embedded/environments.hpp"
#include "embedded/templates.hpp"

namespace sealift::builder {

namespace {

constexpr std::string_view kStarter = "starter/";
constexpr std::string_view kPlaceholder = "__NAME__";

struct InitOptions {
  std::string folder;
  std::string name;
};

std::string with_name(std::string text, const std::string& name) {
  for (std::size_t at = 0; (at = text.find(kPlaceholder, at)) != std::string::npos;) {
    text.replace(at, kPlaceholder.size(), name);
    at += name.size();
  }
  return text;
}

void run_init(const InitOptions& options, cli::Session& session) {
  const fs::path folder = options.folder;
  if (path_exists(folder / "release.yaml")) {
    throw Error(Errc::invalid_input,
                format("{}: holds a release.yaml already, expected a new project", options.folder));
  }
  const std::string name =
      options.name.empty() ? absolute_path(folder).filename().string() : options.name;
  Json written = Json::array();
  const auto put = [&](const fs::path& relative, std::string_view content) {
    make_dirs((folder / relative).parent_path());
    write_new_file(folder / relative, with_name(std::string(content), name), FileMode::plain);
    session.out.line(format("wrote {}", (folder / relative).string()));
    written.push_back(relative.string());
  };
  for (const embedded::templates_file& file : embedded::templates()) {
    if (file.path.starts_with(kStarter)) put(file.path.substr(kStarter.size()), file.content);
  }
  for (const embedded::environments_file& file : embedded::environments()) {
    put(fs::path("environments") / file.path, file.content);
  }
  session.out.line(format("next: cd {} && sealift validate", options.folder));
  session.out.json({{"folder", options.folder}, {"name", name}, {"files", std::move(written)}});
}

}  // namespace

void add_init(cli::Command& program) {
  auto& options = cli::make_options<InitOptions>();
  program.sub("init", "start a project: release.yaml, environments, a workflow for CI")
      .argument("DIR", options.folder, "the project's folder", cli::Presence::required)
      .option("--name", options.name, "NAME", "the release's name (default: the folder's)")
      .example("sealift init shop", "a project in the new folder shop")
      .example("sealift init website --name shop", "a project whose release is called shop")
      .fails_with({Errc::invalid_input, Errc::io})
      .runs([&options](cli::Session& session) { run_init(options, session); });
}

}  // namespace sealift::builder
