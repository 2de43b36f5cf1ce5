// SPDX-License-Identifier: Apache-2.0
#include "installer/monitoring/metrics.hpp"
#include "base/format.hpp"
#include "installer/commands/commands.hpp"
#include "installer/monitoring/dogstatsd.hpp"

namespace sealift::installer {

namespace {

struct MetricsOptions {
  std::string output;
  std::string dogstatsd;
};

Json to_json(const std::vector<Family>& families) {
  Json list = Json::array();
  for (const Family& family : families) {
    for (const Sample& sample : family.samples) {
      Json labels = Json::object();
      for (const auto& [name, value] : sample.labels) labels[name] = value;
      list.push_back(
          {{"name", family.name}, {"labels", std::move(labels)}, {"value", sample.value}});
    }
  }
  return list;
}

// A reader of the file sees all of it or what was there before: it is renamed into its place.
void run_metrics(const MetricsOptions& options, const std::string& site, cli::Session& session) {
  const SiteWork work(session, site);
  const std::vector<Family> families = metrics_of(work, session.clock);
  const std::string text = exposition(families);
  if (!options.output.empty()) {
    write_file(absolute_path(options.output), text, FileMode::plain);
  }
  if (!options.dogstatsd.empty()) send_dogstatsd(options.dogstatsd, families);
  if (options.output.empty() && options.dogstatsd.empty()) session.out.text(text);
  session.out.json({{"metrics", to_json(families)}});
}

}  // namespace

void add_metrics(cli::Command& program, const std::string& site) {
  auto& options = cli::make_options<MetricsOptions>();
  program.sub("metrics", "print what monitoring asks of this site, in the form of Prometheus")
      .option("-o,--output", options.output, "FILE",
              "write it into a file for node_exporter, at once or not at all")
      .option("--dogstatsd", options.dogstatsd, "ADDRESS",
              "send it to an agent of Datadog: unix://PATH or udp://HOST:PORT, HOST in digits")
      .example("sealift-installer metrics", "look at them")
      .example("sealift-installer metrics -o /var/lib/node_exporter/sealift.prom",
               "for a timer; site.yaml can have it done behind each command")
      .fails_with({Errc::invalid_input, Errc::untrusted, Errc::corrupt, Errc::io})
      .runs([&](cli::Session& session) { run_metrics(options, site, session); });
}

}  // namespace sealift::installer
