// SPDX-License-Identifier: Apache-2.0
#include "installer/drivers/datadog/datadog_settings.hpp"

#include "base/digest.hpp"
#include "base/error.hpp"
#include "base/format.hpp"
#include "installer/drivers/runtime/installed_file.hpp"
#include "installer/drivers/runtime/parts.hpp"
#include "net/token.hpp"
#include "observability/documents.hpp"
#include "release/documents/workload.hpp"

namespace sealift::installer {

namespace {

constexpr std::size_t kSiteOfMark = 16;  // characters of the site's id

using Files = std::map<std::string, std::string>;

constexpr Readable kReadable{.takes = observability::is_document,
                             .most = observability::kMaxDocumentBytes,
                             .most_of_all = observability::kMaxObjectsBytes,
                             .what = "objects"};

// They would be created nowhere, and nobody would notice.
void refuse_others(const std::vector<observability::Object>& objects, const std::string& target,
                   Problems& problems) {
  for (const observability::Object& each : objects) {
    if (observability::is_of_datadog(each.family)) continue;
    problems.add(format("{}: is no object of Datadog, which the target {} is", each.file, target),
                 "put it into a component of its own, whose target is a directory");
  }
}

// A component that was renamed keeps its objects.
std::string mark_for(const RuntimeQuestion& question) {
  const Placement* before = question.before;
  if (before != nullptr && before->driver == release::kDatadog) {
    return datadog_settings_from_json(before->settings, before->component).mark;
  }
  return format("{}-{}", question.site.substr(0, kSiteOfMark), question.component.row.name);
}

// Of what would be sent, so that another layout of a file is no change.
std::string digest_of(const observability::Object& object) {
  return Digest::of(to_canonical(object.body)).hex();
}

}  // namespace

Json to_json(const DatadogSettings& settings) {
  Json objects = Json::array();
  for (const ObjectDigest& each : settings.objects) {
    objects.push_back({{"name", each.name}, {"digest", each.digest}});
  }
  return {{"runtime", release::kDatadog},
          {"api", to_json(settings.api)},
          {"mark", settings.mark},
          {"files", settings.files},
          {"objects", std::move(objects)}};
}

DatadogSettings datadog_settings_from_json(const Json& value, const std::string& where) {
  Fields fields(value, where);
  fields.constant("runtime", release::kDatadog);
  DatadogSettings settings{
      .api = release::datadog_target_from_json(fields.object("api"), fields.at("api")),
      .mark = fields.text("mark"),
      .files = fields.texts("files"),
      .objects = {}};
  for (const Json& each : fields.array("objects")) {
    Fields object(each, format("{}[{}]", fields.at("objects"), settings.objects.size()));
    settings.objects.push_back({object.text("name"), object.text("digest")});
    object.done();
  }
  fields.done();
  return settings;
}

DatadogSettings datadog_settings_of(const Deployment& deployment) {
  return datadog_settings_from_json(deployment.settings, format("{}: settings", deployment.path));
}

std::set<observability::Family> families_of(const DatadogSettings& settings) {
  std::set<observability::Family> families;
  for (const ObjectDigest& each : settings.objects) {
    const std::optional<observability::Family> family = observability::family_of(each.name);
    if (family) families.insert(*family);
  }
  return families;
}

DatadogSettings datadog_settings_for(const RuntimeQuestion& question) {
  const Files files = files_of(question.content, question.component.row.name, kReadable);
  Problems problems;
  const observability::Objects found = observability::read_objects(files, problems);
  refuse_others(found.objects, question.component.row.target, problems);
  problems.throw_if_any(Errc::incompatible);
  DatadogSettings settings{
      .api = *question.target.datadog, .mark = mark_for(question), .files = {}, .objects = {}};
  // Secrets that are not to be had, or are no keys, are said before anything begins.
  for (const std::string* key : {&settings.api.key, &settings.api.application_key}) {
    net::token_in(question.content.secret(*key).view(), format("secret {}", *key));
  }
  for (const auto& [path, unused] : files) settings.files.push_back(path);
  for (const observability::Object& each : found.objects) {
    settings.objects.push_back({each.name, digest_of(each)});
  }
  return settings;
}

std::vector<observability::Object> installed_objects(const Deployment& deployment,
                                                     const DatadogSettings& settings) {
  Files files;
  for (const std::string& path : settings.files) {
    files[path] = installed_file(deployment.path, deployment.directory, path,
                                 observability::kMaxDocumentBytes);
  }
  Problems problems;
  observability::Objects found = observability::read_objects(files, problems);
  bool is_same = problems.empty() && found.objects.size() == settings.objects.size();
  for (std::size_t i = 0; is_same && i < found.objects.size(); ++i) {
    const observability::Object& each = found.objects[i];
    is_same = ObjectDigest{each.name, digest_of(each)} == settings.objects[i];
  }
  if (is_same) return std::move(found.objects);
  throw Error(
      Errc::corrupt,
      format("{}: the files are no longer what was installed", deployment.folder().string()),
      "sealift-installer apply --repair lays them again");
}

}  // namespace sealift::installer
