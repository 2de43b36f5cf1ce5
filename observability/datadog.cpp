// SPDX-License-Identifier: Apache-2.0
#include <array>

#include "base/format.hpp"
#include "observability/rules.hpp"
#include "release/text/schema.hpp"

namespace sealift::observability {

namespace {

using Words = std::string_view;

constexpr std::array<Words, 2> kLayouts = {"ordered", "free"};
constexpr std::array<Words, 2> kReflows = {"auto", "fixed"};
constexpr std::array<Words, 23> kMonitorTypes = {"metric alert",
                                                 "query alert",
                                                 "service check",
                                                 "event alert",
                                                 "event-v2 alert",
                                                 "log alert",
                                                 "process alert",
                                                 "rum alert",
                                                 "trace-analytics alert",
                                                 "slo alert",
                                                 "composite",
                                                 "synthetics alert",
                                                 "audit alert",
                                                 "ci-pipelines alert",
                                                 "ci-tests alert",
                                                 "error-tracking alert",
                                                 "cost alert",
                                                 "database-monitoring alert",
                                                 "network-performance alert",
                                                 "network-path alert",
                                                 "data-quality alert",
                                                 "data-jobs alert",
                                                 "llm-observability alert"};
constexpr std::array<Words, 4> kMissingData = {"default", "resolve", "show_no_data",
                                               "show_and_notify_no_data"};
constexpr std::array<Words, 4> kPresets = {"show_all", "hide_query", "hide_handles", "hide_all"};
constexpr std::array<Words, 3> kSloTypes = {"metric", "monitor", "time_slice"};
constexpr std::array<Words, 4> kTimeframes = {"7d", "30d", "90d", "custom"};

constexpr std::array kDefinitionFields = {Field{"type", Sort::text, Need::required}};
// Each of the many sorts of widgets has fields of its own.
constexpr Shape kDefinition{"a widget's definition", kDefinitionFields, Others::ignored};

constexpr std::array kLayoutFields = {
    Field{"x", Sort::whole, Need::required}, Field{"y", Sort::whole, Need::required},
    Field{"width", Sort::whole, Need::required}, Field{"height", Sort::whole, Need::required},
    Field{"is_column_break", Sort::flag}};
constexpr Shape kLayout{"a widget's layout", kLayoutFields};

constexpr std::array kWidgetFields = {
    Field{"definition", Sort::object, Need::required, {}, &kDefinition},
    Field{"layout", Sort::object, Need::optional, {}, &kLayout}, Field{"id", Sort::whole}};
constexpr Shape kWidget{"a widget", kWidgetFields};

constexpr std::array kVariableFields = {Field{"name", Sort::text, Need::required},
                                        Field{"prefix", Sort::text},
                                        Field{"default", Sort::text},
                                        Field{"defaults", Sort::texts},
                                        Field{"available_values", Sort::texts},
                                        Field{"type", Sort::text}};
constexpr Shape kVariable{"a template variable", kVariableFields};

constexpr std::array kDashboardFields = {
    Field{"title", Sort::text, Need::required},
    Field{"layout_type", Sort::text, Need::required, kLayouts},
    Field{"widgets", Sort::list, Need::required, {}, &kWidget},
    Field{"description", Sort::text},
    Field{"reflow_type", Sort::text, Need::optional, kReflows},
    Field{"template_variables", Sort::list, Need::optional, {}, &kVariable},
    Field{"template_variable_presets", Sort::list},
    Field{"notify_list", Sort::texts},
    Field{"restricted_roles", Sort::texts},
    Field{"is_read_only", Sort::flag},
    Field{"tabs", Sort::list},
    Field{"tags", Sort::texts}};
constexpr Shape kDashboard{"a dashboard of Datadog", kDashboardFields};

constexpr std::array kMonitorThresholdFields = {
    Field{"critical", Sort::number}, Field{"critical_recovery", Sort::number},
    Field{"warning", Sort::number},  Field{"warning_recovery", Sort::number},
    Field{"ok", Sort::number},       Field{"unknown", Sort::number}};
constexpr Shape kMonitorThresholds{"a monitor's thresholds", kMonitorThresholdFields};

constexpr std::array kOptionFields = {
    Field{"thresholds", Sort::object, Need::optional, {}, &kMonitorThresholds},
    Field{"on_missing_data", Sort::text, Need::optional, kMissingData},
    Field{"notification_preset_name", Sort::text, Need::optional, kPresets},
    Field{"notify_no_data", Sort::flag},
    Field{"no_data_timeframe", Sort::whole},
    Field{"notify_audit", Sort::flag},
    Field{"notify_by", Sort::texts},
    Field{"renotify_interval", Sort::whole},
    Field{"renotify_occurrences", Sort::whole},
    Field{"renotify_statuses", Sort::texts},
    Field{"escalation_message", Sort::text},
    Field{"include_tags", Sort::flag},
    Field{"require_full_window", Sort::flag},
    Field{"new_host_delay", Sort::whole},
    Field{"new_group_delay", Sort::whole},
    Field{"evaluation_delay", Sort::whole},
    Field{"timeout_h", Sort::whole},
    Field{"locked", Sort::flag},
    Field{"silenced", Sort::object},
    Field{"threshold_windows", Sort::object},
    Field{"variables", Sort::list},
    Field{"scheduling_options", Sort::object},
    Field{"aggregation", Sort::object},
    Field{"enable_logs_sample", Sort::flag},
    Field{"enable_samples", Sort::flag},
    Field{"groupby_simple_monitor", Sort::flag},
    Field{"group_retention_duration", Sort::text},
    Field{"avalanche_window", Sort::whole},
    Field{"min_failure_duration", Sort::whole},
    Field{"min_location_failed", Sort::whole},
    Field{"synthetics_check_id", Sort::any},
    Field{"device_ids", Sort::texts}};
constexpr Shape kOptions{"a monitor's options", kOptionFields};

constexpr std::array kMonitorFields = {
    Field{"name", Sort::text, Need::required},
    Field{"type", Sort::text, Need::required, kMonitorTypes},
    Field{"query", Sort::text, Need::required},
    Field{"message", Sort::text},
    Field{"tags", Sort::texts},
    Field{"priority", Sort::whole},
    Field{"options", Sort::object, Need::optional, {}, &kOptions},
    Field{"restricted_roles", Sort::texts},
    Field{"restriction_policy", Sort::object},
    Field{"draft_status", Sort::text},
    Field{"assets", Sort::list}};
constexpr Shape kMonitor{"a monitor of Datadog", kMonitorFields};

constexpr std::array kSloThresholdFields = {
    Field{"timeframe", Sort::text, Need::required, kTimeframes},
    Field{"target", Sort::number, Need::required}, Field{"target_display", Sort::text},
    Field{"warning", Sort::number}, Field{"warning_display", Sort::text}};
constexpr Shape kSloThreshold{"a threshold of an SLO", kSloThresholdFields};

constexpr std::array kSloQueryFields = {Field{"numerator", Sort::text, Need::required},
                                        Field{"denominator", Sort::text, Need::required}};
constexpr Shape kSloQuery{"the query of an SLO", kSloQueryFields};

constexpr std::array kSloFields = {
    Field{"name", Sort::text, Need::required},
    Field{"type", Sort::text, Need::required, kSloTypes},
    Field{"thresholds", Sort::list, Need::required, {}, &kSloThreshold},
    Field{"description", Sort::text},
    Field{"tags", Sort::texts},
    Field{"monitor_ids", Sort::list},
    Field{"groups", Sort::texts},
    Field{"query", Sort::object, Need::optional, {}, &kSloQuery},
    Field{"sli_specification", Sort::object},
    Field{"timeframe", Sort::text, Need::optional, kTimeframes},
    Field{"target_threshold", Sort::number},
    Field{"warning_threshold", Sort::number}};
constexpr Shape kSlo{"an SLO of Datadog", kSloFields};

// Which of its fields an SLO measures by follows from its type.
struct Measure {
  std::string_view type;
  std::string_view field;
  std::string_view other;  // that does as well; empty: none
};
constexpr std::array kMeasures = {Measure{"metric", "query", "sli_specification"},
                                  Measure{"monitor", "monitor_ids", ""},
                                  Measure{"time_slice", "sli_specification", ""}};

bool has(const Json& body, std::string_view field) {
  const auto found = body.find(field);
  return found != body.end() && !found->is_null() && !(found->is_array() && found->empty());
}

}  // namespace

void check_dashboard(const Json& body, const Place& place, Found& found) {
  check_shape(body, kDashboard, place, found);
}

void check_monitor(const Json& body, const Place& place, Found& found) {
  check_shape(body, kMonitor, place, found);
  constexpr std::string_view kPriority = "priority";
  const auto priority = body.find(kPriority);
  if (priority == body.end() || !priority->is_number_integer()) return;
  if (*priority == 1 || *priority == 2 || *priority == 3 || *priority == 4 || *priority == 5) {
    return;
  }
  found.mistakes.add(format("{}: found {}, expected a number from 1 to 5",
                            place.of(kPriority).str(), release::described(*priority)));
}

void check_slo(const Json& body, const Place& place, Found& found) {
  check_shape(body, kSlo, place, found);
  const std::string type = text_at(body, "type");
  for (const Measure& each : kMeasures) {
    if (each.type != type || has(body, each.field) || has(body, each.other)) continue;
    found.mistakes.add(format("{}: found no {}, which an SLO of the type {} needs", place.str(),
                              each.field, type));
  }
  constexpr std::string_view kThresholds = "thresholds";
  if (body.is_object() && list_at(body, kThresholds).empty() && body.contains(kThresholds)) {
    found.mistakes.add(
        format("{}: found none, expected at least one", place.of(kThresholds).str()));
  }
}

}  // namespace sealift::observability
