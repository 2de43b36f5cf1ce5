// SPDX-License-Identifier: Apache-2.0
#include "base/format.hpp"
#include "builder/commands/commands.hpp"
#include "builder/commands/keys.hpp"
#include "builder/pipeline.hpp"

namespace sealift::builder {

namespace {

struct Options {
  std::string bundle;
  KeyOptions keys;
};

void work(const Options& options, cli::Session& session) {
  const std::vector<signing::SecretKey> keys = load_keys(options.keys);
  sign(options.bundle, keys);
  Json ids = Json::array();
  for (const signing::SecretKey& key : keys) {
    session.out.line(format("{}: approved with key {}", options.bundle, key.public_key().id()));
    ids.push_back(key.public_key().id());
  }
  session.out.json({{"bundle", options.bundle}, {"keys", std::move(ids)}});
}

}  // namespace

void add_sign(cli::Command& program) {
  auto& options = cli::make_options<Options>();
  cli::Command command =
      program.sub("sign", "approve a bundle: its digest and content stay as they are");
  command.argument("BUNDLE", options.bundle, "the bundle file", cli::Presence::required)
      .options("--key", options.keys.files, "FILE", "sign with this secret key",
               cli::Presence::required);
  add_passphrase_options(command, options.keys);
  command.fails_with({Errc::invalid_input, Errc::untrusted, Errc::corrupt, Errc::io})
      .runs([&options](cli::Session& session) { work(options, session); });
}

}  // namespace sealift::builder
