// SPDX-License-Identifier: Apache-2.0
#include "installer/drivers/s3/s3.hpp"

#include <algorithm>

#include "base/count.hpp"
#include "base/error.hpp"
#include "base/path.hpp"
#include "base/process.hpp"
#include "content/media_types.hpp"
#include "installer/driver/differences.hpp"
#include "installer/drivers/s3/s3_check.hpp"
#include "installer/drivers/s3/s3_step.hpp"
#include "installer/drivers/s3/s3_sweep.hpp"
#include "installer/drivers/s3/sending.hpp"
#include "installer/drivers/s3/showing.hpp"

namespace sealift::installer {

namespace {

class S3Driver : public Driver {
 public:
  explicit S3Driver(const Layout& layout) : access_(layout) {}

  bool accepts(std::string_view artifact_type) const override {
    return artifact_type == media_type::kAssets;
  }

  std::vector<Step> plan(const Wish& wish) const override {
    const S3Settings settings = wish.table ? s3_settings_from_json(wish.settings, wish.component)
                                           : s3_settings_of(*wish.before);
    const S3Place place = open(settings.store, wish.content);
    const PrefixOwner owner = place.owner(wish.site, wish.target);
    const std::string seen = owner == PrefixOwner::us ? place.current() : "";
    const bool is_repair = wish.purpose == Purpose::repair;
    const std::string before = is_repair ? seen : wish.before ? wish.before->directory : "";
    if (seen != before) {
      throw Error(
          Errc::incompatible,
          format("target {}: users of {} see \"{}\", the history says \"{}\"", wish.target,
                 wish.path, printable(seen, 200), before),
          "somebody changed it by hand; put it back with: sealift-installer apply --repair");
    }
    check_cdn(settings.store, wish);
    std::vector<Step> steps;
    std::string directory;
    if (wish.table) {
      const S3Objects objects = objects_of(*wish.content->table(*wish.table), settings.serving);
      directory = is_ready(wish.ready, objects, place) ? wish.ready : free_name(wish, place);
      if (directory != wish.ready) steps.push_back(send_step(wish, settings, directory, objects));
    }
    if (directory != before || is_repair) {
      steps.push_back(show_step(wish, settings, before, directory));
    }
    return steps;
  }

  StepState check(const Step& step, StepIo& io) const override {
    if (step.action == kSend) {
      const Sending sending = sending_from_json(step);
      const auto inventory = open(sending.settings.store, &io.content).inventory(sending.directory);
      if (!inventory) return StepState::not_applied;
      return is_sent(inventory) ? StepState::applied : StepState::partial;
    }
    // The CDN was told last, which nobody can see.
    const Showing showing = showing_from_json(step);
    const std::string now = open(showing.settings.store, &io.content).current();
    return now == showing.to ? StepState::partial : StepState::not_applied;
  }

  Json apply(const Step& step, StepIo& io) override {
    if (step.action == kSend) {
      const Sending sending = sending_from_json(step);
      send_release(sending, step.component, open(sending.settings.store, &io.content), io);
    } else {
      const Showing showing = showing_from_json(step);
      show_release(showing, Way::there, open(showing.settings.store, &io.content), io);
    }
    return Json::object();
  }

  // Each step says both sides.
  void undo(const Step& step, const std::optional<Json>&, StepIo& io) override {
    if (step.action == kSend) {
      const Sending sending = sending_from_json(step);
      take_back_sent(sending, open(sending.settings.store, &io.content));
    } else {
      const Showing showing = showing_from_json(step);
      show_release(showing, Way::back, open(showing.settings.store, &io.content), io);
    }
  }

  std::vector<Difference> inspect(const Placement& placement, Thoroughness thoroughness,
                                  Strangers strangers, Content& content) const override {
    const S3Place place = open(s3_settings_of(placement).store, &content);
    if (!looks_at_files(placement, thoroughness)) return {};
    return differences_in(placement, thoroughness, strangers, place, content);
  }

  void open_keys(const Placement& placement, Content& content) const override {
    access_.open(s3_settings_of(placement).store, &content);
  }

  // Where the key is a secret that nobody has opened yet, inspect() says what is to be said.
  bool is_current(const Placement& placement) const override {
    const auto place = access_.open(s3_settings_of(placement).store, nullptr);
    return !place || place->current() == placement.directory;
  }

