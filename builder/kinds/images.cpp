// SPDX-License-Identifier: Apache-2.0
#include "builder/kinds/images.hpp"

#include <algorithm>

#include "base/format.hpp"
#include "base/path.hpp"
#include "builder/images/image_signatures.hpp"
#include "builder/images/image_source.hpp"
#include "builder/images/rules.hpp"
#include "builder/images/scans.hpp"
#include "content/media_types.hpp"

namespace sealift::builder {

namespace {

using content::Descriptor;
using content::Image;
using content::Platform;
using release::CarriedImage;
using release::Derivation;
using release::ImageEntry;

// What of an image is carried: its own root, or a new index of some of its platforms.
struct Choice {
  Descriptor root;
  std::string made;  // the new index; empty: none was made
};

// What a row of an index has: what it says, else what the index or configuration behind it does.
// Some tools write rows without a platform; an attestation's row has one of its own,
// unknown/unknown, that nobody wants.
std::vector<Platform> platforms_of(const content::ImageIndexRow& row, ImageSource& source) {
  if (row.platform) return {*row.platform};
  const content::FetchDocument fetch = [&](const Descriptor& each) {
    return source.document(each);
  };
  std::vector<Platform> platforms;
  try {
    const Image image = content::read_image(row.manifest, fetch, "image");
    for (const content::ImageVariant& variant : image.variants) {
      if (!variant.attestation) platforms.push_back(variant.settings.platform);
    }
  } catch (const Error& error) {
    if (error.code() != Errc::invalid_input) throw;
    // Nothing to run, so no platform.
  }
  return platforms;
}

// Each wanted platform takes the first row that satisfies it. Where every row is wanted the index
// stays as it is, and so does its digest: nothing that was signed about it is lost. An image of one
// platform has no index to choose from; that it is the wanted one is seen later.
Choice choose(const Descriptor& root, const std::vector<Platform>& wanted, ImageSource& source) {
  if (wanted.empty() || !content::is_image_index(root.media_type)) return {root, {}};
  const std::string index = source.document(root);
  std::vector<Digest> kept;
  std::string found;
  const std::vector<content::ImageIndexRow> rows = content::parse_image_index(index, "image index");
  std::vector<std::vector<Platform>> of_rows;
  for (const content::ImageIndexRow& row : rows) {
    of_rows.push_back(platforms_of(row, source));
    for (const Platform& each : of_rows.back()) {
      found += format("{}{}", found.empty() ? "" : ", ", each.str());
    }
  }
  std::size_t missing = 0;
  for (const Platform& platform : wanted) {
    const auto row = std::find_if(of_rows.begin(), of_rows.end(), [&](const auto& platforms) {
      return std::any_of(platforms.begin(), platforms.end(),
                         [&](const Platform& each) { return each.satisfies(platform); });
    });
    if (row == of_rows.end()) {
      ++missing;
      continue;
    }
    const Digest& digest = rows[static_cast<std::size_t>(row - of_rows.begin())].manifest.digest;
    if (std::find(kept.begin(), kept.end(), digest) == kept.end()) kept.push_back(digest);
  }
  if (missing > 0) {
    throw Error(Errc::invalid_input,
                format("found the platforms {}, expected all of platforms", printable(found, 400)));
  }
  if (kept.size() == rows.size()) return {root, {}};
  std::string made = content::subset_index(index, kept);
  Descriptor descriptor = content::describe(root.media_type, made);
  return {std::move(descriptor), std::move(made)};
}

// A layer must be what the configuration says: the digest of its unpacked content is its diff_id.
// An engine compares the same when it unpacks, which would be on the site.
void check_layers(const Image& image, const Absorber& absorber, Problems& problems) {
  for (const content::ImageVariant& variant : image.variants) {
    if (variant.attestation) continue;
    for (std::size_t i = 0; i < variant.layers.size(); ++i) {
      const Digest& found = absorber.facts(variant.layers[i].digest).diff_id;
      const Digest& said = variant.settings.diff_ids[i];
      if (found == said) continue;
      problems.add(format("{}: layer {}: its content has the digest {}, the configuration says {}",
                          variant.settings.platform.str(), i + 1, found.str(), said.str()),
                   "the image says of itself what is not so; do not use it");
    }
  }
}

// An image that is in the spool, compared and judged.
struct Taken {
  CarriedImage carried;
  Image image;
  std::vector<Descriptor> papers;  // reports and signatures
};

// The order matters: signatures are verified before anything of the image is believed, and its
// layers read only once its documents name them.
Taken take(const ImageEntry& entry, ImageSources& sources, Absorber& absorber,
           const Workshop& workshop) {
  ImageSource& source = sources.of(entry);
  const Descriptor whole = sources.find(entry);
  ImageSignatures signatures =
      take_signatures(workshop.release, entry, whole, source, workshop.spool);
  check_lock(workshop.release, entry, signatures.carried);
  const Choice choice = choose(whole, entry.platforms, source);
  const content::FetchDocument fetch = [&](const Descriptor& descriptor) {
    return descriptor.digest == choice.root.digest && !choice.made.empty()
               ? choice.made
               : source.document(descriptor);
  };
  Image image = content::read_image(choice.root, fetch, "image");
  for (const Platform& platform : entry.platforms) {
    if (image.variant_for(platform) != nullptr) continue;
    throw Error(Errc::invalid_input,
                format("found an image for {}, expected {}",
                       image.variants.front().settings.platform.str(), platform.str()));
  }
  source.absorb(image.layers);
  Problems problems;
  check_layers(image, absorber, problems);
  problems.throw_if_any(Errc::invalid_input);
  CarriedImage carried{.name = entry.name.str(),
                       .digest = choice.root.digest,
                       .derivation = source.derivation(),
                       .whole = {},
                       .waivers = entry.waive};
  if (!choice.made.empty()) {
    carried.derivation = Derivation::subset;
    carried.whole = whole.digest;
    // What is signed is the whole index: without it nobody could verify again.
    if (!signatures.carried.empty()) {
      signatures.blobs.push_back(workshop.spool.keep(whole.media_type, source.document(whole)));
    }
  }
  carried.signatures = std::move(signatures.carried);
  Scans scans = take_scans(workshop.release, entry, image, carried.whole, workshop.spool);
  carried.scans = std::move(scans.carried);
  for (const Problem& problem : check_rules(entry, image, scans, absorber, workshop)) {
    problems.add(problem.message, problem.hint);
  }
  problems.throw_if_any(Errc::invalid_input);
  std::vector<Descriptor> papers = std::move(scans.reports);
  papers.insert(papers.end(), signatures.blobs.begin(), signatures.blobs.end());
  return {std::move(carried), std::move(image), std::move(papers)};
}

class Images : public Kind {
 public:
  std::string_view name() const override { return "images"; }

