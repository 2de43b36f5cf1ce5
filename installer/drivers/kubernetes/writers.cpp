// SPDX-License-Identifier: Apache-2.0
#include "installer/drivers/kubernetes/writers.hpp"

#include "base/format.hpp"
#include "base/text.hpp"

namespace sealift::installer {

namespace {

constexpr const char* kCronJob = "CronJob";

Json to_json(const Writer& writer) {
  return {{"kind", writer.reference.kind},    {"name", writer.reference.name},
          {"kubectl", writer.server.kubectl}, {"kubeconfig", writer.server.kubeconfig},
          {"context", writer.server.context}, {"namespace", writer.server.name_space},
          {"timeout", writer.server.timeout}};
}

Writer writer_from_json(Fields& fields) {
  // One after the other: GCC 12 destroys twice what an aggregate has when its next part throws.
  const std::string kind = fields.text("kind");
  const std::string name = fields.text("name");
  Writer writer;
  writer.reference = writer_reference(kind, name);
  writer.server.kubectl = fields.texts("kubectl");
  writer.server.kubeconfig = fields.text("kubeconfig");
  writer.server.context = fields.text("context");
  writer.server.name_space = fields.text("namespace");
  writer.server.timeout = fields.count("timeout");
  return writer;
}

}  // namespace

kubernetes::Reference writer_reference(const std::string& kind, const std::string& name) {
  return {.api_version = kind == kCronJob ? "batch/v1" : "apps/v1", .kind = kind, .name = name};
}

bool is_cron_job(const Writer& writer) {
  return writer.reference.kind == kCronJob;
}

std::string names_of(const std::vector<Writer>& writers) {
  std::vector<std::string> names;
  names.reserve(writers.size());
  for (const Writer& each : writers) names.push_back(each.reference.str());
  return joined(names);
}

Json to_json(const std::vector<Writer>& writers) {
  Json list = Json::array();
  for (const Writer& each : writers) list.push_back(to_json(each));
  return {{"writers", std::move(list)}};
}

std::vector<Writer> writers_from_json(const Json& value, const std::string& where) {
  Fields fields(value, where);
  std::vector<Writer> writers;
  for (const Json& each : fields.array("writers")) {
    Fields of_one(each, format("{}[{}]", fields.at("writers"), writers.size()));
    writers.push_back(writer_from_json(of_one));
    of_one.done();
  }
  fields.done();
  return writers;
}

Json to_json(const std::vector<StoppedWriter>& writers) {
  Json list = Json::array();
  for (const StoppedWriter& each : writers) {
    Json row = to_json(each.writer);
    row["count"] = each.count;
    row["ours"] = each.is_count_ours;
    row["runs"] = each.runs;
    list.push_back(std::move(row));
  }
  return {{"writers", std::move(list)}};
}

std::vector<StoppedWriter> stopped_writers_from_json(const Json& value, const std::string& where) {
  Fields fields(value, where);
  std::vector<StoppedWriter> writers;
  for (const Json& each : fields.array("writers")) {
    Fields of_one(each, format("{}[{}]", fields.at("writers"), writers.size()));
    StoppedWriter writer;
    writer.writer = writer_from_json(of_one);
    writer.count = of_one.number("count");
    writer.is_count_ours = of_one.flag("ours");
    writer.runs = of_one.flag("runs");
    writers.push_back(std::move(writer));
    of_one.done();
  }
  fields.done();
  return writers;
}

}  // namespace sealift::installer
