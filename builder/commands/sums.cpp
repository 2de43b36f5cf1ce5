// SPDX-License-Identifier: Apache-2.0
// SHA256SUMS beside files, and its signature: what a transfer desk works with.
#include "builder/signing_desk/sums.hpp"
#include "base/file.hpp"
#include "base/format.hpp"
#include "builder/commands/commands.hpp"
#include "builder/signing_desk/keys.hpp"
#include "signing/minisign_file.hpp"
#include "signing/secret_key.hpp"

namespace sealift::builder {

namespace {

struct SumsOptions {
  std::vector<std::string> files;
  std::string key;
  KeyOptions passphrase;
};

// The signature is minisign's own, so a key of HSM or ssh cannot make it.
signing::SecretKey load_secret_key(const SumsOptions& options) {
  std::string text = read_file(options.key, signing::kMaxKeyFile);
  signing::SecretKey key = signing::SecretKey::parse(text, options.key, [&] {
    return signing::read_passphrase(options.passphrase.passphrase(), options.key,
                                    signing::Purpose::open);
  });
  signing::wipe(text);
  return key;
}

// minisign -V and sha256sum -c work in the folder of the files, so all of them are in one.
void run_sums(const SumsOptions& options, cli::Session& session) {
  const fs::path folder = absolute_path(options.files.front()).parent_path();
  for (const std::string& file : options.files) {
    if (absolute_path(file).parent_path() != folder) {
      throw Error(Errc::usage,
                  format("{} is in another folder than {}", file, options.files.front()),
                  "SHA256SUMS is about one folder");
    }
  }
  for (const std::string& file : options.files) write_sum(file, sum_of(file).digest);
  const fs::path sums = folder / kSumsName;
  session.out.line(sums.string());
  Json json = {{"sums", sums.string()}};
  if (!options.key.empty()) {
    const std::string text = read_file(sums, 1U << 20);
    const std::string signature = sums.string() + ".minisig";
    write_file(signature, load_secret_key(options).to_minisig(text, "file:SHA256SUMS"));
    session.out.line(signature);
    json["signature"] = signature;
  }
  session.out.json(json);
}

}  // namespace

void add_sums(cli::Command& program) {
  auto& options = cli::make_options<SumsOptions>();
  cli::Command command =
      program.sub("sums", "write SHA256SUMS beside files, and sign it for `minisign -V`");
  command
      .arguments("FILE", options.files, "bundles, or other files of the same folder",
                 cli::Presence::required)
      .option("--key", options.key, "FILE", "sign SHA256SUMS with this secret key");
  add_passphrase_options(command, options.passphrase);
  command
      .example("sealift sums dist/shop-1.0.0.bundle.tar.zst --key release.key",
               "write SHA256SUMS into dist, and sign it")
      .fails_with({Errc::invalid_input, Errc::untrusted, Errc::io})
      .runs([&options](cli::Session& session) { run_sums(options, session); });
}

}  // namespace sealift::builder
