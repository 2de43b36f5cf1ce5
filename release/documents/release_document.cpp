// SPDX-License-Identifier: Apache-2.0
#include "release/documents/release_document.hpp"

#include <algorithm>
#include <set>

#include "base/format.hpp"
#include "base/path.hpp"
#include "release/text/semver.hpp"
#include "release/values/value_names.hpp"

namespace sealift::release {

namespace {

// That a component is not optional is not written.
Json row_to_json(const ComponentRow& row) {
  Json value = {{"name", row.name}, {"artifactType", row.artifact_type}, {"target", row.target}};
  if (row.optional) value["optional"] = true;
  return value;
}

ComponentRow row_from_json(const Json& value, const std::string& where) {
  Fields fields(value, where);
  ComponentRow row{.name = fields.text("name"),
                   .artifact_type = fields.text("artifactType"),
                   .target = fields.text("target")};
  if (fields.value_if("optional") != nullptr) row.optional = fields.flag("optional");
  fields.done();
  require_name(row.name, fields.at("name"));
  require_name(row.target, fields.at("target"));
  return row;
}

// Values of every environment travel: one bundle serves all sites, and each takes its own.
std::map<std::string, std::map<std::string, Json>> environments_from_json(
    const Json& value, const std::string& where) {
  std::map<std::string, std::map<std::string, Json>> environments;
  for (const auto& [name, values] : value.items()) {
    require_name(name, where);
    std::map<std::string, Json>& kept = environments[name];
    if (!values.is_object()) {
      throw Error(Errc::corrupt, format("{}.{}: expected an object", where, name));
    }
    for (const auto& [key, one] : values.items()) {
      if (const std::string found = mistake_in(one); !found.empty()) {
        throw Error(Errc::corrupt, format("{}.{}.{}: {}", where, name, printable(key, 80), found));
      }
      kept[key] = one;
    }
  }
  return environments;
}

}  // namespace

void require_canonical(std::string_view text, const std::string& written, std::string_view where) {
  if (text != written) {
    throw Error(Errc::corrupt, format("{}: found a spelling that is not the canonical one", where));
  }
}

void require_name(const std::string& name, std::string_view where) {
  if (is_name(name)) return;
  throw Error(Errc::corrupt, format("{}: found the name \"{}\", expected at most 64 of a-z 0-9 . "
                                    "_ - and a letter or digit first",
                                    where, printable(name, 80)));
}

std::string to_text(const ReleaseDocument& document) {
  Json value = {{"format", kFormat},
                {"name", document.name},
                {"version", document.version},
                {"created", to_text(document.created)},
                {"environments", document.environments}};
  if (!document.source_revision.empty()) value["sourceRevision"] = document.source_revision;
  if (!document.contract.empty()) value["contract"] = document.contract.to_json();
  if (!document.sealed.empty()) value["sealed"] = to_json(document.sealed);
  for (const HealthCheck& check : document.health) value["health"].push_back(to_json(check));
  for (const Hook& hook : document.hooks) value["hooks"].push_back(to_json(hook));
  if (!document.scripts.empty()) value["scripts"] = document.scripts;
  Json requires_ = Json::object();
  if (!document.upgrade_from.empty()) requires_["upgradeFrom"] = document.upgrade_from;
  if (!document.installer.empty()) requires_["installer"] = document.installer;
  if (!document.arch.empty()) requires_["arch"] = document.arch;
  if (!requires_.empty()) value["requires"] = requires_;
  value["components"] = Json::array();
  for (const ComponentRow& row : document.components) {
    value["components"].push_back(row_to_json(row));
  }
  return to_canonical(value);
}

namespace {

// Just those that the document's checks and hooks name.
Scripts read_scripts(Fields& fields, const ReleaseDocument& document) {
  Scripts scripts;
  if (fields.value_if("scripts") != nullptr) {
    scripts = scripts_from_json(fields.object("scripts"), fields.at("scripts"));
  }
  std::set<std::string> carried;
  for (const auto& [path, unused] : scripts) carried.insert(path);
  if (carried != scripts_named(commands_of(document.health, document.hooks))) {
    fields.refuse("scripts", "expected just those that checks and hooks name");
  }
  return scripts;
}

// What it asks of the site and of the release that it takes the place of.
void read_requires(Fields& fields, ReleaseDocument& document) {
  const Json* found = fields.value_if("requires");
  if (found == nullptr) return;
  Fields inner(*found, fields.at("requires"));
  document.upgrade_from = inner.text_if("upgradeFrom").value_or("");
  document.installer = inner.text_if("installer").value_or("");
  if (inner.value_if("arch") != nullptr) document.arch = inner.texts("arch");
  inner.done();
}

void check_versions(const ReleaseDocument& document, const std::string& where) {
  try {
    Version::parse(document.version);
    if (!document.upgrade_from.empty()) VersionRange::parse(document.upgrade_from);
    if (!document.installer.empty()) VersionRange::parse(document.installer);
  } catch (const Error& error) {
    throw Error(Errc::corrupt, error.within(where).problems());
  }
}

}  // namespace

ReleaseDocument parse_release_document(std::string_view text) {
  const std::string where = "release.json";
  const Json value = parse_json(text, where);
  Fields fields(value, where);
  // Asked first, before anything that another format may have changed.
  if (const std::uint64_t format_found = fields.number("format"); format_found != kFormat) {
    throw Error(Errc::incompatible,
                format("{}: found bundle format {}, this program reads format {}", where,
                       format_found, kFormat),
                "use the installer that the release notes name");
  }
  ReleaseDocument document{.name = fields.text("name"),
                           .version = fields.text("version"),
                           .created = fields.time("created"),
                           .source_revision = fields.text_if("sourceRevision").value_or(""),
                           .environments = environments_from_json(fields.object("environments"),
                                                                  fields.at("environments")),
                           .contract = {},
                           .upgrade_from = {},
                           .installer = {},
                           .arch = {},
                           .components = {}};
  if (fields.value_if("contract") != nullptr) {
    document.contract = Contract::from_json(fields.object("contract"), fields.at("contract"));
  }
  if (fields.value_if("sealed") != nullptr) {
    document.sealed = sealed_from_json(fields.object("sealed"), fields.at("sealed"));
    for (const auto& [environment, unused] : document.sealed) {
      if (!document.environments.contains(environment)) {
        fields.refuse("sealed", format("found the environment \"{}\", which the release has not",
                                       printable(environment, 80)));
      }
    }
  }
  if (const Json* health = fields.value_if("health")) {
    document.health = health_checks_from_json(*health, fields.at("health"));
  }
  if (const Json* hooks = fields.value_if("hooks")) {
    document.hooks = hooks_from_json(*hooks, fields.at("hooks"));
  }
  document.scripts = read_scripts(fields, document);
  read_requires(fields, document);
  for (const Json& row : fields.array("components")) {
    document.components.push_back(
        row_from_json(row, format("{}[{}]", fields.at("components"), document.components.size())));
  }
  fields.done();
  // It becomes a part of paths and of file names on the site.
  require_name(document.name, fields.at("name"));
  check_versions(document, where);
  require_canonical(text, to_text(document), where);
  return document;
}

}  // namespace sealift::release
