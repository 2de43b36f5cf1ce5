// SPDX-License-Identifier: Apache-2.0
#include <array>

#include "base/format.hpp"
#include "observability/rules.hpp"
#include "release/text/schema.hpp"

namespace sealift::observability {

namespace {

constexpr std::size_t kMaxUid = 40;

// Each plugin's panel has fields of its own.
constexpr std::array kPanelFields = {Field{"type", Sort::text, Need::required},
                                     Field{"title", Sort::text},
                                     Field{"gridPos", Sort::object},
                                     Field{"targets", Sort::list},
                                     Field{"panels", Sort::list},
                                     Field{"options", Sort::object}};
constexpr Shape kPanel{"a panel of Grafana", kPanelFields, Others::ignored};

constexpr std::array kGrafanaFields = {Field{"title", Sort::text, Need::required},
                                       Field{"panels", Sort::list, Need::required, {}, &kPanel},
                                       Field{"uid", Sort::text},
                                       Field{"schemaVersion", Sort::whole},
                                       Field{"version", Sort::whole},
                                       Field{"tags", Sort::texts},
                                       Field{"templating", Sort::object},
                                       Field{"annotations", Sort::object},
                                       Field{"time", Sort::object},
                                       Field{"refresh", Sort::any},
                                       Field{"editable", Sort::flag}};
// Grafana takes any others, and plugins bring theirs.
constexpr Shape kGrafana{"a dashboard of Grafana", kGrafanaFields, Others::ignored};

}  // namespace

void check_grafana(const Json& body, const Place& place, Found& found) {
  check_shape(body, kGrafana, place, found);
  if (!body.is_object()) return;
  constexpr std::string_view kId = "id";
  if (const auto id = body.find(kId); id != body.end() && !id->is_null()) {
    found.mistakes.add(
        format("{}: found {}, expected none", place.of(kId).str(), release::described(*id)),
        "it is a number of one Grafana: remove it, the uid names the dashboard");
  }
  constexpr std::string_view kInputs = "__inputs";
  if (body.contains(kInputs)) {
    found.mistakes.add(
        format("{}: found {}, which are asked of a person", place.str(), kInputs),
        "Grafana does not fill them in when it reads files: export without \"share externally\"");
  }
  constexpr std::string_view kUid = "uid";
  if (const std::string uid = text_at(body, kUid); uid.size() > kMaxUid) {
    found.mistakes.add(format("{}: found {} characters, expected at most {}", place.of(kUid).str(),
                              uid.size(), kMaxUid));
  }
}

}  // namespace sealift::observability
