// SPDX-License-Identifier: Apache-2.0
// A bundle's statement, roots and signatures as files that other tools verify.
#include "base/file.hpp"
#include "base/format.hpp"
#include "builder/commands/commands.hpp"
#include "builder/signing_desk/open_bundle.hpp"
#include "builder/signing_desk/sigstore.hpp"

namespace sealift::builder {

namespace {

// Names come out of the bundle, which nobody has judged: they must not lead anywhere.
std::string file_part(const std::string& name, const signing::Approval& approval) {
  constexpr std::string_view kPlain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
  const bool plain = !name.empty() && name.find_first_not_of(kPlain) == std::string::npos;
  return plain ? name : Digest::of(approval.key_id()).short_hex();
}

struct ExportOptions {
  std::string bundle;
  std::string output = ".";
};

void run_export(const ExportOptions& options, cli::Session& session) {
  const OpenBundle bundle(options.bundle);
  const release::ReleaseDocument& document = bundle.contents().document;
  const std::string stem = format("{}-{}", document.name, document.version);
  const fs::path folder = options.output;
  make_dirs(folder);
  Json files = Json::array();
  const auto put = [&](const std::string& name, const std::string& text) {
    write_file(folder / name, text);
    session.out.line((folder / name).string());
    files.push_back((folder / name).string());
  };
  put(stem + ".statement", bundle.statement());
  for (const signing::Root& root : bundle.roots()) {
    put(format("{}.root.json", root.version()), root.text());
  }
  const std::vector<std::string> texts = bundle.approval_texts();
  const std::vector<signing::Approval> approvals = bundle.approvals();
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const std::string name =
        format("{}.{}", stem, file_part(bundle.name_of(approvals[i]), approvals[i]));
    if (const signing::Envelope* envelope = approvals[i].envelope()) {
      put(name + ".sigstore.json", to_sigstore(*envelope));
    } else {
      put(name + ".sig", texts[i]);
    }
  }
  session.out.json({{"files", std::move(files)}});
}

}  // namespace

void add_export(cli::Command& program) {
  auto& options = cli::make_options<ExportOptions>();
  program.sub("export", "write a bundle's statement, roots and signatures as files for other tools")
      .argument("BUNDLE", options.bundle, "the bundle file", cli::Presence::required)
      .option("-o,--output", options.output, "DIR", "where to (default: the current folder)")
      .example("sealift export dist/shop-1.0.0.bundle.tar.zst -o evidence",
               "write the files into a folder")
      .fails_with({Errc::corrupt, Errc::incompatible, Errc::io})
      .runs([&options](cli::Session& session) { run_export(options, session); });
}

}  // namespace sealift::builder
