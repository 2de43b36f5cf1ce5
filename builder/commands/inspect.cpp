// SPDX-License-Identifier: Apache-2.0
// What a bundle says of itself, for people and programs. Nothing is judged: `verify` does that.
#include "base/file.hpp"
#include "base/format.hpp"
#include "base/path.hpp"
#include "base/text.hpp"
#include "builder/commands/commands.hpp"
#include "bundle/blobs.hpp"
#include "bundle/statement.hpp"
#include "content/media_types.hpp"
#include "release/documents/file_table.hpp"
#include "signing/approvals.hpp"

namespace sealift::builder {

namespace {

struct InspectOptions {
  std::string bundle;
  bool files = false;
};

// Key ids as the approvals claim them: without a root nobody can say more.
std::vector<std::string> signers(const bundle::Contents& contents) {
  std::vector<std::string> ids;
  for (const std::string& text : contents.layers_of(media_type::kApproval)) {
    ids.push_back(printable(signing::Approval::parse(text, "approval").key_id()));
  }
  return ids;
}

void print_files(const release::Component& component, const bundle::Blobs& blobs,
                 cli::Session& session, Json& list) {
  const std::unique_ptr<Source> table = blobs.open(component.file_table().digest);
  release::FileTableReader reader(*table);
  while (const auto entry = reader.next()) {
    const std::string path = format("{}/{}", component.row.name, entry->path.str());
    if (session.out.wants_json()) {
      list.push_back(parse_json(to_line(*entry), "file table"));
    } else if (entry->type == EntryType::file) {
      session.out.line(format("{} {:>10}  {}", entry->digest->short_hex(), entry->size, path));
    } else if (entry->type == EntryType::symlink) {
      session.out.line(
          format("{:12} {:>10}  {} -> {}", "", "link", path, printable(entry->target)));
    }
  }
}

// "linux/amd64", "linux/arm64": what it runs on.
std::vector<std::string> platforms_of(const content::Image& image) {
  std::vector<std::string> platforms;
  for (const content::ImageVariant& variant : image.variants) {
    if (!variant.attestation) platforms.push_back(printable(variant.settings.platform.str(), 80));
  }
  return platforms;
}

// Empty where the image is just what its source has.
std::string derivation_text(const release::CarriedImage& image) {
  if (image.whole) return format("part of {}", image.whole->str());
  return image.derivation == release::Derivation::converted
             ? "converted from an archive of docker save"
             : "";
}

// The same facts as the table's, with every digest in full.
Json images_json(const release::Component& component) {
  Json list = Json::array();
  for (std::size_t i = 0; i < component.images.size(); ++i) {
    const release::CarriedImage& image = component.document.images[i];
    list.push_back({{"name", image.name},
                    {"digest", image.digest.str()},
                    {"platforms", platforms_of(component.images[i])}});
    if (image.whole) list.back()["whole"] = image.whole->str();
    if (image.derivation == release::Derivation::converted) list.back()["converted"] = true;
    if (!image.waivers.empty()) list.back()["waivers"] = image.waivers;
    for (const release::CarriedScan& scan : image.scans) {
      Json found = Json::object();
      for (const auto& [severity, count] : scan.found) {
        found[std::string(release::severity_word(severity))] = count;
      }
      list.back()["scans"].push_back(
          {{"report", scan.report.str()}, {"tool", scan.tool}, {"found", std::move(found)}});
    }
    for (const release::CarriedSignature& signature : image.signatures) {
      list.back()["signatures"].push_back({{"manifest", signature.manifest.str()},
                                           {"by", signature.by},
                                           {"claims", signature.claims}});
    }
  }
  return list;
}

// Reports and signatures stand in rows of their own below their image.
void print_images(const bundle::Contents& contents, cli::Output& out) {
  std::vector<std::vector<std::string>> rows = {{"IMAGE", "DIGEST", "PLATFORMS", ""}};
  for (const release::Component& component : contents.components) {
    for (std::size_t i = 0; i < component.images.size(); ++i) {
      const release::CarriedImage& image = component.document.images[i];
      rows.push_back({image.name, image.digest.str(), joined(platforms_of(component.images[i])),
                      derivation_text(image)});
      for (const release::CarriedScan& scan : image.scans) {
        rows.push_back({"", scan.report.str(), format("report of {}", printable(scan.tool, 80)),
                        found_by(scan)});
      }
      for (const release::CarriedSignature& signature : image.signatures) {
        rows.push_back({"", signature.manifest.str(), printable(joined(signature.claims), 400),
                        "by " + printable(signature.by, 400)});
      }
    }
  }
  if (rows.size() == 1) return;
  out.line();
  out.table(rows);
}

// Which keys are sealed; what is sealed stands in release.json.
Json sealed_json(const release::ReleaseDocument& document) {
  Json value = Json::object();
  for (const auto& [environment, keys] : document.sealed) {
    for (const auto& [key, by_site] : keys) {
      Json& sites = value[environment][key] = Json::array();
      for (const auto& [site, unused] : by_site) sites.push_back(site.empty() ? "all" : site);
    }
  }
  return value;
}

// Counts of values and keys; the values are in --json.
void print_release(const bundle::Contents& contents, const std::vector<std::string>& keys,
                   cli::Output& out) {
  const release::ReleaseDocument& document = contents.document;
  out.line(format("{} {}", document.name, document.version));
  out.line(format("digest        {}", contents.digest().str()));
  out.line(format("created       {}", to_text(document.created)));
  if (!document.source_revision.empty()) {
    out.line(format("source        {}", printable(document.source_revision)));
  }
  out.line(
      format("compression   {}", contents.compression.empty() ? "none" : contents.compression));
  for (const auto& [name, values] : document.environments) {
    out.line(format("environment   {} ({})", name, cli::count_text(values.size(), "value")));
  }
  for (const auto& [name, keys_of] : document.sealed) {
    out.line(format("sealed        for {}: {}", name, cli::count_text(keys_of.size(), "key")));
  }
  for (const release::HealthCheck& check : document.health) {
    out.line(format("health check  {}: {} {}", check.name, release::name(check.probe),
                    printable(check.command.empty() ? check.at : joined(check.command, " "), 200)));
  }
  for (const release::Hook& hook : document.hooks) {
    out.line(format("hook          {}: {}, {}", hook.run.name, release::name(hook.moment),
                    printable(joined(hook.run.command, " "), 200)));
  }
  if (!document.upgrade_from.empty()) out.line(format("upgrade from  {}", document.upgrade_from));
  for (const std::string& id : keys) out.line(format("signed by     {} (not judged here)", id));
  if (keys.empty()) out.line("signed by     nobody");
}

// As rows for people; for programs as what is returned.
Json print_components(const bundle::Contents& contents, cli::Output& out) {
  std::vector<std::vector<std::string>> rows = {
      {"COMPONENT", "KIND", "TARGET", "FILES", "SIZE", "TREE"}};
  Json components = Json::array();
  for (const release::Component& component : contents.components) {
    rows.push_back(
        {component.row.name, bundle::kind_word(component.row.artifact_type),
         component.row.target + (component.row.optional ? " (optional)" : ""),
         component.is_images() ? "" : std::to_string(component.document.files),
         cli::size_text(component.document.bytes),
         component.is_images() ? "" : component.manifest.layers.back().digest.short_hex()});
    components.push_back({{"name", component.row.name},
                          {"kind", component.row.artifact_type},
                          {"target", component.row.target},
                          {"optional", component.row.optional},
                          {"bytes", component.document.bytes}});
    if (component.is_images()) {
      components.back()["images"] = images_json(component);
    } else {
      components.back()["files"] = component.document.files;
    }
  }
  out.table(rows);
  return components;
}

template <typename Item>
Json list_of(const std::vector<Item>& items) {
  Json list = Json::array();
  for (const Item& item : items) list.push_back(to_json(item));
  return list;
}

// Works on any bundle that can be read, also one whose approvals are bad: it is how one finds out.
void run_inspect(const InspectOptions& options, cli::Session& session) {
  Workers workers(usable_cores());
  const Fd fd = open_for_reading(options.bundle);
  const bundle::Contents contents = bundle::read_documents(fd.get(), options.bundle, workers);
  const release::ReleaseDocument& document = contents.document;
  const std::vector<std::string> keys = signers(contents);

  cli::Output& out = session.out;
  print_release(contents, keys, out);
  out.line();
  Json components = print_components(contents, out);
  print_images(contents, out);
  const FdAccess access(fd.get(), options.bundle);
  const bundle::Blobs blobs(access, options.bundle, contents, workers);
  if (options.files) {
    out.line();
    for (std::size_t i = 0; i < contents.components.size(); ++i) {
      if (contents.components[i].is_images()) continue;
      Json list = Json::array();
      print_files(contents.components[i], blobs, session, list);
      if (out.wants_json()) components[i]["entries"] = std::move(list);
    }
  }
  if (!contents.notes.empty()) {
    out.line();
    out.notes(printable_lines(contents.notes));
  }
  out.json({{"name", document.name},
            {"version", document.version},
            {"digest", contents.digest().str()},
            {"created", to_text(document.created)},
            {"sourceRevision", document.source_revision},
            {"compression", contents.compression},
            {"environments", document.environments},
            {"sealed", sealed_json(document)},
            {"health", list_of(document.health)},
            {"hooks", list_of(document.hooks)},
            {"signatures", keys},
            {"components", std::move(components)},
            {"notes", contents.notes}});
}

}  // namespace

void add_inspect(cli::Command& program) {
  auto& options = cli::make_options<InspectOptions>();
  program.sub("inspect", "show what a bundle says it contains; judges nothing")
      .argument("BUNDLE", options.bundle, "the bundle file", cli::Presence::required)
      .flag("--files", options.files, "list every file")
      .example("sealift inspect dist/shop-1.0.0.bundle.tar.zst",
               "components, images, approvals and notes")
      .example("sealift inspect dist/shop-1.0.0.bundle.tar.zst --files --json",
               "every file, for a program")
      .fails_with({Errc::corrupt, Errc::incompatible, Errc::io})
      .runs([&options](cli::Session& session) { run_inspect(options, session); });
}

}  // namespace sealift::builder
