// SPDX-License-Identifier: Apache-2.0
#include "installer/planning/render.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "base/format.hpp"
#include "base/path.hpp"
#include "base/process.hpp"
#include "base/program_file.hpp"
#include "installer/content/site_values.hpp"
#include "net/url.hpp"
#include "release/documents/workload.hpp"
#include "release/templates/references.hpp"

namespace sealift::installer {

namespace {

using release::HealthCheck;
using release::Probe;

class Rendering {
 public:
  Rendering(const bundle::Contents& contents, const release::Values& values,
            const Installation& installation, const std::vector<Placement>& placements)
      : contents_(contents),
        values_(values),
        installation_(installation),
        placements_(placements),
        secrets_(secrets_given(contents.document, installation.site)) {
    for (const auto& [key, declared] : contents.document.contract.keys()) {
      if (declared.secret) secrets_.insert(key);
    }
    resolved_ = release::resolve(values);
  }

  Health all() {
    Health health;
    Problems problems;
    for (const HealthCheck& check : contents_.document.health) {
      const std::string where = format("health check {}", check.name);
      try {
        if (is_left_out(check)) continue;
        health.checks.push_back(one(check, where));
      } catch (const Error& error) {
        problems.add(error);
      }
    }
    for (const release::Hook& hook : contents_.document.hooks) {
      try {
        RenderedCheck run = one(hook.run, format("hook {}", hook.run.name));
        run.environment["SEALIFT_HOOK"] = hook.run.name;
        health.hooks.push_back({.moment = hook.moment, .run = std::move(run)});
      } catch (const Error& error) {
        problems.add(error);
      }
    }
    problems.throw_if_any(Errc::incompatible);
    health.scripts = contents_.document.scripts;
    return health;
  }

 private:
  static std::string component_of(const HealthCheck& check) {
    return check.at.substr(0, check.at.find('/'));
  }

  const Placement* placement_of(const std::string& component) const {
    const auto found =
        std::find_if(placements_.begin(), placements_.end(),
                     [&](const Placement& one) { return one.component == component; });
    return found == placements_.end() ? nullptr : &*found;
  }

  // Whose components a check asks for; empty: it asks for none.
  static std::string_view runtime_of(const HealthCheck& check) {
    if (check.probe == Probe::container) return release::kCompose;
    if (check.probe == Probe::kubernetes) return release::kKubernetes;
    return {};
  }

  bool is_left_out(const HealthCheck& check) const {
    if (runtime_of(check).empty()) return false;
    for (const release::ComponentRow& row : contents_.document.components) {
      if (row.name != component_of(check)) continue;
      return row.optional && !installation_.site.takes(row.name);
    }
    return false;
  }

  // What a check asks and finds is shown and kept.
  void refuse_secrets(const HealthCheck& check, const std::string& where) const {
    std::set<std::string> names(check.keys.begin(), check.keys.end());
    for (const std::string& key : check.keys) names.merge(release::reached_from(key, values_));
    for (const release::Template& each : release::templates_of(check, where)) {
      names.merge(release::names_used(each, values_));
    }
    for (const std::string& name : names) {
      if (!secrets_.contains(name)) continue;
      throw Error(Errc::incompatible, format("{}: uses {}, which is a secret", where, name),
                  "what a check or hook runs and finds is shown and kept: use something that needs "
                  "no secret");
    }
  }

  // A program that the release itself brings is not there yet.
  bool is_brought(const std::string& program) const {
    return std::any_of(installation_.site.targets.begin(), installation_.site.targets.end(),
                       [&](const auto& target) {
                         const std::string& path = target.second.path;
                         return !path.empty() && program.starts_with(path + "/");
                       });
  }

