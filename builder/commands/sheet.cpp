// SPDX-License-Identifier: Apache-2.0
// The page that travels with a bundle: what it is, and what people may compare.
#include <algorithm>

#include "base/format.hpp"
#include "base/lines.hpp"
#include "base/path.hpp"
#include "builder/commands/commands.hpp"
#include "builder/signing_desk/open_bundle.hpp"
#include "builder/signing_desk/sums.hpp"
#include "signing/statement.hpp"

namespace sealift::builder {

namespace {

constexpr std::size_t kMaxNotes = 25;  // lines: it is to stay one page

std::vector<std::string> first_lines(const std::string& text, std::size_t limit) {
  std::vector<std::string> lines;
  for (const std::string_view line : split_lines(text)) {
    if (lines.size() == limit) {
      lines.emplace_back("... (the rest is shown by: sealift inspect)");
      break;
    }
    lines.push_back(printable(line));
  }
  return lines;
}

// For paper: what a person at the transfer desk compares, ticks and signs. It judges nothing.
void run_sheet(const std::string& file, cli::Session& session) {
  const OpenBundle bundle(file);
  const FileSum sum = sum_of(file);
  const std::string name = fs::path(file).filename().string();
  const signing::Statement statement = signing::parse_statement(bundle.statement(), "statement");
  cli::Output& out = session.out;
  out.line(format("TRANSFER SHEET   {} {}", statement.name, statement.version));
  out.line();
  out.line(format("file      {}", printable(name)));
  out.line(format("bytes     {}", sum.bytes));
  out.line(format("SHA-256   {}", sum.digest.hex()));
  out.line(format("release   {}", statement.release.str()));
  out.line();
  for (const std::string& line : statement.summary) out.line("  " + printable(line));
  out.line();
  Json approvers = Json::array();
  for (const signing::Approval& approval : bundle.approvals()) {
    approvers.push_back(bundle.name_of(approval));
    out.line(format("approved by    {}   key {}", bundle.name_of(approval),
                    printable(approval.key_id().substr(0, 16))));
  }
  if (approvers.empty()) out.line("approved by    nobody");
  Json roots = Json::array();
  for (const signing::Root& root : bundle.roots()) {
    roots.push_back({{"version", root.version()}, {"fingerprint", root.fingerprint().hex()}});
    out.line(format("root {:<10}{}", root.version(), root.fingerprint().hex()));
  }
  out.line("Names are what the bundle says; only an installer that knows the root judges them.");
  out.line();
  out.line("check on Linux     sha256sum -c SHA256SUMS");
  out.line(format("check on Windows   certutil -hashfile {} SHA256", printable(name)));
  if (!bundle.contents().notes.empty()) {
    out.line();
    for (const std::string& line : first_lines(bundle.contents().notes, kMaxNotes)) out.line(line);
  }
  out.line();
  out.line("handed over by ____________________   date __________   received by ________________");
  out.json({{"file", name},
            {"bytes", sum.bytes},
            {"sha256", sum.digest.hex()},
            {"name", statement.name},
            {"version", statement.version},
            {"digest", statement.release.str()},
            {"summary", statement.summary},
            {"approvedBy", std::move(approvers)},
            {"roots", std::move(roots)},
            {"notes", bundle.contents().notes}});
}

}  // namespace

void add_sheet(cli::Command& program) {
  auto& file = cli::make_options<std::string>();
  program
      .sub("sheet", "print the page that travels with a bundle: sizes, digests, approvers, notes")
      .argument("BUNDLE", file, "the bundle file", cli::Presence::required)
      .example("sealift sheet dist/shop-1.0.0.bundle.tar.zst > sheet.md", "the page as Markdown")
      .fails_with({Errc::corrupt, Errc::incompatible, Errc::io})
      .runs([&file](cli::Session& session) { run_sheet(file, session); });
}

}  // namespace sealift::builder
