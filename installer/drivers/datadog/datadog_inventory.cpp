// SPDX-License-Identifier: Apache-2.0
#include "installer/drivers/datadog/datadog_inventory.hpp"

#include "base/error.hpp"
#include "base/format.hpp"
#include "base/json.hpp"
#include "base/log.hpp"

namespace sealift::installer {

namespace {

using observability::Family;

constexpr std::uint64_t kMaxInventory = 1U << 20;  // bytes

// The family is written as its folder.
OwnedObject object_from_json(const Json& value, const std::string& where) {
  Fields fields(value, where);
  const std::string folder = fields.text("family");
  OwnedObject object{
      .family = Family::monitor, .hash = fields.text("file"), .id = fields.text("id")};
  fields.done();
  for (const Family each : observability::kDatadogFamilies) {
    if (observability::folder_of(each) != folder) continue;
    object.family = each;
    return object;
  }
  fields.refuse("family", "expected a folder of objects of Datadog, such as monitors");
}

std::vector<OwnedObject> objects_from_json(const Json& value, const std::string& where) {
  Fields fields(value, where);
  fields.constant("schema", 1);
  std::vector<OwnedObject> objects;
  for (const Json& each : fields.array("objects")) {
    objects.push_back(object_from_json(each, fields.at("objects")));
  }
  fields.done();
  return objects;
}

}  // namespace

DatadogInventory::DatadogInventory(const fs::path& state, const std::string& mark,
                                   const std::string& site)
    : file_(state / "datadog" / format("{}.{}.json", mark, site)) {}

std::vector<OwnedObject> DatadogInventory::read() const {
  if (!path_exists(file_)) return {};
  try {
    const std::string text = read_file(file_, kMaxInventory);
    return objects_from_json(parse_json(text, file_.string()), file_.string());
  } catch (const Error& error) {
    log::detail(error.message());
    return {};
  }
}

void DatadogInventory::write(const std::vector<OwnedObject>& objects) const {
  Json rows = Json::array();
  for (const OwnedObject& each : objects) {
    rows.push_back({{"family", std::string(observability::folder_of(each.family))},
                    {"file", each.hash},
                    {"id", each.id}});
  }
  make_dirs(file_.parent_path(), 0700);
  write_file(file_, to_canonical({{"schema", 1}, {"objects", std::move(rows)}}));
}

}  // namespace sealift::installer
