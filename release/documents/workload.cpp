// SPDX-License-Identifier: Apache-2.0
#include "release/documents/workload.hpp"

#include <algorithm>
#include <array>

#include "base/ascii.hpp"
#include "base/file.hpp"
#include "base/format.hpp"
#include "base/path.hpp"
#include "base/text.hpp"

namespace sealift::release {

namespace {

// Absent where empty.
std::vector<std::string> words(Fields& fields, const char* key) {
  if (fields.value_if(key) == nullptr) return {};
  std::vector<std::string> found = fields.texts(key);
  const bool is_good = !found.empty() && found.size() <= kMaxWords &&
                       std::all_of(found.begin(), found.end(), [](const std::string& word) {
                         return !word.empty() && word.size() <= kMaxWordBytes;
                       });
  if (!is_good) fields.refuse(key, format("expected 1 to {} words", kMaxWords));
  return found;
}

std::vector<std::string> services_of(Fields& fields, const char* key) {
  if (fields.value_if(key) == nullptr) return {};
  std::vector<std::string> services = fields.texts(key);
  if (services.empty() || services.size() > kMaxJobs) {
    fields.refuse(key, format("expected 1 to {} services", kMaxJobs));
  }
  return services;
}

}  // namespace

bool is_runtime(std::string_view word) {
  return word == kCompose || word == kSystemd || word == kExec || word == kKubernetes ||
         word == kDatadog;
}

bool is_unit_name(std::string_view name) {
  constexpr std::array kEndings = {".service", ".socket", ".timer", ".target", ".path"};
  constexpr std::string_view kOthers = ":-_.\\@";
  const bool has_ending = std::any_of(kEndings.begin(), kEndings.end(), [&](std::string_view end) {
    return name.size() > end.size() && name.ends_with(end);
  });
  return has_ending && name.size() <= 255 && name.front() != '-' && name.front() != '.' &&
         std::all_of(name.begin(), name.end(), [&](char c) {
           return is_letter_or_digit(c) || kOthers.find(c) != kOthers.npos;
         });
}

std::vector<std::pair<std::string, const std::vector<std::string>*>> commands_of(
    const Workload& workload) {
  std::vector<std::pair<std::string, const std::vector<std::string>*>> commands = {
      {"apply", &workload.apply}, {"undo", &workload.undo}, {"check", &workload.check}};
  commands.erase(std::remove_if(commands.begin(), commands.end(),
                                [](const auto& each) { return each.second->empty(); }),
                 commands.end());
  return commands;
}

std::string program_in_tree(const std::vector<std::string>& command) {
  const std::string& word = command.front();
  if (word.front() == '/' || word.find('/') == std::string::npos) return "";
  return fs::path(word).lexically_normal().string();
}

Json to_json(const Workload& workload) {
  Json value = {{"runtime", workload.runtime}};
  if (workload.runtime == kCompose) value["file"] = workload.file;
  if (!workload.jobs.empty()) value["jobs"] = workload.jobs;
  if (!workload.canary.empty()) value["canary"] = workload.canary;
  if (workload.runtime == kExec) {
    value["apply"] = workload.apply;
    value["undo"] = workload.undo;
    if (!workload.check.empty()) value["check"] = workload.check;
    value["timeout"] = workload.timeout;
  }
  if (!workload.rendered_by.empty()) value["renderedBy"] = workload.rendered_by;
  return value;
}

Workload workload_from_json(const Json& value, const std::string& where) {
  Fields fields(value, where);
  Workload workload;
  workload.runtime = fields.text("runtime");
  if (workload.runtime == kCompose) {
    workload.file = fields.text("file");
    while_reading(fields.at("file"), [&] { return RelPath::parse(workload.file); });
    workload.jobs = services_of(fields, "jobs");
    workload.canary = services_of(fields, "canary");
  } else if (workload.runtime == kExec) {
    fields.array("apply");
    fields.array("undo");
    workload.apply = words(fields, "apply");
    workload.undo = words(fields, "undo");
    workload.check = words(fields, "check");
    workload.timeout = fields.number("timeout");
    if (workload.timeout == 0 || workload.timeout > kMaxWorkloadTimeout) {
      fields.refuse("timeout", format("expected 1 to {} seconds", kMaxWorkloadTimeout));
    }
  } else if (workload.runtime == kKubernetes) {
    workload.canary = services_of(fields, "canary");
    workload.rendered_by = fields.text_if("renderedBy").value_or("");
    if (workload.rendered_by.size() > kMaxRenderer) {
      fields.refuse("renderedBy", format("expected at most {} bytes", kMaxRenderer));
    }
  } else if (workload.runtime != kSystemd) {
    fields.refuse("runtime", format("found \"{}\"", printable(workload.runtime, 80)));
  }
  fields.done();
  return workload;
}

}  // namespace sealift::release
