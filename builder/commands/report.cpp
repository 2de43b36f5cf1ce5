// SPDX-License-Identifier: Apache-2.0
// Where the bytes of an update are: for who wants smaller ones.
#include <algorithm>
#include <map>
#include <tuple>

#include "base/format.hpp"
#include "builder/commands/commands.hpp"
#include "builder/delta/report.hpp"

namespace sealift::builder {

namespace {

// As of a delta that nobody asks to be smaller.
constexpr int kReportLevel = 9;

struct ReportOptions {
  std::string before;
  std::string after;
  std::optional<int> top;
};

constexpr int kUsualTop = 20;

Json to_json(const Share& share) {
  return {{"bytes", share.content},
          {"shared", share.shared},
          {"patched", share.patched},
          {"carried", share.carried},
          {"deltaBytes", share.packed}};
}

std::vector<std::string> row_of(const std::string& name, const Share& share) {
  return {name,
          cli::size_text(share.content),
          cli::size_text(share.shared),
          cli::size_text(share.patched),
          cli::size_text(share.carried),
          cli::size_text(share.packed)};
}

void run_report(const ReportOptions& options, cli::Session& session) {
  Workers workers(usable_cores());
  const DeltaBase base(options.before, workers);
  const DeltaTarget target(options.after, workers);
  UpdateReport report = report_update(base, target, kReportLevel, workers, session.progress);
  const bundle::NamedRelease from = base.side().open().contents().named();
  const bundle::NamedRelease to = target.side().open().contents().named();

  std::map<std::string, Share> components;
  for (const ReportedItem& each : report.items) components[each.component] += each.share;
  const std::vector<std::string> head = {"BYTES", "SHARED", "PATCHED", "CARRIED", "IN A DELTA"};
  std::vector<std::vector<std::string>> rows = {{"COMPONENT"}};
  rows[0].insert(rows[0].end(), head.begin(), head.end());
  Json by_component = Json::array();
  for (const auto& [name, share] : components) {
    rows.push_back(row_of(name, share));
    by_component.push_back(to_json(share));
    by_component.back()["name"] = name;
  }
  rows.push_back(row_of("all", report.total));
  session.out.line(format("{} -> {}: a delta carries {} of {}", to_text(from), to_text(to),
                          cli::size_text(report.total.packed),
                          cli::size_text(report.total.content)));
  session.out.table(rows);

  const std::size_t top =
      std::min<std::size_t>(std::max(options.top.value_or(kUsualTop), 0), report.items.size());
  std::partial_sort(report.items.begin(), report.items.begin() + static_cast<std::ptrdiff_t>(top),
                    report.items.end(), [](const ReportedItem& a, const ReportedItem& b) {
                      return std::tie(b.share.packed, a.component, a.name) <
                             std::tie(a.share.packed, b.component, b.name);
                    });
  report.items.resize(top);
  rows = {{"WHAT TAKES MOST"}};
  rows[0].insert(rows[0].end(), head.begin(), head.end());
  Json items = Json::array();
  for (const ReportedItem& each : report.items) {
    if (each.share.packed == 0) break;
    rows.push_back(row_of(format("{}/{}", each.component, each.name), each.share));
    items.push_back(to_json(each.share));
    items.back()["component"] = each.component;
    items.back()["name"] = each.name;
  }
  session.out.line();
  session.out.table(rows);
  session.out.json({{"before", from.digest.str()},
                    {"after", to.digest.str()},
                    {"total", to_json(report.total)},
                    {"components", std::move(by_component)},
                    {"items", std::move(items)}});
}

}  // namespace

void add_report(cli::Command& program) {
  auto& options = cli::make_options<ReportOptions>();
  program
      .sub("report", "say where the bytes of an update are: shared, patched, carried",
           "What a file takes in a delta is its part of a frame, whose new bytes are compressed "
           "together.")
      .argument("OLD", options.before, "the older bundle", cli::Presence::required)
      .argument("NEW", options.after, "the newer bundle", cli::Presence::required)
      .option("--top", options.top, "N",
              format("list that many files and layers (default: {})", kUsualTop))
      .example("sealift report shop-1.0.0.bundle.tar.zst shop-1.1.0.bundle.tar.zst",
               "by component, and what takes most")
      .fails_with({Errc::corrupt, Errc::incompatible, Errc::io})
      .runs([&options](cli::Session& session) { run_report(options, session); });
}

}  // namespace sealift::builder
