// SPDX-License-Identifier: Apache-2.0
// A key pair for approvals or roots, as minisign writes them.
#include "base/file.hpp"
#include "base/format.hpp"
#include "builder/commands/commands.hpp"
#include "builder/signing_desk/keys.hpp"
#include "signing/secret_key.hpp"

namespace sealift::builder {

namespace {

struct KeygenOptions {
  std::string file;
  bool no_passphrase = false;
  KeyOptions key;
};

void run_keygen(const KeygenOptions& options, cli::Session& session) {
  const signing::SecretKey key = signing::SecretKey::generate();
  std::optional<signing::Secret> passphrase;
  if (!options.no_passphrase) {
    passphrase =
        signing::read_passphrase(options.key.passphrase(), options.file, signing::Purpose::create);
  }
  const std::string public_file = public_name(options.file);
  std::string secret = key.to_file(passphrase ? &*passphrase : nullptr);
  write_new_file(options.file, secret, FileMode::secret);
  signing::wipe(secret);
  write_new_file(public_file, key.to_public_file(), FileMode::plain);
  session.out.line(format("secret key  {}{}", options.file,
                          options.no_passphrase ? " (not encrypted: for development only)" : ""));
  session.out.line(format("public key  {}", public_file));
  session.out.line(format("key id      {}", key.public_key().id()));
  session.out.json({{"secretKey", options.file},
                    {"publicKey", public_file},
                    {"keyId", key.public_key().id()},
                    {"encrypted", !options.no_passphrase}});
}

}  // namespace

void add_keygen(cli::Command& program) {
  auto& options = cli::make_options<KeygenOptions>();
  cli::Command command =
      program.sub("keygen", "make a key pair in minisign's format",
                  "It asks for a passphrase and writes FILE and the public key beside it.");
  command
      .argument("FILE", options.file, "the secret key's new file, such as dev.key",
                cli::Presence::required)
      .flag("--no-passphrase", options.no_passphrase, "do not encrypt it: for throw-away keys");
  add_passphrase_options(command, options.key);
  command.example("sealift keygen release.key", "release.key and release.pub, with a passphrase")
      .example("sealift keygen dev.key --no-passphrase", "a key to try things with")
      .fails_with({Errc::invalid_input, Errc::io})
      .runs([&options](cli::Session& session) { run_keygen(options, session); });
}

}  // namespace sealift::builder
