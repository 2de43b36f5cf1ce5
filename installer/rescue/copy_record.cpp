// SPDX-License-Identifier: Apache-2.0
#include "installer/rescue/copy_record.hpp"

#include "base/file.hpp"
#include "base/format.hpp"
#include "base/json.hpp"
#include "base/path.hpp"

namespace sealift::installer {

namespace {

constexpr std::size_t kMaxBytes = 16U << 20;

CopyRecord record_from_json(const Json& value, const std::string& where) {
  Fields fields(value, where);
  CopyRecord record;
  const Json& there = fields.object("there");
  Fields names(there, fields.at("there"));
  for (const auto& [name, unused] : there.items()) {
    record.there.emplace(name, names.digest(name.c_str()));
  }
  if (fields.value_if("removed") != nullptr) {
    for (const std::string& name : fields.texts("removed")) record.removed.insert(name);
  }
  if (const auto failed = fields.text_if("failed")) {
    record.failed = *failed;
    record.failed_at = fields.time("failedAt");
  }
  fields.done();
  return record;
}

Json to_json(const CopyRecord& record) {
  Json value = {{"there", Json::object()}};
  for (const auto& [name, digest] : record.there) value["there"][name] = digest.str();
  if (!record.removed.empty()) value["removed"] = record.removed;
  if (record.failed.empty()) return value;
  value["failed"] = record.failed;
  value["failedAt"] = to_text(record.failed_at.value());
  return value;
}

}  // namespace

std::map<std::string, CopyRecord> read_copy_records(const Layout& layout) {
  std::map<std::string, CopyRecord> records;
  if (!path_exists(layout.copies())) return records;
  const std::string where = layout.copies().string();
  const Json all = parse_json(read_file(layout.copies(), kMaxBytes), where);
  if (!all.is_object()) throw Error(Errc::corrupt, format("{}: expected a mapping", where));
  for (const auto& [place, value] : all.items()) {
    records.emplace(place, record_from_json(value, where));
  }
  return records;
}

void write_copy_records(const Layout& layout, const std::map<std::string, CopyRecord>& records) {
  Json all = Json::object();
  for (const auto& [place, record] : records) all[place] = to_json(record);
  write_file(layout.copies(), to_pretty(all));
}

}  // namespace sealift::installer
