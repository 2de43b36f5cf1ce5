// SPDX-License-Identifier: Apache-2.0
#include "release/documents/hook.hpp"

#include <array>
#include <optional>
#include <set>
#include <utility>

#include "base/error.hpp"
#include "base/format.hpp"
#include "base/path.hpp"

namespace sealift::release {

namespace {

constexpr const char* kBefore = "before";
constexpr const char* kAfter = "after";
constexpr const char* kTimeout = "60s";

struct Spelling {
  Moment moment;
  const char* key;
  const char* phase;
};
constexpr std::array kSpellings = {Spelling{Moment::before_stage, kBefore, "stage"},
                                   Spelling{Moment::after_stage, kAfter, "stage"},
                                   Spelling{Moment::before_check, kBefore, "check"},
                                   Spelling{Moment::after_check, kAfter, "check"},
                                   Spelling{Moment::after_commit, kAfter, "commit"}};

// One row for each moment that changes nothing by itself; what runs in the middle of a change is a
// step of a driver.
const Spelling& spelling_of(Moment moment) {
  for (const Spelling& each : kSpellings) {
    if (each.moment == moment) return each;
  }
  throw Error(Errc::internal, "a hook has no moment");
}

// Nothing where an item says none, several, or one that is none.
std::optional<Moment> moment_of(const Json& item) {
  if (item.contains(kBefore) == item.contains(kAfter)) return std::nullopt;
  for (const Spelling& each : kSpellings) {
    if (text_at(item, each.key) == each.phase) return each.moment;
  }
  return std::nullopt;
}

// The hooks of a release.yaml as checks, which have the rules and the reading.
Json read_as_checks(const Json& root) {
  Json checks = Json::array();
  for (Json item : root.value("hooks", Json::array())) {
    if (!item.is_object() || !item.contains("exec")) {
      checks.push_back(nullptr);  // of another form: the schema has said so
      continue;
    }
    item.erase(kBefore);
    item.erase(kAfter);
    if (!item.contains("timeout")) item["timeout"] = kTimeout;
    checks.push_back(std::move(item));
  }
  return {{"health", std::move(checks)}};
}

// A document leaves out what a hook does not have of a check.
constexpr std::array kHookSpans = {"within", "every", "stable"};

Hook hook_from_json(const Json& value, const std::string& where) {
  const std::optional<Moment> moment = value.is_object() ? moment_of(value) : std::nullopt;
  if (!moment) {
    throw Error(
        Errc::corrupt,
        format("{}: expected a moment: before or after a phase that changes nothing", where));
  }
  Json check = value;
  check.erase(kBefore);
  check.erase(kAfter);
  const Json defaults = to_json(HealthCheck{});
  // A hook runs once: it is not tried again, and does not have to stay well for a while.
  for (const char* span : kHookSpans) {
    if (check.contains(span)) {
      throw Error(Errc::corrupt, format("{}: found {}, which a hook does not have", where, span));
    }
    check[span] = defaults.at(span);
  }
  Hook hook{.moment = *moment, .run = health_check_from_json(check, where)};
  if (hook.run.probe != Probe::exec) {
    throw Error(Errc::corrupt, format("{}: expected a command, exec", where));
  }
  return hook;
}

}  // namespace

std::string name(Moment moment) {
  const Spelling& spelling = spelling_of(moment);
  return format("{} {}", spelling.key, spelling.phase);
}

Json to_json(const Hook& hook) {
  Json value = to_json(hook.run);
  for (const char* span : kHookSpans) value.erase(span);
  const Spelling& spelling = spelling_of(hook.moment);
  value[spelling.key] = spelling.phase;
  return value;
}

std::vector<Hook> hooks_from_json(const Json& value, const std::string& where) {
  if (!value.is_array() || value.empty() || value.size() > kMaxHooks) {
    throw Error(Errc::corrupt, format("{}: expected a list of 1 to {} hooks", where, kMaxHooks));
  }
  std::vector<Hook> hooks;
  std::set<std::string> names;
  for (const Json& item : value) {
    hooks.push_back(hook_from_json(item, format("{}[{}]", where, hooks.size())));
    if (!names.insert(hooks.back().run.name).second) {
      throw Error(Errc::corrupt,
                  format("{}: two hooks are named \"{}\"", where, hooks.back().run.name));
    }
  }
  return hooks;
}

void check_hooks(const Json& root, const Refuse& refuse) {
  check_health(read_as_checks(root),
               [&](const std::string& pointer, const std::string& found, const std::string& hint) {
                 refuse("/hooks" + pointer.substr(std::string_view("/health").size()), found, hint);
               });
  const Json& list = list_at(root, "hooks");
  for (std::size_t i = 0; i < list.size(); ++i) {
    if (!list[i].is_object() || list[i].contains(kBefore) != list[i].contains(kAfter)) continue;
    refuse(format("/hooks/{}", i), "expected just one of before and after", "");
  }
}

std::vector<Hook> read_hooks(const Json& root) {
  const Json list = root.value("hooks", Json::array());
  std::vector<Hook> hooks;
  for (HealthCheck& run : read_health(read_as_checks(root))) {
    hooks.push_back({.moment = moment_of(list[hooks.size()]).value(), .run = std::move(run)});
  }
  return hooks;
}

Commands commands_of(const std::vector<HealthCheck>& checks, const std::vector<Hook>& hooks) {
  Commands commands;
  for (const HealthCheck& check : checks) commands.push_back(check.command);
  for (const Hook& hook : hooks) commands.push_back(hook.run.command);
  return commands;
}

}  // namespace sealift::release
