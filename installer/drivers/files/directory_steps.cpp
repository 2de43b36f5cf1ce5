// SPDX-License-Identifier: Apache-2.0
#include "installer/drivers/files/directory_steps.hpp"

#include <algorithm>

namespace sealift::installer {

Json to_json(const Unpack& unpack) {
  Json value = {{"path", unpack.path},       {"directory", unpack.directory},
                {"staging", unpack.staging}, {"table", unpack.table.str()},
                {"site", unpack.site},       {"target", unpack.target},
                {"missing", unpack.missing}, {"fresh", unpack.fresh}};
  if (unpack.base_table) {
    value["base"] = unpack.base;
    value["baseTable"] = unpack.base_table->str();
  }
  if (!unpack.owner.empty()) value["owner"] = unpack.owner;
  if (!unpack.links.empty()) value["links"] = unpack.links;
  return value;
}

Unpack unpack_from_json(const Step& step) {
  Fields fields(step.data, step.id);
  Unpack unpack{.path = fields.text("path"),
                .directory = fields.text("directory"),
                .staging = fields.text("staging"),
                .table = Digest::parse(fields.text("table")),
                .base = fields.text_if("base").value_or(""),
                .base_table = {},
                .owner = fields.text_if("owner").value_or(""),
                .site = fields.text("site"),
                .target = fields.text("target"),
                .missing = fields.texts("missing"),
                .fresh = fields.flag("fresh")};
  if (fields.value_if("links") != nullptr)
    unpack.links = texts_by_key(fields.object("links"), fields.at("links"));
  if (const auto table = fields.text_if("baseTable")) unpack.base_table = Digest::parse(*table);
  fields.done();
  return unpack;
}

std::optional<std::string> unpacked_directory(const std::vector<Step>& steps) {
  const auto last = std::find_if(steps.rbegin(), steps.rend(),
                                 [](const Step& each) { return each.action == kUnpack; });
  return last == steps.rend() ? std::nullopt : std::optional(unpack_from_json(*last).directory);
}

Json to_json(const Share& share) {
  Json value = {{"path", share.path},
                {"folders", share.folders},
                {"missing", share.missing},
                {"moves", share.moves}};
  if (!share.owner.empty()) value["owner"] = share.owner;
  return value;
}

Share share_from_json(const Step& step) {
  Fields fields(step.data, step.id);
  Share share{.path = fields.text("path"),
              .owner = fields.text_if("owner").value_or(""),
              .folders = texts_by_key(fields.object("folders"), fields.at("folders")),
              .missing = fields.texts("missing"),
              .moves = texts_by_key(fields.object("moves"), fields.at("moves"))};
  fields.done();
  return share;
}

Json to_json(const Keep& keep) {
  Json value = {{"path", keep.path}, {"target", keep.target}, {"after", to_json(keep.after)}};
  if (keep.before) value["before"] = to_json(*keep.before);
  if (!keep.owner.empty()) value["owner"] = keep.owner;
  return value;
}

Keep keep_from_json(const Step& step) {
  Fields fields(step.data, step.id);
  Keep keep{.path = fields.text("path"),
            .target = fields.text("target"),
            .owner = fields.text_if("owner").value_or(""),
            .after = {},
            .before = {}};
  keep.after = kept_set_from_json(fields.object("after"), fields.at("after"));
  if (const Json* before = fields.value_if("before")) {
    keep.before = kept_set_from_json(*before, fields.at("before"));
  }
  fields.done();
  return keep;
}

Json to_json(const Switch& change) {
  return {
      {"path", change.path}, {"from", change.from}, {"to", change.to}, {"scratch", change.scratch}};
}

Switch switch_from_json(const Step& step) {
  Fields fields(step.data, step.id);
  Switch change{.path = fields.text("path"),
                .from = fields.text("from"),
                .to = fields.text("to"),
                .scratch = fields.text("scratch")};
  fields.done();
  return change;
}

}  // namespace sealift::installer
