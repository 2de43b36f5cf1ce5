// SPDX-License-Identifier: Apache-2.0
#include "builder/kinds/assets.hpp"

#include <algorithm>

#include "base/format.hpp"
#include "base/log.hpp"
#include "builder/kind/tree.hpp"
#include "builder/kinds/hashed_assets.hpp"
#include "content/media_types.hpp"
#include "release/documents/content_type.hpp"
#include "release/text/glob.hpp"
#include "signing/base64.hpp"

namespace sealift::builder {

namespace {

// Patterns, and whether a file matched them. A pattern of release.yaml that matches nothing is most
// often a folder that was renamed.
class Patterns {
 public:
  void add(const std::string& text) { patterns_.push_back({text, release::Glob(text)}); }
  bool match(const std::string& path) {
    bool any = false;
    for (Pattern& pattern : patterns_) {
      if (!pattern.glob.matches(path)) continue;
      pattern.is_used = true;
      any = true;
    }
    return any;
  }
  void warn_of_unused(const std::string& where) const {
    for (const Pattern& pattern : patterns_) {
      if (!pattern.is_used) log::warning(format("{}: {} matches no file", where, pattern.text));
    }
  }

 private:
  struct Pattern {
    std::string text;
    release::Glob glob;
    bool is_used = false;
  };
  std::vector<Pattern> patterns_;
};

std::vector<content::Encoding> encodings_of(const release::AssetsEntry& entry) {
  std::vector<content::Encoding> encodings;
  for (const std::string& word : entry.compress) {
    encodings.push_back(word == "gzip" ? content::Encoding::gzip : content::Encoding::brotli);
  }
  return encodings;
}

// As the attribute `integrity` has it (W3C Subresource Integrity); rows travel in the component's
// document, hence the limit.
std::map<std::string, std::string> integrity_of(const PackedTree& packed,
                                                const std::string& component) {
  if (packed.sha384.size() > release::kMaxIntegrityRows) {
    throw Error(Errc::invalid_input,
                format("components.{}: integrity: found {} files, expected at most {}", component,
                       packed.sha384.size(), release::kMaxIntegrityRows),
                "name those that pages load by themselves, or none: integrity: []");
  }
  std::map<std::string, std::string> integrity;
  for (const auto& [path, digest] : packed.sha384) {
    integrity[path] = "sha384-" + signing::to_base64(digest);
  }
  return integrity;
}

// Bytes; stats of webpack are the largest.
constexpr std::uint64_t kMaxManifest = 64U << 20U;

// Nothing for a link: the file may be outside of the source.
std::optional<std::string> read_manifest(const fs::path& file) {
  const std::optional<struct stat> status = link_status_of(file);
  if (!status || !S_ISREG(status->st_mode)) return std::nullopt;
  if (static_cast<std::uint64_t>(status->st_size) > kMaxManifest) return std::nullopt;
  return read_file(file, kMaxManifest);
}

class Assets : public Kind {
 public:
  std::string_view name() const override { return "assets"; }
  BuiltComponent build(const release::ComponentEntry& entry,
                       const Workshop& workshop) const override {
    const release::AssetsEntry& said = entry.assets;
    Patterns listed;
    for (const std::string& pattern : said.integrity) listed.add(pattern);
    Patterns served;
    for (const release::ServeRule& rule : said.serving.rules()) served.add(rule.match);
    std::set<std::string> files;
    std::map<std::string, std::vector<std::string>> guessed;
    const Beside beside{.has_integrity =
                            [&](const std::string& path) {
                              served.match(path);
                              files.insert(path);
                              if (said.serving.guesses_immutable(path)) {
                                guessed["their names"].push_back(path);
                              }
                              return listed.match(path);
                            },
                        .is_compressible =
                            [&](const std::string& path) {
                              return release::is_compressible(said.serving.type_of(path));
                            },
                        .encodings = encodings_of(said)};
    PackedTree packed = pack_tree(workshop, entry, media_type::kTree, beside);
    served.warn_of_unused(format("components.{}: serve", entry.name));
    HashedAssets hashed = find_hashed(files, said.serving, [&](const std::string& path) {
      return read_manifest(packed.folder / path);
    });
    guessed.merge(hashed.found);
    packed.document.assets = {.serving = std::move(hashed.serving),
                              .keep_previous = said.keep_previous,
                              .integrity = integrity_of(packed, entry.name)};
    return {.component = tree_component(entry, media_type::kAssets, packed),
            .uses = {},
            .guessed = std::move(guessed)};
  }
};

}  // namespace

const Kind& assets_kind() {
  static const Assets kind;
  return kind;
}

}  // namespace sealift::builder
