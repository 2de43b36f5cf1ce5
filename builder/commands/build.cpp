// SPDX-License-Identifier: Apache-2.0
// From release.yaml to a bundle file, and approvals by whoever signs at once.
#include "base/format.hpp"
#include "base/log.hpp"
#include "builder/build/pipeline.hpp"
#include "builder/commands/commands.hpp"
#include "builder/signing_desk/keys.hpp"
#include "builder/signing_desk/trust_folder.hpp"
#include "bundle/report.hpp"

namespace sealift::builder {

namespace {

struct BuildOptions {
  std::string file = "release.yaml";
  std::string output;  // empty: the usual one
  std::string previous;
  std::string compression = "zstd";
  std::optional<int> level;
  KeyOptions keys;
};

// Without compression the bundle is a plain tar, for a transfer that compresses by itself.
bundle::Packing packing_of(const BuildOptions& options) {
  if (options.compression == "none") return {.level = {}};
  if (options.compression != "zstd") {
    throw Error(Errc::usage,
                format("--compression \"{}\", expected zstd or none", options.compression));
  }
  const int level = options.level.value_or(content::kDefaultLevel);
  if (level < content::kMinLevel || level > content::kMaxLevel) {
    throw Error(Errc::usage, format("--level {}, expected {} to {}", level, content::kMinLevel,
                                    content::kMaxLevel));
  }
  return {.level = level};
}

// A bundle whose newest root expires soon is refused soon.
void warn_of_expiry(const release::Release& release, Time now) {
  if (release.trust.empty()) return;
  const std::vector<signing::Root> chain = TrustFolder(release.trust).chain();
  if (chain.empty()) return;
  if (const std::string warning = bundle::expiry_warning(chain.back(), now); !warning.empty()) {
    log::warning(format("{}; see: sealift trust renew", warning));
  }
}

// Passphrases are asked for before the work begins, so that nobody has to wait at the terminal.
void run_build(const BuildOptions& options, cli::Session& session) {
  const bundle::Packing packing = packing_of(options);
  const release::Release release = release::load_release(options.file);
  const Built built =
      build(release, options.output.empty() ? usual_output(release) : options.output,
            options.previous, packing, load_signers(options.keys), session.progress);
  warn_of_expiry(release, session.clock.now());
  session.out.line(format("{} {}", release.name, release.version.str()));
  session.out.line(format("bundle  {} ({} from {})", built.file.string(),
                          cli::size_text(built.file_bytes), cli::size_text(built.content_bytes)));
  session.out.line(format("digest  {}", built.digest.str()));
  session.out.line(built.signatures == 0
                       ? "signed  by nobody yet: no site takes it before `sealift sign`"
                       : format("signed  by {}", cli::count_text(built.signatures, "key")));
  session.out.json({{"name", release.name},
                    {"version", release.version.str()},
                    {"bundle", built.file.string()},
                    {"digest", built.digest.str()},
                    {"bytes", built.file_bytes},
                    {"contentBytes", built.content_bytes},
                    {"signatures", built.signatures}});
}

}  // namespace

void add_build(cli::Command& program) {
  auto& options = cli::make_options<BuildOptions>();
  cli::Command command = program.sub(
      "build", "compile release.yaml into a bundle",
      "With a key it is approved at once. The same sources give the same bundle, bit for bit.");
  command.argument("RELEASE", options.file, "release.yaml (the default)", cli::Presence::optional)
      .option(
          "-o,--output", options.output, "DIR",
          "where the bundle is written (default dist; bundles, where a component is made of dist)")
      .option("--previous", options.previous, "BUNDLE",
              "the release before, to see which images grew")
      .option("--compression", options.compression, "zstd|none",
              "none writes a plain tar with the same digest")
      .option("--level", options.level, "N", "of the compression, 1 to 19 (default 3)");
  add_signer_options(command, options.keys);
  command.example("sealift build --key release.key", "build and approve what release.yaml says")
      .example("sealift build -o out --level 19", "write a smaller bundle into the folder out")
      .example("sealift build --previous dist/shop-1.0.0.bundle.tar.zst", "show which images grew")
      .reads("REGISTRY_AUTH_FILE",
             "credentials of registries; also DOCKER_CONFIG, DOCKER_AUTH_CONFIG")
      .reads("HTTPS_PROXY", "the proxy to registries; also HTTP_PROXY, NO_PROXY")
      .reads("SSL_CERT_FILE", "certificates of registries; also SSL_CERT_DIR")
      .reads("SOURCE_DATE_EPOCH", "the time of creation where git does not say it")
      .fails_with({Errc::invalid_input, Errc::untrusted, Errc::corrupt, Errc::io})
      .runs([&options](cli::Session& session) { run_build(options, session); });
}

}  // namespace sealift::builder
