// SPDX-License-Identifier: Apache-2.0
// What came back from approvers who sign elsewhere, or a newer root, put beside the release.
#include <variant>

#include "base/file.hpp"
#include "base/format.hpp"
#include "base/json.hpp"
#include "builder/commands/commands.hpp"
#include "builder/signing_desk/open_bundle.hpp"
#include "builder/signing_desk/sigstore.hpp"

namespace sealift::builder {

namespace {

struct AttachOptions {
  std::string bundle;
  std::vector<std::string> files;
};

// What a person can hand in: a newer root, or envelopes of signatures.
using Paper = std::variant<signing::Root, signing::Envelope>;

// Told apart by what is in it.
Paper read_paper(const std::string& text, const std::string& file) {
  const Json value = parse_json(text, file);
  if (value.is_object() && value.contains("signed")) return signing::Root::parse(text, file);
  return read_envelope(value, file);
}

void attach(OpenBundle& bundle, const std::string& file) {
  const std::string text = read_file(file, signing::kMaxRootBytes);
  if (signing::is_ssh_signature(text)) {
    bundle.add_approval(text, file);
    return;
  }
  const Paper paper = read_paper(text, file);
  if (const auto* root = std::get_if<signing::Root>(&paper)) {
    bundle.add_root(*root);
    return;
  }
  const auto& envelope = std::get<signing::Envelope>(paper);
  for (const signing::Signature& signature : envelope.signatures) {
    bundle.add_approval(to_text(signing::Envelope{.payload_type = envelope.payload_type,
                                                  .payload = envelope.payload,
                                                  .signatures = {signature}}),
                        file);
  }
}

void run_attach(const AttachOptions& options, cli::Session& session) {
  OpenBundle bundle(options.bundle);
  for (const std::string& file : options.files) attach(bundle, file);
  bundle.save();
  Json names = Json::array();
  for (const signing::Approval& approval : bundle.approvals()) {
    names.push_back(bundle.name_of(approval));
    session.out.line(format("signed by {} (not judged here)", bundle.name_of(approval)));
  }
  session.out.line(format("digest    {}, as before", bundle.contents().digest().str()));
  session.out.json({{"bundle", options.bundle},
                    {"digest", bundle.contents().digest().str()},
                    {"signedBy", std::move(names)}});
}

}  // namespace

void add_attach(cli::Command& program) {
  auto& options = cli::make_options<AttachOptions>();
  program.sub("attach", "add signatures, or a newer root, to a bundle: its content stays")
      .argument("BUNDLE", options.bundle, "the bundle file, changed in place",
                cli::Presence::required)
      .arguments("SIG", options.files,
                 "DSSE envelopes, signatures of ssh-keygen -Y sign, *.sigstore.json, N.root.json",
                 cli::Presence::required)
      .example("sealift attach dist/shop-1.0.0.bundle.tar.zst alice.dsse",
               "add the approval that `sign` wrote")
      .example("sealift attach dist/shop-1.0.0.bundle.tar.zst trust/2.root.json",
               "carry a newer root to the sites")
      .fails_with({Errc::untrusted, Errc::corrupt, Errc::incompatible, Errc::io})
      .runs([&options](cli::Session& session) { run_attach(options, session); });
}

}  // namespace sealift::builder
