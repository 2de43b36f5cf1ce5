// SPDX-License-Identifier: Apache-2.0
#pragma once

// What is checked of the objects of each program. Each function adds to `found` what is wrong with
// one object, which lies in the file that `place` names. What an object refers to is
// references.hpp's.

#include "observability/shape.hpp"

namespace sealift::observability {

// Of Datadog's API v1 (docs.datadoghq.com/api: Dashboards, Monitors, Service Level Objectives).
void check_dashboard(const Json& body, const Place& place, Found& found);
void check_monitor(const Json& body, const Place& place, Found& found);
void check_slo(const Json& body, const Place& place, Found& found);
// The same API's Synthetics and Logs Pipelines.
void check_api_test(const Json& body, const Place& place, Found& found);
void check_browser_test(const Json& body, const Place& place, Found& found);
void check_pipeline(const Json& body, const Place& place, Found& found);

// A file of rules (prometheus.io, "Recording rules", "Alerting rules"). Prometheus refuses fields
// that it does not know. Expressions are not read: `promtool check rules` does that.
void check_prometheus(const Json& body, const Place& place, Found& found);

// A dashboard that Grafana reads from a file (grafana.com, "Dashboard JSON model", "Provision
// Grafana").
void check_grafana(const Json& body, const Place& place, Found& found);

}  // namespace sealift::observability
