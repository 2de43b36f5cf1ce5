// SPDX-License-Identifier: Apache-2.0
#include "installer/records/check.hpp"

#include "base/format.hpp"
#include "base/path.hpp"

namespace sealift::installer {

namespace {

constexpr std::uint64_t kLargest = 16U << 20;  // bytes of the file

fs::path revision_folder(const Layout& layout, std::uint64_t revision) {
  return layout.revisions() / std::to_string(revision);
}

// The folder of scripts is where commands run, also those that are no script of the release.
bool runs_commands(const Health& health) {
  if (!health.hooks.empty()) return true;
  for (const RenderedCheck& each : health.checks) {
    if (each.check.probe == release::Probe::exec) return true;
  }
  return false;
}

}  // namespace

// What is empty has no key, so that older installers read what they know.
Json to_json(const RenderedCheck& check) {
  Json value = {{"check", release::to_json(check.check)}};
  if (!check.environment.empty()) value["environment"] = check.environment;
  if (!check.container.is_null()) value["container"] = check.container;
  return value;
}

Json to_json(const std::vector<RenderedCheck>& checks) {
  Json list = Json::array();
  for (const RenderedCheck& each : checks) list.push_back(to_json(each));
  return list;
}

RenderedCheck rendered_check_from_json(const Json& value, const std::string& where) {
  Fields fields(value, where);
  RenderedCheck rendered{
      .check = release::health_check_from_json(fields.object("check"), fields.at("check")),
      .environment = {},
      .container = nullptr};
  if (fields.value_if("environment") != nullptr) {
    const Json& environment = fields.object("environment");
    Fields texts(environment, fields.at("environment"));
    for (const auto& [key, unused] : environment.items()) {
      rendered.environment[key] = texts.text(key.c_str());
    }
  }
  if (const Json* container = fields.value_if("container")) rendered.container = *container;
  fields.done();
  return rendered;
}

// The limit is that of a release: more were never written.
std::vector<RenderedCheck> rendered_from_json(const Json& value, const std::string& where) {
  if (!value.is_array() || value.size() > release::kMaxChecks) {
    throw Error(Errc::corrupt,
                format("{}: expected a list of at most {} checks", where, release::kMaxChecks));
  }
  std::vector<RenderedCheck> checks;
  for (const Json& item : value) {
    checks.push_back(rendered_check_from_json(item, format("{}[{}]", where, checks.size())));
  }
  return checks;
}

Health health_from_json(const Json& value, const std::string& where) {
  Fields fields(value, where);
  Health health{.checks = rendered_from_json(fields.array("checks"), fields.at("checks")),
                .hooks = {},
                .scripts = {}};
  const Json& scripts = fields.object("scripts");
  if (!scripts.empty()) {
    health.scripts = release::scripts_from_json(scripts, fields.at("scripts"));
  }
  fields.done();
  return health;
}

fs::path scripts_folder(const Layout& layout, std::uint64_t revision) {
  return revision_folder(layout, revision) / "scripts";
}

// A bundle holds no secret in clear, and who may run the checks may read them.
void keep_health(const Layout& layout, std::uint64_t revision, const Health& health) {
  const fs::path scripts = scripts_folder(layout, revision);
  if (runs_commands(health)) make_dirs(scripts);
  for (const auto& [path, text] : health.scripts) {
    const fs::path file = scripts / RelPath::parse(path).str();
    make_dirs(file.parent_path());
    write_file(file, text, FileMode::executable);
  }
  if (health.checks.empty()) return;
  write_file(revision_folder(layout, revision) / "health.json",
             to_canonical({{"checks", to_json(health.checks)}, {"scripts", health.scripts}}));
}

// There is no file where nothing is asked.
Health kept_health(const Layout& layout, std::uint64_t revision) {
  const fs::path file = revision_folder(layout, revision) / "health.json";
  if (!path_exists(file)) return {};
  return health_from_json(parse_json(read_file(file, kLargest), file.string()), file.string());
}

}  // namespace sealift::installer