  // What cannot be started on this host is found before anything changes.
  void refuse_unstartable(const HealthCheck& check, const std::string& where) const {
    const std::string& program = check.command.front();
    const auto refuse = [&](const std::string& found, const std::string& hint) {
      throw Error(Errc::incompatible, format("{}: {}: {}", where, printable(program, 200), found),
                  hint);
    };
    if (const std::optional<std::string> script = release::script_of(program)) {
      const fs::path& state = installation_.layout.state;
      if (is_noexec(state)) {
        refuse(format("cannot be started: {} lies on a file system that is mounted noexec",
                      state.string()),
               "mount it without noexec, or move the site's folder");
      }
      const auto text = contents_.document.scripts.find(*script);
      if (text == contents_.document.scripts.end()) return;
      const std::string interpreter = interpreter_of(text->second);
      if (interpreter.empty() || is_brought(interpreter) || path_exists(interpreter)) return;
      refuse(format("asks for the interpreter {}, which is not on this host",
                    printable(interpreter, 200)),
             "install it, or carry a release whose script asks for one that is here");
    }
    if (program.find('/') == program.npos && !is_program(program)) {
      refuse("was not found in PATH", "install it, or correct PATH");
    }
  }

  RenderedCheck one(const HealthCheck& check, const std::string& where) const {
    refuse_secrets(check, where);
    RenderedCheck rendered{
        .check = release::render(check, resolved_, where), .environment = {}, .container = nullptr};
    if (check.probe == Probe::sql && !installation_.site.databases.contains(check.at)) {
      throw Error(Errc::incompatible, format("{}: the site has no database {}", where, check.at),
                  "add it to databases in site.yaml");
    }
    if (check.probe == Probe::http) {
      // An address that is none is found now, and not when the new release is up already.
      blame(Errc::incompatible, where, [&] { return net::Url::parse(rendered.check.at); });
    }
    if (check.probe == Probe::exec) {
      refuse_unstartable(rendered.check, where);
      rendered.environment = environment_of(check, where);
    }
    if (const std::string_view runtime = runtime_of(check); !runtime.empty()) {
      const Placement* placement = placement_of(component_of(check));
      if (placement == nullptr || placement->driver != runtime) {
        throw Error(Errc::incompatible,
                    format("{}: the component {} does not run on {} on this site", where,
                           printable(component_of(check), 80), runtime));
      }
      rendered.container = placement->settings;
    }
    return rendered;
  }

  std::map<std::string, std::string> environment_of(const HealthCheck& check,
                                                    const std::string& where) const {
    std::map<std::string, std::string> environment = {
        {"SEALIFT_RELEASE", contents_.document.name},
        {"SEALIFT_VERSION", contents_.document.version},
        {"SEALIFT_SITE", installation_.id}};
    for (const std::string& key : check.keys) {
      const auto value = resolved_.find(key);
      if (value == resolved_.end() || value->second.is_null() || value->second.is_structured()) {
        throw Error(
            Errc::incompatible,
            format("{}: env: found {} value {}, expected a text, number or boolean", where,
                   value == resolved_.end() || value->second.is_null() ? "no" : "another", key));
      }
      environment[key] = release::scalar_text(value->second);
    }
    return environment;
  }

  const bundle::Contents& contents_;
  const release::Values& values_;
  const Installation& installation_;
  const std::vector<Placement>& placements_;
  std::set<std::string> secrets_;
  release::Values resolved_;
};

}  // namespace

Health rendered_health(const bundle::Contents& contents, const release::Values& values,
                       const Installation& installation, const std::vector<Placement>& placements) {
  if (contents.document.health.empty() && contents.document.hooks.empty()) return {};
  return Rendering(contents, values, installation, placements).all();
}

void leave_out(const std::vector<std::string>& checks, Health& health) {
  for (const std::string& name : checks) {
    const std::size_t left_out = std::erase_if(
        health.checks, [&](const RenderedCheck& each) { return each.check.name == name; });
    if (left_out == 0) {
      throw Error(Errc::usage,
                  format("the release has no health check \"{}\"", printable(name, 80)),
                  "sealift-installer health lists those of the release that stands");
    }
  }
}

}  // namespace sealift::installer
