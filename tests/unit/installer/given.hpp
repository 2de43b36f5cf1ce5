// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the tests of the installer start from. How a step, a plan, a wish and a revision are made is
// known here alone.

#include <cstdlib>

#include "base/clock.hpp"
#include "base/format.hpp"
#include "installer/driver/driver.hpp"
#include "installer/drivers/databases/database_wish.hpp"
#include "installer/drivers/files/files_wish.hpp"
#include "installer/drivers/images/images_wish.hpp"
#include "installer/records/journal.hpp"
#include "installer/records/state.hpp"

namespace sealift::tests {

inline const FixedClock kGivenClock(Time{1'700'000'000});

inline installer::Step given_step(std::string id, installer::Phase phase, std::string driver) {
  installer::Step step;
  step.summary = format("do {}", id);
  step.id = std::move(id);
  step.phase = phase;
  step.driver = std::move(driver);
  return step;
}

// "chanuka" of a version in production, installed by the transaction of that number.
inline installer::Revision given_revision(std::uint64_t number, const std::string& version) {
  return {.number = number,
          .release = "chanuka",
          .version = version,
          .digest = Digest::of(version),
          .environment = "production",
          .bundle = format("chanuka-{}.bundle.tar.zst", version),
          .placements = {},
          .parent = number > 1 ? std::optional(number - 1) : std::nullopt,
          .restores = {}};
}

inline installer::Plan given_plan(installer::Purpose purpose, const installer::Revision& outcome,
                                  std::vector<installer::Step> steps = {}) {
  return {.purpose = purpose,
          .number = outcome.number,
          .actor = "anna",
          .reason = "a test",
          .created = kGivenClock.now(),
          .steps = std::move(steps),
          .outcome = outcome};
}

// Of the component web on the target web; a driver's own part is still empty.
inline installer::Wish given_wish(int release, const std::string& path) {
  installer::Wish wish{};
  wish.component = "web";
  wish.target = "web";
  wish.site = "0123456789abcdef";
  wish.path = path;
  wish.label = format("{}.0.0-0123456789ab", release);
  wish.number = static_cast<std::uint64_t>(release);
  return wish;
}

// The wish for a tree of files, for images of a store and for migrations of a database.
inline installer::Wish with_tree(installer::Wish wish, const Digest& table, std::uint64_t files) {
  wish.table = table;
  wish.files = std::make_shared<const installer::FilesWish>(installer::FilesWish{.count = files});
  return wish;
}
inline installer::Wish with_images(installer::Wish wish, const Digest& document,
                                   const std::vector<installer::PlacedImage>& images) {
  wish.table = document;
  wish.images =
      std::make_shared<const installer::ImagesWish>(installer::ImagesWish{.images = images});
  return wish;
}
inline installer::Wish with_migrations(installer::Wish wish, const Digest& table,
                                       migrations::MigrationSet set) {
  wish.table = table;
  wish.database = std::make_shared<const installer::DatabaseWish>(installer::DatabaseWish{
      .migrations = std::make_shared<const migrations::MigrationSet>(std::move(set)),
      .author = {},
      .now = kGivenClock.now(),
      .version_before = "",
      .fenced = true,
      .way_back = {}});
  return wish;
}

// A release with nothing in it, for steps that ask for nothing.
class NoContent : public installer::Content {
 public:
  std::unique_ptr<installer::TreeStream> tree(const std::string&) override { return nullptr; }
  std::unique_ptr<Source> table(const Digest&) override { return nullptr; }
  const content::Image& image(const Digest&) override { std::abort(); }
  std::unique_ptr<Source> blob(const Digest&) override { return nullptr; }
  const signing::Secret& secret(const std::string&) override { std::abort(); }
  std::unique_ptr<Content> twin() const override { return std::make_unique<NoContent>(); }
};

}  // namespace sealift::tests
