// SPDX-License-Identifier: Apache-2.0
#include "installer/drivers/images/images.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "base/format.hpp"
#include "base/log.hpp"
#include "base/path.hpp"
#include "content/media_types.hpp"
#include "installer/drivers/images/image_store.hpp"
#include "installer/drivers/images/images_wish.hpp"

namespace sealift::installer {

namespace {

constexpr const char* kLoad = "load";
constexpr const char* kTag = "tag";
constexpr const char* kUntag = "untag";

class ImagesDriver : public Driver {
 public:
  explicit ImagesDriver(std::string store) : store_(std::move(store)) {}

  bool accepts(std::string_view artifact_type) const override {
    return artifact_type == media_type::kImages;
  }

  std::vector<Step> plan(const Wish& wish) const override {
    std::vector<Step> steps;
    std::set<std::string> named;
    if (wish.table) {
      const ImageSettings settings = image_settings_from_json(wish.settings, "settings");
      ImageStore& store = open(settings);
      std::set<std::pair<std::string, Digest>> loaded;
      for (const PlacedImage& image : images_in(wish)) {
        store.check(image);
        named.insert(image.reference);
        if (!store.has(image) && loaded.emplace(store.loads_into(image), image.digest).second) {
          PlacedImage loading = image;
          loading.signatures = store.lacking(image);
          steps.push_back(step(wish, Phase::stage, kLoad, steps.size(),
                               to_json(Loading{.image = std::move(loading), .settings = settings}),
                               format("load {} ({})", image.name, image.digest.short_hex())));
        }
        add_naming(wish, store, image.reference, store.identity(image), settings, steps);
      }
    }
    if (!wish.before) return steps;
    // Names of the release before that this one does not have, or has elsewhere.
    const bool moved = !wish.table || wish.before->settings != wish.settings;
    const ImageSettings before = image_settings_of(*wish.before);
    ImageStore& store = open(before);
    if (store.keeps_old_names()) return steps;
    for (const PlacedImage& image : wish.before->images) {
      if (!moved && named.contains(image.reference)) continue;
      // A name that somebody has given to another image since is not ours to take away.
      if (store.find(image.reference) != store.identity(image)) continue;
      add_naming(wish, store, image.reference, "", before, steps);
    }
    return steps;
  }

  // A load that was begun may go on in the engine, so it is never said to be not applied.
  StepState check(const Step& step, StepIo&) const override {
    if (step.action == kLoad) {
      const Loading loading = loading_from_json(step);
      return open(loading.settings).keeps(loading.image) ? StepState::applied : StepState::partial;
    }
    const Naming naming = naming_from_json(step);
    ImageStore& store = open(naming.settings);
    return store.find(naming.reference).value_or("") == naming.to ? StepState::applied
                                                                  : StepState::not_applied;
  }

  Json apply(const Step& step, StepIo& io) override {
    if (step.action == kLoad) {
      const Loading loading = loading_from_json(step);
      const PlacedImage& image = loading.image;
      open(loading.settings).load(image, io.content.image(image.digest), io.content, io.progress);
    } else {
      const Naming naming = naming_from_json(step);
      point(open(naming.settings), naming.reference, naming.to);
    }
    return nullptr;
  }

  // What an attempt left half done goes first: it could hold the name that is given back.
  void undo(const Step& step, const std::optional<Json>&, StepIo&) override {
    if (step.action == kLoad) {
      const Loading loading = loading_from_json(step);
      ImageStore& store = open(loading.settings);
      store.clean();
      store.release(loading.image);
      return;
    }
    const Naming naming = naming_from_json(step);
    ImageStore& store = open(naming.settings);
    store.clean();
    // Only what this step did is taken back.
    if (store.find(naming.reference).value_or("") != naming.to) return;
    point(store, naming.reference, naming.from);
  }

  // Content is the store's to keep whole: every engine knows it by digest.
  std::vector<Difference> inspect(const Placement& placement, Thoroughness, Strangers,
                                  Content&) const override {
    ImageStore& store = open(image_settings_of(placement));
    std::vector<Difference> differences;
    for (const PlacedImage& image : placement.images) {
      const std::optional<std::string> found = store.find(image.reference);
      if (found == store.identity(image)) continue;
      differences.push_back({image.reference, found ? "means another image" : "missing"});
    }
    return differences;
  }

