// SPDX-License-Identifier: Apache-2.0
#include "release/documents/health.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/format.hpp"
#include "base/path.hpp"
#include "base/text.hpp"
#include "release/documents/workload.hpp"
#include "release/values/value_names.hpp"

namespace sealift::release {

namespace {

using std::chrono::milliseconds;

constexpr std::array kProbes = {std::pair{Probe::http, "http"},
                                std::pair{Probe::tcp, "tcp"},
                                std::pair{Probe::sql, "sql"},
                                std::pair{Probe::exec, "exec"},
                                std::pair{Probe::container, "container"},
                                std::pair{Probe::kubernetes, "kubernetes"}};
constexpr std::size_t kMaxText = 8192;  // bytes of a text, rendered or not
constexpr unsigned kMaxRequests = 1000;

// A span of time that a check has, and what it may be.
// What site.yaml and release.yaml write as "10s" and documents as milliseconds.
struct Span {
  const char* key;
  milliseconds HealthCheck::*field;
  milliseconds least;
  milliseconds most;
};
constexpr std::array kSpans = {
    Span{"within", &HealthCheck::within, milliseconds(0), std::chrono::hours(1)},
    Span{"every", &HealthCheck::every, milliseconds(100), std::chrono::minutes(10)},
    Span{"stable", &HealthCheck::stable, milliseconds(0), std::chrono::hours(1)},
    Span{"timeout", &HealthCheck::timeout, milliseconds(100), std::chrono::minutes(10)}};
constexpr Span kP95{"p95", nullptr, milliseconds(1), std::chrono::minutes(1)};

// As documents hold it: numbers there are never negative.
std::uint64_t whole(milliseconds span) {
  return static_cast<std::uint64_t>(span.count());
}

std::string span_text(milliseconds span) {
  if (span.count() % 60'000 == 0) return format("{}m", span.count() / 60'000);
  if (span.count() % 1'000 == 0) return format("{}s", span.count() / 1'000);
  return format("{}ms", span.count());
}

// "500ms", "10s", "2m"; nothing for a text of another form.
std::optional<milliseconds> parse_time_span(const std::string& text) {
  std::int64_t number = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  const std::string_view unit =
      std::string_view(text).substr(static_cast<std::size_t>(end - text.data()));
  const std::int64_t factor = unit == "ms" ? 1 : unit == "s" ? 1'000 : unit == "m" ? 60'000 : 0;
  if (failure != std::errc() || factor == 0 || number < 0 || number >= 1 << 30) return std::nullopt;
  return milliseconds(number * factor);
}

// The text under the span's key; one of another form stays what it was, and the schema says so.
void read_span(const Json& object, const Span& span, milliseconds& into) {
  const std::string text = text_at(object, span.key);
  const std::optional<milliseconds> found = parse_time_span(text);
  if (!found) return;
  if (*found < span.least || *found > span.most) {
    throw Error(Errc::invalid_input,
                format("found \"{}\", expected a time from {} to {}, such as 500ms, 10s or 2m",
                       printable(text, 40), span_text(span.least), span_text(span.most)));
  }
  into = *found;
}

// What a check asks; nothing where it says none or several.
std::optional<Probe> probe_of(const Json& item) {
  std::optional<Probe> probe;
  for (const auto& [each, word] : kProbes) {
    if (!item.contains(word)) continue;
    if (probe) return std::nullopt;
    probe = each;
  }
  return probe;
}

// A key that belongs to another probe is refused rather than ignored: who wrote it relies on it.
// Which keys belong to which probe.
bool has(Probe probe, std::string_view key) {
  if (key == "latency" || key == "status" || key == "headers" || key == "body" || key == "json") {
    return probe == Probe::http;
  }
  if (key == "query" || key == "value") return probe == Probe::sql;
  if (key == "env") return probe == Probe::exec;
  if (key == "expect") return probe == Probe::http || probe == Probe::sql;
  return true;
}

// A container is asked for by what the release calls it, not by the name that an engine gives it.
void check_component_and_service(const std::string& text) {
  const std::size_t slash = text.find('/');
  if (slash == text.npos || !is_name(text.substr(0, slash)) || slash + 1 == text.size() ||
      text.find('/', slash + 1) != text.npos) {
    throw Error(Errc::invalid_input,
                format("found \"{}\", expected COMPONENT/SERVICE", printable(text, 200)));
  }
}

void check_component_and_object(const std::string& text) {
  const std::size_t first = text.find('/');
  const std::size_t second = first == text.npos ? first : text.find('/', first + 1);
  const bool is_good = second != text.npos && is_name(text.substr(0, first)) &&
                       second > first + 1 && second + 1 < text.size() &&
                       text.find('/', second + 1) == text.npos;
  if (is_good) return;
  throw Error(Errc::invalid_input,
              format("found \"{}\", expected COMPONENT/KIND/NAME such as app/Deployment/web",
                     printable(text, 200)));
}

void check_pointer(const std::string& pointer) {
  try {
    [[maybe_unused]] const JsonPointer parsed(pointer);
  } catch (const Json::Mismatch&) {
    throw Error(
        Errc::invalid_input,
        format("found \"{}\", expected a JSON pointer such as /version", printable(pointer, 200)));
  }
}

void check_text(const std::string& text) {
  if (text.size() <= kMaxText) return;
  throw Error(Errc::invalid_input,
              format("found {} bytes, expected at most {}", text.size(), kMaxText));
}

// What a check says beyond the form of its fields; `hold` runs a rule for a field.
template <typename Hold>
void check_meaning(const HealthCheck& check, Hold&& hold) {
  if (check.probe == Probe::container) {
    hold("container", [&] { check_component_and_service(check.at); });
  }
  if (check.probe == Probe::kubernetes) {
    hold("kubernetes", [&] { check_component_and_object(check.at); });
  }
  for (const std::string& word : check.command) hold("exec", [&] { script_of(word); });
  for (const std::string& key : check.keys) {
    hold("env", [&] {
      if (is_value_name(key)) return;
      throw Error(Errc::invalid_input,
                  format("found \"{}\", expected the key of a value", printable(key, 128)));
    });
  }
  for (const auto& [pointer, unused] : check.expect.json) {
    hold("expect.json", [&, &at = pointer] { check_pointer(at); });
  }
}

// Numbers, true and false are compared as texts: a database and JSON write them in different types.
Expectation read_expectation(const Json& item) {
  Expectation expect;
  expect.status = item.value("status", 0U);
  expect.headers = item.value("headers", std::map<std::string, std::string>{});
  expect.body = item.value("body", "");
  const Json pointers = item.value("json", Json::object());
  for (const auto& [pointer, value] : pointers.items()) {
    expect.json[pointer] = scalar_text(value);
  }
  if (item.contains("value")) expect.value = scalar_text(item["value"]);
  return expect;
}

// Of release.yaml, whose form the schema judges; throws Json::Mismatch for a field of another type.
HealthCheck read_check(const Json& item, Probe probe) {
  HealthCheck check{.name = text_at(item, "name"),
                    .probe = probe,
                    .at = text_at(item, std::string(name(probe))),
                    .command = item.value("exec", std::vector<std::string>{}),
                    .keys = item.value("env", std::vector<std::string>{}),
                    .query = text_at(item, "query")};
  check.expect = read_expectation(item.value("expect", Json::object()));
  if (const auto latency = item.find("latency"); latency != item.end()) {
    check.latency = Latency{.requests = latency->at("requests").get<unsigned>(), .p95 = {}};
  }
  return check;
}

// The times of an item; `hold` runs a rule for a field.
template <typename Hold>
void read_times(const Json& item, HealthCheck& check, Hold&& hold) {
  for (const Span& span : kSpans) {
    hold(span.key, [&] { read_span(item, span, check.*span.field); });
  }
  if (!check.latency) return;
  hold("latency.p95", [&] { read_span(item.at("latency"), kP95, check.latency->p95); });
}

// Every text of a check that may be a template, with its field's name.
template <typename Check, typename Use>
void each_text(Check& check, Use&& use) {
  if (check.probe == Probe::http || check.probe == Probe::tcp) {
    use(std::string(name(check.probe)), check.at);
  }
  for (std::size_t i = 0; i < check.command.size(); ++i) {
    if (!check.command[i].starts_with("./")) use(format("exec[{}]", i), check.command[i]);
  }
  if (!check.query.empty()) use("query", check.query);
  for (auto& [key, text] : check.expect.headers) use(format("expect.headers.{}", key), text);
  if (!check.expect.body.empty()) use("expect.body", check.expect.body);
  for (auto& [key, text] : check.expect.json) use(format("expect.json.{}", key), text);
  if (check.expect.value) use("expect.value", *check.expect.value);
}

bool is_template(std::string_view text) {
  return text.find("{{") != text.npos;
}

Json to_json(const Expectation& expect) {
  Json value = Json::object();
  if (expect.status != 0) value["status"] = expect.status;
  if (!expect.headers.empty()) value["headers"] = expect.headers;
  if (!expect.body.empty()) value["body"] = expect.body;
  if (!expect.json.empty()) value["json"] = expect.json;
  if (expect.value) value["value"] = *expect.value;
  return value;
}

Expectation expectation_from_json(const Json& value, const std::string& where) {
  Fields fields(value, where);
  Expectation expect;
  if (const auto status = fields.number_if("status")) {
    if (*status < 100 || *status > 599) fields.refuse("status", "expected 100 to 599");
    expect.status = static_cast<unsigned>(*status);
  }
  if (fields.value_if("headers") != nullptr) {
    expect.headers = texts_by_key(fields.object("headers"), fields.at("headers"));
  }
  expect.body = fields.text_if("body").value_or("");
  if (fields.value_if("json") != nullptr) {
    expect.json = texts_by_key(fields.object("json"), fields.at("json"));
  }
  expect.value = fields.text_if("value");
  fields.done();
  return expect;
}

// As documents hold it: milliseconds, between the same bounds as release.yaml's text.
milliseconds span_from_json(Fields& fields, const Span& span) {
  const std::uint64_t found = fields.number(span.key);
  if (found < static_cast<std::uint64_t>(span.least.count()) ||
      found > static_cast<std::uint64_t>(span.most.count())) {
    fields.refuse(span.key, format("found {} ms, expected {} to {}", found, span.least.count(),
                                   span.most.count()));
  }
  return milliseconds(found);
}

Latency latency_from_json(const Json& value, const std::string& where) {
  Fields fields(value, where);
  const std::uint64_t requests = fields.number("requests");
  if (requests < 1 || requests > kMaxRequests) {
    fields.refuse("requests", format("found {}, expected 1 to {}", requests, kMaxRequests));
  }
  const milliseconds p95 = span_from_json(fields, kP95);
  fields.done();
  return {.requests = static_cast<unsigned>(requests), .p95 = p95};
}

}  // namespace

std::string_view name(Probe probe) {
  for (const auto& [each, word] : kProbes) {
    if (each == probe) return word;
  }
  return "";
}

Json to_json(const HealthCheck& check) {
  Json value = {{"name", check.name}};
  const std::string word(name(check.probe));
  if (check.probe == Probe::exec) {
    value[word] = check.command;
  } else {
    value[word] = check.at;
  }
  if (!check.keys.empty()) value["env"] = check.keys;
  if (!check.query.empty()) value["query"] = check.query;
  if (Json expect = to_json(check.expect); !expect.empty()) value["expect"] = std::move(expect);
  if (check.latency) {
    value["latency"] = {{"requests", check.latency->requests}, {"p95", whole(check.latency->p95)}};
  }
  for (const Span& span : kSpans) value[span.key] = whole(check.*span.field);
  return value;
}

HealthCheck health_check_from_json(const Json& value, const std::string& where) {
  Fields fields(value, where);
  HealthCheck check;
  check.name = fields.text("name");
  if (!is_name(check.name)) fields.refuse("name", "found no name");
  const std::optional<Probe> probe = probe_of(value);
  if (!probe)
    fields.refuse("name", "expected one of http, tcp, sql, exec, container, kubernetes beside it");
  check.probe = *probe;
  const std::string word(name(check.probe));
  if (check.probe == Probe::exec) {
    check.command = fields.texts("exec");
    if (check.command.empty() || check.command.size() > kMaxWords || check.command.front().empty())
      fields.refuse("exec", format("expected 1 to {} words", kMaxWords));
  } else {
    check.at = fields.text(word.c_str());
  }
  if (fields.value_if("env") != nullptr) check.keys = fields.texts("env");
  check.query = fields.text_if("query").value_or("");
  if (const Json* expect = fields.value_if("expect")) {
    check.expect = expectation_from_json(*expect, fields.at("expect"));
  }
  if (const Json* latency = fields.value_if("latency")) {
    check.latency = latency_from_json(*latency, fields.at("latency"));
  }
  for (const Span& span : kSpans) check.*span.field = span_from_json(fields, span);
  fields.done();
  // Behind done(), which refuses what no probe has; here is refused what another probe has.
  for (const auto& [key, unused] : value.items()) {
    if (!has(check.probe, key)) fields.refuse(key, format("is none of {}'s", word));
  }
  if (const auto expect = value.find("expect"); expect != value.end()) {
    for (const auto& [key, unused] : expect->items()) {
      if (!has(check.probe, key)) fields.refuse("expect", format("found {}", printable(key, 40)));
    }
  }
  if ((check.probe == Probe::sql) == check.query.empty()) {
    fields.refuse("query", "expected of sql, and of nothing else");
  }
  check_meaning(check, [&](const char* key, auto&& rule) { while_reading(fields.at(key), rule); });
  each_text(check, [&](const std::string& key, const std::string& text) {
    while_reading(fields.at(key), [&] { check_text(text); });
  });
  return check;
}

std::vector<HealthCheck> health_checks_from_json(const Json& value, const std::string& where) {
  if (!value.is_array() || value.empty() || value.size() > kMaxChecks) {
    throw Error(Errc::corrupt, format("{}: expected a list of 1 to {} checks", where, kMaxChecks));
  }
  std::vector<HealthCheck> checks;
  std::set<std::string> names;
  for (const Json& item : value) {
    checks.push_back(health_check_from_json(item, format("{}[{}]", where, checks.size())));
    if (!names.insert(checks.back().name).second) {
      throw Error(Errc::corrupt,
                  format("{}: two checks are named \"{}\"", where, checks.back().name));
    }
  }
  return checks;
}

void check_health(const Json& root, const Refuse& refuse) {
  const Json& list = list_at(root, "health");
  std::set<std::string> names;
  for (std::size_t i = 0; i < list.size(); ++i) {
    const Json& item = list[i];
    const std::string pointer = format("/health/{}", i);
    if (!item.is_object()) continue;
    if (const std::string name = text_at(item, "name"); !name.empty() && !names.insert(name).second)
      refuse(pointer + "/name", format("two are named \"{}\"", printable(name, 80)), "");
    const std::optional<Probe> probe = probe_of(item);
    if (!probe) {
      refuse(pointer, "expected just one of http, tcp, sql, exec, container and kubernetes", "");
      continue;
    }
    const std::string word(name(*probe));
    const auto belongs = [&](const Json& object, const std::string& at) {
      for (const auto& [key, unused] : object.items()) {
        if (has(*probe, key)) continue;
        refuse(format("{}/{}", at, key),
               format("found {}, which {} does not have", printable(key, 40), word), "");
      }
    };
    belongs(item, pointer);
    belongs(object_at(item, "expect"), pointer + "/expect");
    if (*probe == Probe::sql && text_at(item, "query").empty()) {
      refuse(pointer, "found no query, which sql needs", "");
    }
    const auto hold = [&](const char* key, auto&& rule) {
      try {
        rule();
      } catch (const Error& error) {
        std::string at = key;
        std::replace(at.begin(), at.end(), '.', '/');
        refuse(format("{}/{}", pointer, at), error.message(), error.hint());
      }
    };
    try {
      HealthCheck check = read_check(item, *probe);
      read_times(item, check, hold);
      check_meaning(check, hold);
    } catch (const Json::Mismatch&) {
      continue;  // of another form: the schema has said so
    }
  }
}

std::vector<HealthCheck> read_health(const Json& root) {
  std::vector<HealthCheck> checks;
  for (const Json& item : root.value("health", Json::array())) {
    checks.push_back(read_check(item, probe_of(item).value()));
    read_times(item, checks.back(), [](const char*, auto&& rule) { rule(); });
  }
  return checks;
}

std::vector<Template> templates_of(const HealthCheck& check, const std::string& where) {
  std::vector<Template> templates;
  Problems problems;
  each_text(check, [&](const std::string& key, const std::string& text) {
    if (!is_template(text)) return;
    try {
      templates.push_back(Template::parse(text, format("{}.{}", where, key)));
    } catch (const Error& error) {
      problems.add(error);
    }
  });
  problems.throw_if_any(Errc::invalid_input);
  return templates;
}

HealthCheck render(const HealthCheck& check, const Values& values, const std::string& where) {
  HealthCheck rendered = check;
  Problems problems;
  each_text(rendered, [&](const std::string& key, std::string& text) {
    if (!is_template(text)) return;
    try {
      text = Template::parse(text, format("{}.{}", where, key)).render(values, kMaxText);
    } catch (const Error& error) {
      problems.add(error);
    }
  });
  problems.throw_if_any(Errc::invalid_input);
  return rendered;
}

}  // namespace sealift::release
