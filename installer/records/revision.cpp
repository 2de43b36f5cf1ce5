// SPDX-License-Identifier: Apache-2.0
#include "installer/records/revision.hpp"

#include "base/format.hpp"
#include "base/path.hpp"
#include "installer/records/flags.hpp"

namespace sealift::installer {

std::string Revision::title() const {
  return digest ? format("{} ({})", printable(version), digest->short_hex()) : printable(version);
}

std::string title_of(const Revision* revision) {
  return revision == nullptr ? std::string(kNoRelease) : revision->title();
}

const Placement* Revision::placement_at(const std::string& path) const {
  for (const Placement& each : placements) {
    if (each.path == path) return &each;
  }
  return nullptr;
}

const Placement* Revision::flags_placement() const {
  for (const Placement& each : placements) {
    if (has_flags(each)) return &each;
  }
  return nullptr;
}

// Optional keys are left out where they say nothing: most revisions are no rollback and no change
// of flags.
Json to_json(const Revision& revision) {
  Json placements = Json::array();
  for (const Placement& placement : revision.placements) placements.push_back(to_json(placement));
  Json value = {{"number", revision.number},   {"release", revision.release},
                {"version", revision.version}, {"environment", revision.environment},
                {"bundle", revision.bundle},   {"placements", std::move(placements)}};
  if (revision.digest) value["digest"] = revision.digest->str();
  if (revision.parent) value["parent"] = *revision.parent;
  if (revision.restores) value["restores"] = *revision.restores;
  if (revision.changes) value["changes"] = *revision.changes;
  return value;
}

Revision revision_from_json(const Json& value, const std::string& where) {
  Fields fields(value, where);
  Revision revision{.number = fields.number("number"),
                    .release = fields.text("release"),
                    .version = fields.text("version"),
                    .digest = {},
                    .environment = fields.text("environment"),
                    .bundle = fields.text("bundle"),
                    .placements = {},
                    .parent = fields.number_if("parent"),
                    .restores = fields.number_if("restores"),
                    .changes = fields.number_if("changes")};
  if (fields.value_if("digest") != nullptr) revision.digest = fields.digest("digest");
  for (const Json& placement : fields.array("placements")) {
    revision.placements.push_back(placement_from_json(placement, fields.at("placements")));
  }
  fields.done();
  return revision;
}

}  // namespace sealift::installer