  bool is_current(const Placement& placement) const override {
    ImageStore& store = open(image_settings_of(placement));
    return std::all_of(placement.images.begin(), placement.images.end(),
                       [&](const PlacedImage& image) {
                         return store.find(image.reference) == store.identity(image);
                       });
  }

  std::vector<std::string> leftovers(const release::Target& target, const std::string& site,
                                     const std::vector<Placement>& known) const override {
    std::vector<std::string> left;
    for (const Digest& digest : strays(open(image_settings(target, site)), known)) {
      left.push_back(format("the image {}", digest.str()));
    }
    return left;
  }

  // An engine that was given a whole image goes on with it though its client was killed, and may
  // be done only after everything was undone.
  void sweep(const release::Target& target, const std::string& site,
             const std::vector<Placement>& known) override {
    ImageStore& store = open(image_settings(target, site));
    for (const Digest& digest : strays(store, known)) store.release_stray(digest);
  }

  // Gives up our names alone. What another release of the site keeps has a name of ours by the same
  // digest, and the caller leaves that out.
  void prune(const Placement& placement) override {
    ImageStore& store = open(image_settings_of(placement));
    for (const PlacedImage& image : placement.images) store.release(image);
  }

 private:
  // For one act of the driver. A store stays open, and with it what it has learnt of its place.
  ImageStore& open(const ImageSettings& settings) const {
    std::unique_ptr<ImageStore>& store = stores_[settings];
    if (!store) store = open_image_store(store_, settings);
    store->look_again();
    return *store;
  }

  // What the store keeps and none of `known` has; their settings may have changed since.
  static std::vector<Digest> strays(ImageStore& store, const std::vector<Placement>& known) {
    std::set<Digest> needed;
    for (const Placement& placement : known) {
      for (const PlacedImage& image : placement.images) needed.insert(image.digest);
    }
    std::vector<Digest> found = store.kept();
    std::erase_if(found, [&](const Digest& digest) { return needed.contains(digest); });
    return found;
  }

  // An empty identity stands for no name.
  static void point(ImageStore& store, const std::string& reference, const std::string& identity) {
    if (identity.empty()) {
      store.untag(reference);
    } else {
      store.tag(reference, identity);
    }
  }

  Step step(const Wish& wish, Phase phase, const char* action, std::size_t number, Json data,
            std::string summary) const {
    return {.id = format("{}-{}-{}", action, wish.component, number + 1),
            .phase = phase,
            .component = wish.component,
            .target = wish.target,
            .driver = store_,
            .action = action,
            .data = std::move(data),
            .summary = std::move(summary)};
  }

  void add_naming(const Wish& wish, ImageStore& store, const std::string& reference,
                  const std::string& to, const ImageSettings& settings,
                  std::vector<Step>& steps) const {
    const std::string from = store.find(reference).value_or("");
    if (from == to) return;
    steps.push_back(step(
        wish, Phase::activate, to.empty() ? kUntag : kTag, steps.size(),
        to_json(Naming{.reference = reference, .to = to, .from = from, .settings = settings}),
        to.empty() ? format("take the name {} away", reference) : format("name it {}", reference)));
  }

  std::string store_;
  mutable std::map<ImageSettings, std::unique_ptr<ImageStore>> stores_;
};

}  // namespace

std::unique_ptr<Driver> images_driver(const std::string& store) {
  return std::make_unique<ImagesDriver>(store);
}

// What was there before belongs to others, and is not removed with the image.
void note_loaded(const std::vector<Step>& steps, Placement& placement) {
  for (const Step& step : steps) {
    if (step.action != kLoad || step.component != placement.component) continue;
    const PlacedImage loaded = loading_from_json(step).image;
    for (PlacedImage& image : placement.images) {
      if (image.reference != loaded.reference || image.digest != loaded.digest) continue;
      for (const PlacedSignature& each : loaded.signatures) {
        const auto& known = image.signatures;
        if (std::find(known.begin(), known.end(), each) == known.end()) {
          image.signatures.push_back(each);
        }
      }
    }
  }
}

std::unique_ptr<ImageStore> open_image_store(const std::string& driver,
                                             const ImageSettings& settings) {
  if (driver == "oci-layout") return layout_store(settings);
  if (driver == "image-folder") return folder_store(settings);
  if (driver == "registry") return registry_store(settings);
  return engine_store(driver, settings);
}

}  // namespace sealift::installer
