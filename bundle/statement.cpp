// SPDX-License-Identifier: Apache-2.0
#include "bundle/statement.hpp"

#include "base/format.hpp"
#include "base/path.hpp"
#include "base/text.hpp"

namespace sealift::bundle {

namespace {

// Part of what is signed: a line here changes the bytes that a verifier makes again, so old bundles
// would no longer verify. Lines are added only where a release has something new to say.
std::vector<std::string> summary_of(const signing::Statement& statement,
                                    const release::ReleaseDocument& document,
                                    const std::vector<release::Component>& components) {
  const std::string source = document.source_revision.empty()
                                 ? ""
                                 : format(", source {}", printable(document.source_revision, 64));
  std::vector<std::string> lines = {
      format("{} {} of {}{}", document.name, document.version, to_text(document.created), source),
      format("for {}", joined(statement.environments))};
  for (const release::Component& component : components) {
    const release::ComponentRow& row = component.row;
    const release::ComponentDocument& totals = component.document;
    const std::string count = component.is_images() ? format("{} images", totals.images.size())
                                                    : format("{} files", totals.files);
    lines.push_back(format("{} ({}) to {}{}: {}, {} bytes", row.name, kind_word(row.artifact_type),
                           row.target, row.optional ? ", optional" : "", count, totals.bytes));
    if (totals.migrations) {
      const release::CarriedMigrations& migrations = *totals.migrations;
      lines.push_back(format("  {} migrations ({}, {}), rollback {}", migrations.count,
                             migrations.format, migrations.dialect, migrations.rollback));
      for (const auto& [rule, reason] : migrations.waivers) {
        lines.push_back(
            format("    accepted {}: {}", printable(rule, 160), printable(reason, 400)));
      }
    }
    for (const release::CarriedImage& image : totals.images) {
      lines.push_back(format("  {}@{}", image.name, image.digest.str()));
      for (const release::CarriedScan& scan : image.scans) {
        lines.push_back(format("    scanned by {}: {}", printable(scan.tool, 80), found_by(scan)));
      }
      for (const release::CarriedSignature& signature : image.signatures) {
        lines.push_back(format("    {} by {}", printable(joined(signature.claims), 400),
                               printable(signature.by, 400)));
      }
      for (const auto& [rule, reason] : image.waivers) {
        lines.push_back(format("    accepted {}: {}", printable(rule, 40), printable(reason, 400)));
      }
    }
  }
  if (!document.upgrade_from.empty()) {
    lines.push_back(format("upgrades from {}", document.upgrade_from));
  }
  if (!document.installer.empty()) lines.push_back(format("installer {}", document.installer));
  if (!document.arch.empty()) lines.push_back(format("hosts {}", joined(document.arch)));
  return lines;
}

}  // namespace

signing::Statement statement_of(const release::ReleaseDocument& document,
                                const std::vector<release::Component>& components,
                                const Digest& release) {
  signing::Statement statement{.name = document.name,
                               .release = release,
                               .version = document.version,
                               .environments = {},
                               .created = document.created,
                               .source_revision = document.source_revision,
                               .summary = {}};
  for (const auto& [name, unused] : document.environments) statement.environments.push_back(name);
  statement.summary = summary_of(statement, document, components);
  return statement;
}

std::string kind_word(std::string_view artifact_type) {
  constexpr std::string_view kPrefix = "application/vnd.sealift.";
  if (artifact_type.starts_with(kPrefix)) artifact_type.remove_prefix(kPrefix.size());
  return printable(artifact_type.substr(0, artifact_type.find('.')));
}

}  // namespace sealift::bundle
