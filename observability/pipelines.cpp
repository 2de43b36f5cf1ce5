// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>

#include "base/format.hpp"
#include "base/nearest.hpp"
#include "base/path.hpp"
#include "observability/rules.hpp"

namespace sealift::observability {

namespace {

constexpr std::array<std::string_view, 21> kProcessors = {"grok-parser",
                                                          "date-remapper",
                                                          "status-remapper",
                                                          "service-remapper",
                                                          "message-remapper",
                                                          "attribute-remapper",
                                                          "url-parser",
                                                          "user-agent-parser",
                                                          "category-processor",
                                                          "arithmetic-processor",
                                                          "string-builder-processor",
                                                          "pipeline",
                                                          "geo-ip-parser",
                                                          "lookup-processor",
                                                          "trace-id-remapper",
                                                          "span-id-remapper",
                                                          "array-processor",
                                                          "array-map-processor",
                                                          "decoder-processor",
                                                          "schema-processor",
                                                          "exclude-attribute"};

constexpr std::array kFilterFields = {Field{"query", Sort::text, Need::required}};
constexpr Shape kFilter{"a pipeline's filter", kFilterFields};

// Each sort of processor has fields of its own.
constexpr std::array kProcessorFields = {
    Field{"type", Sort::text, Need::required}, Field{"name", Sort::text},
    Field{"is_enabled", Sort::flag}, Field{"filter", Sort::object, Need::optional, {}, &kFilter}};
constexpr Shape kProcessor{"a processor of a pipeline", kProcessorFields, Others::ignored};

constexpr std::array kPipelineFields = {
    Field{"name", Sort::text, Need::required},
    Field{"filter", Sort::object, Need::optional, {}, &kFilter},
    Field{"is_enabled", Sort::flag},
    Field{"description", Sort::text},
    Field{"processors", Sort::list, Need::optional, {}, &kProcessor},
    Field{"tags", Sort::texts}};
constexpr Shape kPipeline{"a logs pipeline of Datadog", kPipelineFields};

constexpr std::string_view kList = "processors";

// Datadog adds sorts, so that one which is not known is told.
void judge_types(const Json& body, const Place& place, Found& found) {
  std::size_t index = 0;
  for (const Json& each : list_at(body, kList)) {
    const std::string type = text_at(each, "type");
    const Place at = place.of(kList).of(index++);
    if (!type.empty() &&
        std::find(kProcessors.begin(), kProcessors.end(), type) == kProcessors.end()) {
      const std::string near = nearest(type, {kProcessors.begin(), kProcessors.end()});
      found.findings.push_back(
          {format("{}: found the type \"{}\", which is no processor that sealift knows", at.str(),
                  printable(type, 80)),
           near.empty() ? "it is passed on as it is" : format("did you mean \"{}\"?", near)});
    }
    if (type == "pipeline") judge_types(each, at, found);
  }
}

}  // namespace

void check_pipeline(const Json& body, const Place& place, Found& found) {
  check_shape(body, kPipeline, place, found);
  judge_types(body, place, found);
}

}  // namespace sealift::observability