  std::vector<std::string> leftovers(const release::Target& target, const std::string& site,
                                     const std::vector<Placement>& known) const override {
    const auto place = access_.open(*target.s3, nullptr);
    if (!place) return {};
    // Before the first release, that the store answers is all there is to say.
    if (place->owner(site, place->name) == PrefixOwner::nobody) return {};
    std::vector<std::string> left = unneeded_in(needed_in(known, *place), *place);
    for (std::string& each : left) each = format("{}/{}", target.s3->place(), printable(each, 200));
    return left;
  }

  void sweep(const release::Target& target, const std::string& site,
             const std::vector<Placement>& known) override {
    const auto place = access_.open(*target.s3, nullptr);
    if (!place || place->owner(site, place->name) == PrefixOwner::nobody) return;
    remove_releases(unneeded_in(needed_in(known, *place), *place), *place);
  }

  // sweep() does it, by what is in the bucket.
  void prune(const Placement&) override {}

 private:
  S3Place open(const release::S3Target& target, Content* content) const {
    std::optional<S3Place> place = access_.open(target, content);
    if (place) return std::move(*place);
    throw Error(
        Errc::incompatible,
        format("{}: its credentials are a secret, which is not to be had here", target.place()));
  }

  // A program that is missing would fail when users see the new release already.
  static void check_cdn(const release::S3Target& store, const Wish& wish) {
    if (!store.cdn || store.cdn->exec.empty()) return;
    for (const std::string& key : store.cdn->secrets) wish.content->secret(key);
    const std::string& program = store.cdn->exec.front();
    if (is_program(program)) return;
    throw Error(Errc::incompatible,
                format("target {}: this host has no program {}", wish.target, printable(program)),
                format("correct targets.{}.cdn.exec in site.yaml", wish.target));
  }

  // Whether just these objects are there, with what is said of them now.
  static bool is_ready(const std::string& directory, const S3Objects& objects,
                       const S3Place& place) {
    if (directory.empty()) return false;
    const std::optional<S3Objects> there = place.inventory(directory);
    if (!is_sent(there) || there->size() != objects.size()) return false;
    return std::equal(there->begin(), there->end(), objects.begin(),
                      [](const auto& a, const auto& b) {
                        return a.first == b.first && a.second.looks_like(b.second);
                      });
  }

  // The transaction's number makes the name free, since none is used twice.
  static std::string free_name(const Wish& wish, const S3Place& place) {
    std::string plain = format("releases/{}", wish.label);
    if (!place.inventory(plain)) return plain;
    return format("{}-r{}", plain, wish.number);
  }

  static Step step_of(const Wish& wish, Phase phase, std::string_view action, Json data,
                      std::string summary) {
    return {.id = format("{}:{}", action, wish.component),
            .phase = phase,
            .component = wish.component,
            .target = wish.target,
            .driver = std::string(release::kS3),
            .action = std::string(action),
            .data = std::move(data),
            .summary = std::move(summary)};
  }

  static Step send_step(const Wish& wish, const S3Settings& settings, const std::string& directory,
                        const S3Objects& objects) {
    return step_of(wish, Phase::stage, kSend,
                   to_json(Sending{.settings = settings,
                                   .site = wish.site,
                                   .target = wish.target,
                                   .directory = directory,
                                   .table = *wish.table}),
                   format("send {} beside the current release to {}",
                          count_text(objects.size(), "file"), wish.path));
  }

  static Step show_step(const Wish& wish, const S3Settings& settings, const std::string& from,
                        const std::string& to) {
    const auto& cdn = settings.store.cdn;
    const std::string told = !cdn                      ? ""
                             : cdn->cloudfront.empty() ? ", and tell the CDN"
                                                       : ", and tell CloudFront " + cdn->cloudfront;
    return step_of(wish, Phase::activate, kShow,
                   to_json(Showing{.settings = settings,
                                   .site = wish.site,
                                   .target = wish.target,
                                   .from = from,
                                   .to = to,
                                   .number = wish.number,
                                   .all = wish.purpose == Purpose::repair}),
                   to.empty() ? format("remove what users see of {}{}", wish.path, told)
                              : format("show {} at {}{}", to, wish.path, told));
  }

  S3Access access_;
};

}  // namespace

std::unique_ptr<Driver> s3_driver(const Layout& layout) {
  return std::make_unique<S3Driver>(layout);
}

}  // namespace sealift::installer
