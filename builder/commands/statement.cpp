// SPDX-License-Identifier: Apache-2.0
// The bytes that approvers sign, for those who sign with their own tools.
#include "builder/commands/commands.hpp"
#include "builder/signing_desk/open_bundle.hpp"

namespace sealift::builder {

void add_statement(cli::Command& program) {
  auto& file = cli::make_options<std::string>();
  program
      .sub("statement", "print what approvers sign, byte for byte; with a summary for people in it")
      .argument("BUNDLE", file, "the bundle file", cli::Presence::required)
      .example("sealift statement dist/shop-1.0.0.bundle.tar.zst > shop.statement",
               "take it to an approver who has no room for the bundle")
      .fails_with({Errc::corrupt, Errc::incompatible, Errc::io})
      .runs([&file](cli::Session& session) {
        const OpenBundle bundle(file);
        session.out.text(bundle.statement());
        session.out.json(parse_json(bundle.statement(), "statement"));
      });
}

}  // namespace sealift::builder