  // Images that come out of one archive are read in one pass (ImageSources), and a layer that two
  // of them share once (Absorber).
  BuiltComponent build(const release::ComponentEntry& entry,
                       const Workshop& workshop) const override {
    workshop.progress.begin(format("reading {}", entry.name), 0);
    Absorber absorber(workshop.spool, workshop.progress);
    ImageSources sources(workshop.release, absorber);
    release::ComponentDocument document{.name = entry.name};
    std::vector<Image> images;
    std::map<Digest, Descriptor> papers;
    ImageProblems problems;
    for (const ImageEntry& wanted : entry.images) {
      try {
        Taken taken = take(wanted, sources, absorber, workshop);
        for (const Descriptor& paper : taken.papers) papers.emplace(paper.digest, paper);
        document.images.push_back(std::move(taken.carried));
        images.push_back(std::move(taken.image));
      } catch (const Error& error) {
        problems.add(error, entry.name, wanted);
      }
    }
    workshop.progress.end();
    problems.throw_if_any();
    document.bytes = layer_bytes(images);
    return {component_of(entry, std::move(document), std::move(images), papers), {}};
  }

 private:
  // Layers that images share are carried once, and counted once.
  static std::uint64_t layer_bytes(const std::vector<Image>& images) {
    std::map<Digest, std::uint64_t> layers;
    for (const Image& image : images) {
      for (const Descriptor& layer : image.layers) layers[layer.digest] = layer.size;
    }
    std::uint64_t bytes = 0;
    for (const auto& [unused, size] : layers) bytes += size;
    return bytes;
  }

  static release::Component component_of(const release::ComponentEntry& entry,
                                         release::ComponentDocument document,
                                         std::vector<Image> images,
                                         const std::map<Digest, Descriptor>& papers) {
    std::vector<Descriptor> layers;
    layers.reserve(papers.size());
    for (const auto& [unused, paper] : papers) layers.push_back(paper);
    // A manifest has at least one layer (OCI image specification 1.1); OCI's empty one stands for
    // none.
    if (layers.empty()) layers.push_back(content::empty_descriptor());
    release::Manifest manifest{
        .artifact_type = std::string(media_type::kImages),
        .config = content::describe(media_type::kComponentConfig, to_text(document)),
        .layers = std::move(layers),
        .subject = {}};
    return {.row = {.name = entry.name,
                    .artifact_type = std::string(media_type::kImages),
                    .target = entry.target,
                    .optional = entry.optional},
            .document = std::move(document),
            .manifest = std::move(manifest),
            .images = std::move(images)};
  }
};

}  // namespace

const Kind& images_kind() {
  static const Images kind;
  return kind;
}

}  // namespace sealift::builder
