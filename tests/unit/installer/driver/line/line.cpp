// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/installer/driver/line/line.hpp"

#include "base/file.hpp"
#include "base/format.hpp"

namespace sealift::installer {

namespace {

constexpr std::uint64_t kMaxLine = 4096;  // bytes

std::optional<std::string> line_at(const std::string& path) {
  if (!path_exists(path)) return std::nullopt;
  return read_file(path, kMaxLine);
}

// What a step does: its one writer and its one reader are here.
struct Change {
  std::string path;
  std::optional<std::string> before;  // nothing: no file
  std::optional<Digest> after;        // nothing: the file goes

  bool is_done() const {
    const std::optional<std::string> now = line_at(path);
    return after ? now && Digest::of(*now) == *after : !now;
  }
};

Json to_json(const Change& change) {
  Json value = {{"path", change.path}};
  if (change.before) value["before"] = *change.before;
  if (change.after) value["after"] = change.after->str();
  return value;
}

Change change_of(const Step& step) {
  Fields fields(step.data, step.id);
  Change change{.path = fields.text("path"), .before = {}, .after = {}};
  if (const Json* before = fields.value_if("before")) change.before = before->get<std::string>();
  if (const Json* after = fields.value_if("after")) {
    change.after = Digest::parse(after->get<std::string>());
  }
  fields.done();
  return change;
}

void put(const std::string& path, const std::optional<std::string>& line) {
  if (line) return write_file(path, *line);
  if (path_exists(path)) remove_file(path);
  sync_dir(fs::path(path).parent_path());
}

class LineDriver : public Driver {
 public:
  bool accepts(std::string_view artifact_type) const override { return artifact_type == kLineType; }

  std::vector<Step> plan(const Wish& wish) const override {
    const Change change{.path = wish.path, .before = line_at(wish.path), .after = wish.table};
    if (change.is_done()) return {};
    return {{.id = format("write:{}", wish.component),
             .phase = Phase::activate,
             .component = wish.component,
             .target = wish.target,
             .driver = "line",
             .action = "write",
             .data = to_json(change),
             .summary = format("write the line of {} to {}", wish.component, wish.path)}};
  }

  StepState check(const Step& step, StepIo&) const override {
    return change_of(step).is_done() ? StepState::applied : StepState::not_applied;
  }

  Json apply(const Step& step, StepIo& io) override {
    const Change change = change_of(step);
    if (!change.after) {
      put(change.path, {});
    } else {
      put(change.path, read_all(*io.content.blob(*change.after), kMaxLine, step.id));
    }
    return nullptr;
  }

  void undo(const Step& step, const std::optional<Json>&, StepIo&) override {
    const Change change = change_of(step);
    if (change.is_done()) put(change.path, change.before);
  }

  std::vector<Difference> inspect(const Placement& placement, Thoroughness, Strangers,
                                  Content&) const override {
    if (is_current(placement)) return {};
    return {{placement.path, line_at(placement.path) ? "another line" : "missing"}};
  }

  bool is_current(const Placement& placement) const override {
    return Change{.path = placement.path, .before = {}, .after = placement.table}.is_done();
  }

  std::vector<std::string> leftovers(const release::Target&, const std::string&,
                                     const std::vector<Placement>&) const override {
    return {};  // it keeps nothing beside the file
  }
  void prune(const Placement&) override {}
};

}  // namespace

std::unique_ptr<Driver> line_driver() {
  return std::make_unique<LineDriver>();
}

}  // namespace sealift::installer
