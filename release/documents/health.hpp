// SPDX-License-Identifier: Apache-2.0
#pragma once

// What a release says of its health: checks that must hold before it stands (docs/health.md). Texts
// of a check may be templates of configuration values until render() has filled them in. A check
// never holds a secret: what it asks and finds is shown and kept.

#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/file.hpp"
#include "base/json.hpp"
#include "release/documents/scripts.hpp"
#include "release/templates/template.hpp"
#include "release/values/environment.hpp"

namespace sealift::release {

inline constexpr std::size_t kMaxChecks = 64;

// What is asked.
enum class Probe { http, tcp, sql, exec, container, kubernetes };
// The spelling in release.yaml and documents.
std::string_view name(Probe probe);

// What an answer must be like. Empty: nothing is asked of it.
struct Expectation {
  unsigned status = 0;                         // of HTTP; 0: any 2xx
  std::map<std::string, std::string> headers;  // name -> a text that its value holds
  std::string body;                            // a text that it holds
  std::map<std::string, std::string> json;     // pointer (RFC 6901) -> the value, as text
  std::optional<std::string> value;            // of SQL: the first column of the first row
};

// That nineteen of twenty requests are answered in time.
struct Latency {
  unsigned requests = 0;
  std::chrono::milliseconds p95{0};
};

struct HealthCheck {
  std::string name;
  Probe probe = Probe::http;
  // URL, HOST:PORT, database, COMPONENT/SERVICE or COMPONENT/KIND/NAME; none of exec
  std::string at;
  std::vector<std::string> command;  // of exec; "./PATH" is a file beside release.yaml
  std::vector<std::string> keys;     // of exec: values that stand in its environment
  std::string query;                 // of SQL
  Expectation expect = {};
  std::optional<Latency> latency = {};
  std::chrono::milliseconds within{60'000};  // until when it must hold
  std::chrono::milliseconds every{1'000};    // from one attempt to the next
  std::chrono::milliseconds stable{0};       // for how long it must hold without a break
  std::chrono::milliseconds timeout{5'000};  // of one attempt
};

Json to_json(const HealthCheck& check);
// Strict; Error{corrupt}.
HealthCheck health_check_from_json(const Json& value, const std::string& where);
std::vector<HealthCheck> health_checks_from_json(const Json& value, const std::string& where);

// What is wrong with the checks of release.yaml that JSON Schema cannot express; `refuse` is given
// a pointer, what was found and a hint.
using Refuse = std::function<void(const std::string&, const std::string&, const std::string&)>;
void check_health(const Json& root, const Refuse& refuse);
// The checks of a release.yaml that keeps the rules.
std::vector<HealthCheck> read_health(const Json& root);

// The templates of a check, each with its field's name in messages: "WHERE.http:1".
std::vector<Template> templates_of(const HealthCheck& check, const std::string& where);
// The check with the values in place. Throws Error{invalid_input} with every mistake.
HealthCheck render(const HealthCheck& check, const Values& values, const std::string& where);

}  // namespace sealift::release
