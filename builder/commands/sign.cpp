// SPDX-License-Identifier: Apache-2.0
// An approval: a person is shown what they sign, and the bundle is written anew with it.
#include "base/file.hpp"
#include "base/format.hpp"
#include "base/path.hpp"
#include "builder/commands/commands.hpp"
#include "builder/signing_desk/keys.hpp"
#include "builder/signing_desk/open_bundle.hpp"
#include "signing/dsse.hpp"
#include "signing/statement.hpp"

namespace sealift::builder {

namespace {

struct SignBundleOptions {
  std::string file;
  std::string out;
  KeyOptions keys;
};

// A statement begins as JSON does; a bundle never.
bool is_statement(const std::string& file) {
  const Fd fd = open_for_reading(file);
  char first = 0;
  return read_at(fd.get(), 0, {&first, 1}, file) == 1 && first == '{';
}

void report(const std::string& file, const signing::Signer& signer, cli::Session& session,
            Json& ids) {
  session.out.line(format("{}: approved with key {}", file, signer.key.id()));
  ids.push_back(signer.key.id());
}

void sign_bundle(const SignBundleOptions& options, cli::Session& session) {
  const std::vector<signing::Signer> signers = need_signers(options.keys);
  OpenBundle bundle(options.file);
  Json ids = Json::array();
  for (const signing::Signer& signer : signers) {
    const auto envelope = signing::sign(signing::kStatementType, bundle.statement(), signer);
    bundle.add_approval(to_text(envelope), signer.key.id());
  }
  bundle.save();
  for (const signing::Signer& signer : signers) report(options.file, signer, session, ids);
  session.out.json({{"bundle", options.file}, {"keys", std::move(ids)}});
}

// FILE.KEYID.dsse, or what --out names.
std::string envelope_name(const SignBundleOptions& options, const signing::Signer& signer) {
  if (!options.out.empty()) return options.out;
  return format("{}.{}.dsse", options.file, signer.key.id().substr(0, 12));
}

void sign_statement(const SignBundleOptions& options, cli::Session& session) {
  const std::string text = read_file(options.file, signing::kMaxStatementBytes);
  const signing::Statement statement = signing::parse_statement(text, options.file);
  for (const std::string& line : statement.summary) session.out.line(printable(line));
  session.out.line(format("digest {}", statement.release.str()));
  const std::vector<signing::Signer> signers = need_signers(options.keys);
  if (!options.out.empty() && signers.size() > 1) {
    throw Error(Errc::usage, "--out names one file, and more than one key signs");
  }
  Json ids = Json::array();
  Json files = Json::array();
  for (const signing::Signer& signer : signers) {
    const std::string file = envelope_name(options, signer);
    write_file(file, to_text(signing::sign(signing::kStatementType, text, signer)) + "\n");
    report(file, signer, session, ids);
    files.push_back(file);
  }
  session.out.json({{"statement", options.file},
                    {"digest", statement.release.str()},
                    {"signatures", std::move(files)},
                    {"keys", std::move(ids)}});
}

}  // namespace

void add_sign(cli::Command& program) {
  auto& options = cli::make_options<SignBundleOptions>();
  cli::Command command = program.sub(
      "sign", "approve a bundle in place, or a statement into a small file for `attach`");
  command
      .argument("FILE", options.file, "the bundle, or what `sealift statement` printed",
                cli::Presence::required)
      .option("-o,--output", options.out, "FILE",
              "the signature of a statement (default: its name, the key's id, .dsse)");
  add_signer_options(command, options.keys);
  command
      .example("sealift sign dist/shop-1.0.0.bundle.tar.zst --key alice.key",
               "approve a bundle in place")
      .example("sealift sign shop.statement --key alice.key -o alice.dsse",
               "sign the small statement where the bundle does not go")
      .fails_with(
          {Errc::invalid_input, Errc::untrusted, Errc::corrupt, Errc::incompatible, Errc::io})
      .runs([&options](cli::Session& session) {
        is_statement(options.file) ? sign_statement(options, session)
                                   : sign_bundle(options, session);
      });
}

}  // namespace sealift::builder
