// SPDX-License-Identifier: Apache-2.0
#include "installer/drivers/data/data.hpp"

#include <algorithm>

#include "base/ascii.hpp"
#include "base/count.hpp"
#include "base/digest.hpp"
#include "base/format.hpp"
#include "base/text.hpp"
#include "installer/driver/step_driver.hpp"
#include "installer/drivers/data/archive.hpp"
#include "installer/drivers/data/folder.hpp"
#include "installer/drivers/databases/backups.hpp"
#include "installer/drivers/files/files_wish.hpp"
#include "installer/drivers/files/shared_data.hpp"

namespace sealift::installer {

namespace {

constexpr const char* kBackUp = "back-up";
constexpr std::size_t kLongestLabel = 100;

// A step's data.
struct BackUp {
  std::string backup;  // its name
  std::string data;    // "web/uploads"
  std::string place;
  std::string from;
  Time made;
  std::uint64_t transaction = 0;
  std::string version;
  std::optional<std::vector<std::string>> encrypt_to;
  NeededSpace space;
};

Json to_json(const BackUp& step) {
  return {{"backup", step.backup},
          {"data", step.data},
          {"place", step.place},
          {"from", step.from},
          {"made", to_text(step.made)},
          {"transaction", step.transaction},
          {"version", step.version},
          {"encryptTo", step.encrypt_to ? Json(*step.encrypt_to) : Json()},
          {"space", to_json(step.space)}};
}

BackUp back_up_from_json(const Step& of) {
  Fields fields(of.data, of.id);
  BackUp step{.backup = fields.text("backup"),
              .data = fields.text("data"),
              .place = fields.text("place"),
              .from = fields.text("from"),
              .made = fields.time("made"),
              .transaction = fields.number("transaction"),
              .version = fields.text("version"),
              .encrypt_to = {},
              .space = needed_space_from_json(fields.object("space"), fields.at("space"))};
  if (!fields.value("encryptTo").is_null()) step.encrypt_to = fields.texts("encryptTo");
  fields.done();
  return step;
}

class DataDriver : public StepDriver {
 public:
  DataDriver(const Layout& layout, Workers& workers) : layout_(layout), workers_(workers) {}

  StepState check(const Step& step, StepIo&) const override {
    return Backups(layout_, workers_).has(back_up_from_json(step).backup) ? StepState::applied
                                                                          : StepState::not_applied;
  }

  Json apply(const Step& step, StepIo& io) override {
    const BackUp data = back_up_from_json(step);
    const auto folder = open_folder(data.place, data.from);
    const Backups backups(layout_, workers_);
    Backup wanted{.name = data.backup,
                  .database = data.data,
                  .driver = kDataDriver,
                  .server = data.place,
                  .made = data.made,
                  .transaction = data.transaction,
                  .version = data.version,
                  .digest = Digest::of("")};
    encrypt_to(data.encrypt_to, wanted);
    return installer::to_json(backups.make(*folder, std::move(wanted), io.progress));
  }

  // A backup stays, and is pruned as others are.
  void undo(const Step&, const std::optional<Json>&, StepIo&) override {}

 private:
  Layout layout_;
  Workers& workers_;
};

}  // namespace

std::unique_ptr<Driver> data_driver(const Layout& layout, Workers& workers) {
  return std::make_unique<DataDriver>(layout, workers);
}

NeededSpace space_of_data(const Step& step) {
  return back_up_from_json(step).space;
}

std::string data_name(const std::string& target, const std::string& folder) {
  return format("{}/{}", target, folder);
}

std::string data_label(const std::string& target, const std::string& folder) {
  std::string plain;
  for (const char c : folder) {
    if (c == '/') {
      plain += '+';
    } else if (is_letter_or_digit(c) || c == '.' || c == '_' || c == '-') {
      plain += c;
    }
  }
  std::string label = format("{}+{}", target, plain.substr(0, kLongestLabel));
  // What was left out, or a folder with a plus, must not make two folders one.
  if (plain.size() != folder.size() || plain.size() > kLongestLabel) {
    label += format("+{}", Digest::of(folder).short_hex());
  }
  return label;
}

std::vector<Step> data_backups(const Wish& wish, const release::Site& site, const Layout& layout,
                               const Moment& moment) {
  const auto target = site.targets.find(wish.target);
  const bool is_changing = wish.purpose == Purpose::apply || wish.purpose == Purpose::stage;
  if (target == site.targets.end() || !wish.before || !wish.table || !is_changing) return {};
  const FilesWish& files = files_in(wish);
  std::vector<Step> steps;
  for (const std::string& folder : target->second.backup) {
    if (!files.persist.contains(folder) && !wish.before->persist.contains(folder)) continue;
    const std::string place = shared_place(wish.path, folder);
    const auto found = files.found_data.find(folder);
    const std::string from =
        found == files.found_data.end() ? place : format("{}/{}", wish.path, found->second);
    if (!holds_data(from)) continue;
    const std::string label = data_label(wish.target, folder);
    const std::string name = format("{}-{}", label, wish.number);
    const FolderSize size = size_of_data(from);
    const BackUp data{.backup = name,
                      .data = data_name(wish.target, folder),
                      .place = place,
                      .from = from,
                      .made = moment.now,
                      .transaction = wish.number,
                      .version = moment.version,
                      .encrypt_to = site.encrypt_to,
                      .space = {.path = layout.backups(), .bytes = size.bytes}};
    steps.push_back({.id = format("back-up-{}", label),
                     .phase = Phase::fence,
                     .component = wish.component,
                     .target = wish.target,
                     .driver = kDataDriver,
                     .action = kBackUp,
                     .data = to_json(data),
                     .summary = format("back up the data in {} ({}, {}) as {}, and verify it", from,
                                       count_text(size.entries, "file"),
                                       count_text(size.bytes, "byte"), name)});
  }
  return steps;
}

}  // namespace sealift::installer
