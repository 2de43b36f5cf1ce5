// SPDX-License-Identifier: Apache-2.0
// All that a build or a site would refuse, said in CI, without writing a bundle.
#include <algorithm>
#include <set>

#include "base/format.hpp"
#include "base/path.hpp"
#include "base/text.hpp"
#include "builder/build/pipeline.hpp"
#include "builder/commands/commands.hpp"

namespace sealift::builder {

namespace {

struct ValidateOptions {
  std::string file = "release.yaml";
  std::vector<std::string> sites;
  std::string previous;
};

constexpr std::size_t kMaxGuessesShown = 20;

// What `serve` could decide instead.
std::string guesses_line(const std::string& component, const std::string& told_by,
                         const std::vector<std::string>& files) {
  std::vector<std::string> shown(files.begin(),
                                 files.begin() + std::min(files.size(), kMaxGuessesShown));
  if (shown.size() < files.size()) shown.push_back("...");
  for (std::string& file : shown) file = printable(file, 200);
  return format("guessed to be immutable by {} in {}: {}: {}", printable(told_by, 200), component,
                cli::count_text(files.size(), "file"), joined(shown));
}

void run_validate(const ValidateOptions& options, cli::Session& session) {
  const release::Release release = release::load_release(options.file);
  const Guesses guesses = validate(release, {options.sites.begin(), options.sites.end()},
                                   options.previous, session.progress);
  session.out.line(format("{}: {} {} is valid: {}, {}, {}", options.file, release.name,
                          release.version.str(),
                          cli::count_text(release.components.size(), "component"),
                          cli::count_text(release.environments.size(), "environment"),
                          cli::count_text(options.sites.size(), "site")));
  Json sealed = Json::object();
  for (const auto& [environment, keys] : release.sealed) {
    session.out.line(format("sealed for {}: {}", environment, cli::count_text(keys.size(), "key")));
    sealed[environment] = keys.size();
  }
  Json immutable = Json::object();
  for (const auto& [component, guessed] : guesses) {
    std::set<std::string> all;
    for (const auto& [told_by, files] : guessed) {
      session.out.line(guesses_line(component, told_by, files));
      all.insert(files.begin(), files.end());
    }
    immutable[component] = all;
  }
  session.out.json({{"name", release.name},
                    {"version", release.version.str()},
                    {"components", release.components.size()},
                    {"environments", release.environments.size()},
                    {"sealed", std::move(sealed)},
                    {"guessedImmutable", std::move(immutable)},
                    {"sites", options.sites}});
}

}  // namespace

void add_validate(cli::Command& program) {
  auto& options = cli::make_options<ValidateOptions>();
  program
      .sub("validate", "check release.yaml, its sources, environments and sites; writes nothing",
           "Every mistake is shown in one run, with its line.")
      .argument("RELEASE", options.file, "release.yaml (the default)", cli::Presence::optional)
      .options("--site", options.sites, "FILE",
               "a site.yaml that must be able to take this release")
      .option("--previous", options.previous, "BUNDLE",
              "the release before, to see which images grew")
      .example("sealift validate", "the release.yaml of this folder")
      .example("sealift validate --site sites/munich.yaml",
               "whether this site could take the release as well")
      .example("sealift validate --previous dist/shop-1.0.0.bundle.tar.zst",
               "which images grew since that release")
      .reads("REGISTRY_AUTH_FILE",
             "credentials of registries; also DOCKER_CONFIG, DOCKER_AUTH_CONFIG")
      .reads("HTTPS_PROXY", "the proxy to registries; also HTTP_PROXY, NO_PROXY")
      .reads("SSL_CERT_FILE", "certificates of registries; also SSL_CERT_DIR")
      .fails_with({Errc::invalid_input, Errc::untrusted, Errc::corrupt, Errc::io})
      .runs([&options](cli::Session& session) { run_validate(options, session); });
}

}  // namespace sealift::builder
