// SPDX-License-Identifier: Apache-2.0
#include "builder/build/pipeline.hpp"

#include <algorithm>

#include "base/format.hpp"
#include "base/log.hpp"
#include "base/path.hpp"
#include "builder/build/checks.hpp"
#include "builder/build/compose_check.hpp"
#include "builder/build/kubernetes_check.hpp"
#include "builder/build/observability_check.hpp"
#include "builder/kind/kind.hpp"
#include "builder/kinds/registry.hpp"
#include "builder/signing_desk/open_bundle.hpp"
#include "builder/signing_desk/sums.hpp"
#include "builder/signing_desk/trust_folder.hpp"
#include "builder/workshop/origin.hpp"
#include "bundle/statement.hpp"
#include "content/image_name.hpp"
#include "content/media_types.hpp"
#include "signing/dsse.hpp"

namespace sealift::builder {

namespace {

using bundle::Referrer;

// By place, without the tag: that changes with each release.
SizesBefore sizes_in(const fs::path& previous, const release::Release& release) {
  SizesBefore sizes;
  if (previous.empty()) return sizes;
  const OpenBundle bundle(previous);
  const bundle::Contents& contents = bundle.contents();
  if (contents.document.name != release.name) {
    throw Error(Errc::invalid_input,
                format("{}: found the release \"{}\", expected \"{}\"", previous.string(),
                       printable(contents.document.name, 80), release.name));
  }
  for (const release::Component& component : contents.components) {
    for (std::size_t i = 0; i < component.images.size(); ++i) {
      const std::string& name = component.document.images[i].name;
      sizes[content::ImageName::parse(name).place()] = component.images[i].layer_bytes();
    }
  }
  return sizes;
}

// Mistakes of all components are gathered; a disk that is full or a registry that is away stops at
// once, because the others would only say it again.
std::vector<BuiltComponent> build_components(const Workshop& workshop) {
  std::vector<BuiltComponent> built;
  Problems problems;
  for (const release::ComponentEntry& entry : workshop.release.components) {
    try {
      built.push_back(kind_named(entry.kind).build(entry, workshop));
    } catch (const Error& error) {
      if (error.code() != Errc::invalid_input) throw;
      problems.add(error);
    }
  }
  problems.throw_if_any(Errc::invalid_input);
  return built;
}

// The components, and what must hold between them; none where a component has mistakes of its own.
struct Checked {
  std::vector<BuiltComponent> built;
  std::set<std::string> images;  // that workloads use
};
Checked build_checked(const Workshop& workshop, Problems& problems) {
  check_environments(workshop.release, problems);
  try {
    std::vector<BuiltComponent> built = build_components(workshop);
    check_values(workshop.release, built, problems);
    std::set<std::string> images = check_compose(workshop.release, built, problems);
    images.merge(check_kubernetes(workshop.release, built, problems));
    check_observability(workshop.release, built, problems);
    return {std::move(built), std::move(images)};
  } catch (const Error& error) {
    if (error.code() != Errc::invalid_input) throw;
    problems.add(error);
    return {};
  }
}

// Everything a site needs to judge the release before it opens a component. Nothing here depends on
// the machine or the time of the build: the same sources give the same D.
release::ReleaseDocument document_of(const release::Release& release, const Origin& origin,
                                     const std::vector<release::Component>& components) {
  release::ReleaseDocument document{.name = release.name,
                                    .version = release.version.str(),
                                    .created = origin.created,
                                    .source_revision = origin.revision,
                                    .environments = {},
                                    .contract = release.contract,
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
  document.sealed = release.sealed;
  document.health = release.health;
  document.hooks = release.hooks;
  document.scripts = release.scripts;
  return document;
}

// The chain that travels with the release. The whole chain: a site may know only its first root.
std::vector<std::string> root_texts(const fs::path& folder) {
  std::vector<std::string> texts;
  if (folder.empty()) return texts;
  for (const signing::Root& root : TrustFolder(folder).chain()) texts.push_back(root.text());
  if (texts.empty()) {
    throw Error(
        Errc::invalid_input,
        format("{}: found no 1.root.json, expected the chain of trust roots", folder.string()),
        "make it with: sealift trust create");
  }
  return texts;
}

// The name proves nothing; it is for people, and for tools that look at endings.
std::string file_name(const release::Release& release, bundle::Packing packing) {
  return format("{}-{}.bundle.tar{}", release.name, release.version.str(),
                packing.level ? ".zst" : "");
}

}  // namespace

std::string usual_output(const release::Release& release) {
  const auto is_in_dist = [](const std::string& source) {
    const std::string plain = fs::path(source).lexically_normal().string();
    return plain == "dist" || plain.starts_with("dist/");
  };
  const bool is_source = std::any_of(
      release.components.begin(), release.components.end(),
      [&](const release::ComponentEntry& component) { return is_in_dist(component.source); });
  return is_source ? "bundles" : "dist";
}

// The spool lies in the folder of the output, so that there is room where the bundle will be.
Built build(const release::Release& release, const fs::path& output, const fs::path& previous,
            bundle::Packing packing, const std::vector<signing::Signer>& signers,
            Progress& progress) {
  make_dirs(output);
  Workers workers(usable_cores());
  bundle::Spool spool(output, workers, packing);
  const Origin origin = origin_of(release);
  for (const Problem& doubt : origin.doubts) {
    log::warning(format("{}; {}", doubt.message, doubt.hint));
  }
  const SizesBefore before = sizes_in(previous, release);
  Problems problems;
  const std::vector<BuiltComponent> built =
      build_checked({release, origin.created, before, spool, workers, progress}, problems).built;
  problems.throw_if_any(Errc::invalid_input);

  std::vector<release::Component> components;
  std::uint64_t content_bytes = 0;
  for (const BuiltComponent& each : built) {
    components.push_back(each.component);
    content_bytes += each.component.document.bytes;
  }
  const release::ReleaseDocument document = document_of(release, origin, components);
  // From here on D is fixed: what follows refers to it, and is no part of it.
  const bundle::SealedRelease sealed = bundle::seal(document, release.notes, components);

  std::vector<Referrer> referrers;
  const std::string statement =
      to_text(bundle::statement_of(document, components, sealed.descriptor.digest));
  referrers.push_back(bundle::make_referrer(media_type::kStatement, media_type::kInToto,
                                            {statement}, sealed.descriptor));
  if (const std::vector<std::string> chain = root_texts(release.trust); !chain.empty()) {
    referrers.push_back(bundle::make_referrer(media_type::kRootChain, media_type::kTufRoot, chain,
                                              sealed.descriptor));
  }
  for (const signing::Signer& signer : signers) {
    referrers.push_back(approval_referrer(
        to_text(signing::sign(signing::kStatementType, statement, signer)), sealed.descriptor));
  }
  const fs::path file = output / file_name(release, packing);
  const bundle::WrittenFile written =
      bundle::write_bundle(file, sealed, std::move(referrers), spool, workers, packing);
  write_sum(file, written.digest);
  return {.file = file,
          .digest = sealed.descriptor.digest,
          .file_bytes = written.bytes,
          .content_bytes = content_bytes,
          .signatures = static_cast<unsigned>(signers.size())};
}

// Everything is built as for a release, with the fastest compression: a check that reads less would
// say less.
Guesses validate(const release::Release& release, const std::vector<fs::path>& sites,
                 const fs::path& previous, Progress& progress) {
  Workers workers(usable_cores());
  bundle::Spool spool(temporary_folder(), workers, {.level = content::kMinLevel});
  const SizesBefore before = sizes_in(previous, release);
  Problems problems;
  const auto [built, images] = build_checked(
      {release, origin_of(release).created, before, spool, workers, progress}, problems);
  if (!built.empty()) check_image_references(built, images, problems);
  // One site's mistakes do not hide the next one's.
  for (const fs::path& site : sites) {
    try {
      check_site(release, built, site, problems);
    } catch (const Error& error) {
      problems.add(error);
    }
  }
  root_texts(release.trust);
  problems.throw_if_any(Errc::invalid_input);
  Guesses guesses;
  for (const BuiltComponent& each : built) {
    if (!each.guessed.empty()) guesses[each.component.row.name] = each.guessed;
  }
  return guesses;
}

}  // namespace sealift::builder
