// SPDX-License-Identifier: Apache-2.0
// release.lock.yaml: which digest each tag means today, so that the next build takes the same.
#include "base/format.hpp"
#include "builder/commands/commands.hpp"
#include "builder/images/image_source.hpp"
#include "release/project/lock_file.hpp"

namespace sealift::builder {

namespace {

struct LockOptions {
  std::string file = "release.yaml";
};

void run_lock(const LockOptions& options, cli::Session& session) {
  const release::Release release = release::load_release(options.file);
  const release::Locked locked = resolve_images(release, session.progress);
  release::write_lock(release.folder, locked);
  std::vector<std::vector<std::string>> rows;
  Json images = Json::object();
  for (const auto& [from, digest] : locked.images) {
    rows.push_back({from, digest.str()});
    images[from] = digest.str();
  }
  for (const auto& [from, proven] : locked.verified) {
    for (const std::string& each : proven) rows.push_back({from, each});
  }
  session.out.table(rows);
  session.out.line(format("written to {}", release::lock_file(release.folder).string()));
  session.out.json({{"file", release::lock_file(release.folder).string()},
                    {"images", images},
                    {"verified", locked.verified}});
}

}  // namespace

void add_lock(cli::Command& program) {
  auto& options = cli::make_options<LockOptions>();
  program.sub("lock", "write release.lock.yaml: the digests that later builds must find")
      .argument("RELEASE", options.file, "release.yaml (the default)", cli::Presence::optional)
      .example("sealift lock", "write release.lock.yaml beside release.yaml")
      .example("sealift lock shop/release.yaml --verbose",
               "the same for another folder, saying what is asked")
      .reads("REGISTRY_AUTH_FILE",
             "credentials of registries; also DOCKER_CONFIG, DOCKER_AUTH_CONFIG")
      .reads("HTTPS_PROXY", "the proxy to registries; also HTTP_PROXY, NO_PROXY")
      .reads("SSL_CERT_FILE", "certificates of registries; also SSL_CERT_DIR")
      .fails_with({Errc::invalid_input, Errc::untrusted, Errc::corrupt, Errc::io})
      .runs([&options](cli::Session& session) { run_lock(options, session); });
}

}  // namespace sealift::builder
