// SPDX-License-Identifier: Apache-2.0
#include "builder/pipeline.hpp"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <set>

#include "base/format.hpp"
#include "base/path.hpp"
#include "base/process.hpp"
#include "builder/kinds/kind.hpp"
#include "bundle/reader.hpp"
#include "content/media_types.hpp"
#include "release/schema.hpp"
#include "release/template.hpp"
#include "signing/approvals.hpp"
#include "signing/dsse.hpp"
#include "signing/root.hpp"
#include "signing/statement.hpp"

namespace sealift::builder {

namespace {

using bundle::Referrer;

// Where the sources come from and when they were made: never the wall clock.
struct Origin {
  Time created;
  std::string revision;
};

Origin origin_of(const release::Release& release) {
  Origin origin{.created = {}, .revision = release.source_revision};
  const auto commit = run({.arguments = {"git", "log", "-1", "--format=%H %ct", "--", "."},
                           .folder = release.folder.string(),
                           .input = {}});
  if (commit && commit->status == 0 && commit->output.size() > 41) {
    if (origin.revision.empty()) origin.revision = commit->output.substr(0, 40);
    origin.created.seconds = std::strtoll(commit->output.c_str() + 41, nullptr, 10);
  }
  if (const char* epoch = std::getenv("SOURCE_DATE_EPOCH")) {
    const std::string_view text = epoch;
    const auto [end, failure] =
        std::from_chars(text.data(), text.data() + text.size(), origin.created.seconds);
    if (failure != std::errc() || end != text.data() + text.size() || origin.created.seconds < 0) {
      throw Error(Errc::usage, format("SOURCE_DATE_EPOCH is \"{}\", expected seconds since 1970",
                                      printable(text, 40)));
    }
  }
  return origin;
}

std::vector<BuiltComponent> build_components(const release::Release& release, bundle::Spool& spool,
                                             Progress& progress) {
  std::vector<BuiltComponent> built;
  Problems problems;
  for (const release::ComponentEntry& entry : release.components) {
    try {
      built.push_back(kind_named(entry.kind).build(release.folder, entry, spool, progress));
    } catch (const Error& error) {
      if (error.code() != Errc::invalid_input) throw;
      problems.add(error);
    }
  }
  problems.throw_if_any(Errc::invalid_input);
  return built;
}

// Every name that a template uses is declared by every environment, and every declared value is
// used by some template.
void check_values(const release::Release& release, const std::vector<BuiltComponent>& built) {
  Problems problems;
  std::set<std::string> used;
  const release::Values builtins = release::builtin_values("", "", "");
  for (const BuiltComponent& component : built) {
    for (const ValueUse& use : component.uses) used.insert(use.name);
  }
  for (const release::Environment& environment : release.environments) {
    std::vector<std::string> known;
    for (const auto& [name, unused] : environment.values) known.push_back(name);
    for (const BuiltComponent& component : built) {
      for (const ValueUse& use : component.uses) {
        if (environment.values.contains(use.name) || builtins.contains(use.name)) continue;
        const std::string near = release::nearest(use.name, known);
        problems.add(format("components.{}: {}: environments/{}.yaml has no value named \"{}\"",
                            component.component.row.name, use.where, environment.name, use.name),
                     near.empty() ? "add it there; leave it empty where each site must set its own"
                                  : format("did you mean \"{}\"?", near));
      }
    }
    for (const std::string& name : known) {
      if (used.contains(name)) continue;
      problems.add(format("environments/{}.yaml: the value \"{}\" is used by no template",
                          environment.name, name),
                   "remove it, or use it");
    }
  }
  problems.throw_if_any(Errc::invalid_input);
}

release::ReleaseDocument document_of(const release::Release& release, const Origin& origin,
                                     const std::vector<release::Component>& components) {
  release::ReleaseDocument document{.name = release.name,
                                    .version = release.version.str(),
                                    .created = origin.created,
                                    .source_revision = origin.revision,
                                    .environments = {},
                                    .upgrade_from = release.upgrade_from,
                                    .installer = release.installer,
                                    .arch = release.arch,
                                    .components = {}};
  for (const release::Environment& environment : release.environments) {
    document.environments[environment.name] = environment.values;
  }
  for (const release::Component& component : components) {
    document.components.push_back(component.row);
  }
  return document;
}

std::string statement_of(const release::ReleaseDocument& document,
                         const content::Descriptor& release) {
  signing::Statement statement{.name = document.name,
                               .release = release.digest,
                               .version = document.version,
                               .environments = {},
                               .created = document.created,
                               .source_revision = document.source_revision};
  for (const auto& [name, unused] : document.environments) statement.environments.push_back(name);
  return to_text(statement);
}

// 1.root.json, 2.root.json, ... as far as they go.
std::vector<std::string> root_chain(const fs::path& folder) {
  std::vector<std::string> chain;
  if (folder.empty()) return chain;
  for (std::uint64_t version = 1;; ++version) {
    const fs::path file = folder / format("{}.root.json", version);
    if (!fs::exists(file)) break;
    std::string text = read_file(file, signing::kMaxRootBytes);
    const signing::Root root = signing::Root::parse(text, file.string());
    if (root.version() != version) {
      throw Error(Errc::invalid_input, format("{}: holds root version {}, expected {}",
                                              file.string(), root.version(), version));
    }
    check_self_signed(root);
    chain.push_back(std::move(text));
  }
  if (chain.empty()) {
    throw Error(
        Errc::invalid_input,
        format("{}: found no 1.root.json, expected the chain of trust roots", folder.string()),
        "make it with: sealift trust create");
  }
  return chain;
}

Referrer approval_of(const std::string& statement, const signing::SecretKey& key,
                     const content::Descriptor& release) {
  return bundle::make_referrer(media_type::kApproval, media_type::kDsse,
                               {to_text(signing::sign(signing::kStatementType, statement, key))},
                               release);
}

std::string file_name(const release::Release& release, bundle::Packing packing) {
  return format("{}-{}.bundle.tar{}", release.name, release.version.str(),
                packing.level ? ".zst" : "");
}

// What a target would refuse about the site's own file.
void check_site(const release::Release& release, const std::vector<BuiltComponent>& built,
                const fs::path& file, Problems& problems) {
  const release::Site site = release::load_site(file);
  const auto refuse = [&](const std::string& found, const std::string& hint = {}) {
    problems.add(format("{}: {}", file.string(), found), hint);
  };
  if (site.release != release.name) {
    refuse(format("takes the release \"{}\", expected \"{}\"", site.release, release.name));
  }
  const auto environment =
      std::find_if(release.environments.begin(), release.environments.end(),
                   [&](const auto& each) { return each.name == site.environment; });
  if (environment == release.environments.end()) {
    refuse(format("the release has no environment \"{}\"", site.environment));
    return;
  }
  for (const auto& [name, unused] : site.values) {
    if (!environment->values.contains(name)) {
      refuse(format("the value \"{}\" is used by no template", name), "remove it");
    }
  }
  const release::Values values = release::merge(environment->values, site.values);
  std::set<std::string> reported;
  for (const BuiltComponent& component : built) {
    const release::ComponentRow& row = component.component.row;
    if (row.optional && !site.takes(row.name)) continue;
    if (!site.targets.contains(row.target)) {
      refuse(format("has no target \"{}\" for component {}", row.target, row.name));
    }
    for (const ValueUse& use : component.uses) {
      const auto value = values.find(use.name);
      if (value == values.end() || !value->second.is_null()) continue;
      if (reported.insert(use.name).second) {
        refuse(format("the value {} is not set", use.name), "add it to values");
      }
    }
  }
}

}  // namespace

Built build(const release::Release& release, const fs::path& output, bundle::Packing packing,
            const std::vector<signing::SecretKey>& keys, Progress& progress) {
  make_dirs(output);
  Workers workers(usable_cores());
  bundle::Spool spool(output, workers, packing);
  const std::vector<BuiltComponent> built = build_components(release, spool, progress);
  check_values(release, built);

  std::vector<release::Component> components;
  std::uint64_t content_bytes = 0;
  for (const BuiltComponent& each : built) {
    components.push_back(each.component);
    content_bytes += each.component.document.bytes;
  }
  const release::ReleaseDocument document = document_of(release, origin_of(release), components);
  const bundle::SealedRelease sealed = bundle::seal(document, release.notes, components);

  std::vector<Referrer> referrers;
  const std::string statement = statement_of(document, sealed.descriptor);
  referrers.push_back(bundle::make_referrer(media_type::kStatement, media_type::kInToto,
                                            {statement}, sealed.descriptor));
  if (const std::vector<std::string> chain = root_chain(release.trust); !chain.empty()) {
    referrers.push_back(bundle::make_referrer(media_type::kRootChain, media_type::kTufRoot, chain,
                                              sealed.descriptor));
  }
  for (const signing::SecretKey& key : keys) {
    referrers.push_back(approval_of(statement, key, sealed.descriptor));
  }
  const fs::path file = output / file_name(release, packing);
  bundle::write_bundle(file, sealed, std::move(referrers), spool, workers, packing);
  return {.file = file,
          .digest = sealed.descriptor.digest,
          .file_bytes = fs::file_size(file),
          .content_bytes = content_bytes,
          .signatures = static_cast<unsigned>(keys.size())};
}

void validate(const release::Release& release, const std::vector<fs::path>& sites,
              Progress& progress) {
  Workers workers(usable_cores());
  bundle::Spool spool(fs::temp_directory_path(), workers, {.level = content::kMinLevel});
  const std::vector<BuiltComponent> built = build_components(release, spool, progress);
  Problems problems;
  try {
    check_values(release, built);
  } catch (const Error& error) {
    problems.add(error);
  }
  for (const fs::path& site : sites) {
    try {
      check_site(release, built, site, problems);
    } catch (const Error& error) {
      problems.add(error);
    }
  }
  root_chain(release.trust);
  problems.throw_if_any(Errc::invalid_input);
}

void sign(const fs::path& file, const std::vector<signing::SecretKey>& keys) {
  Workers workers(usable_cores());
  const Fd fd = open_for_reading(file);
  const bundle::Contents contents = bundle::read_documents(fd.get(), file.string(), workers);
  const std::vector<std::string> statements = contents.layers_of(media_type::kStatement);
  if (statements.size() != 1) {
    throw Error(Errc::corrupt,
                format("{}: found {} statements, expected one", file.string(), statements.size()));
  }
  // A signer must see what the signature will say, so the statement must be about this content.
  const signing::Statement statement = signing::parse_statement(statements.front(), "statement");
  if (statements.front() != statement_of(contents.document, contents.release.descriptor)) {
    throw Error(Errc::corrupt,
                format("{}: its statement is about {} {}, not about its content", file.string(),
                       printable(statement.name), printable(statement.version)));
  }
  std::vector<Referrer> referrers = contents.referrers;
  for (const signing::SecretKey& key : keys) {
    Referrer approval = approval_of(statements.front(), key, contents.release.descriptor);
    const auto same = [&](const Referrer& other) {
      return other.manifest.descriptor.digest == approval.manifest.descriptor.digest;
    };
    // Ed25519 is deterministic: signing again with the same key changes nothing.
    if (std::none_of(referrers.begin(), referrers.end(), same)) {
      referrers.push_back(std::move(approval));
    }
  }
  const bundle::PayloadPart payload = bundle::locate_payload(fd.get(), file.string(), contents);
  bundle::rewrite_referrers(file, fd.get(), payload, contents.release, std::move(referrers),
                            workers, contents.compression);
}

}  // namespace sealift::builder
