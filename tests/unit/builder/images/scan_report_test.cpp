// SPDX-License-Identifier: Apache-2.0
#include "builder/images/scan_report.hpp"

#include <catch2/catch.hpp>

#include "content/media_types.hpp"
#include "tests/unit/errors.hpp"

namespace sealift::builder::scan_report_test {

namespace {

using Catch::Matchers::Contains;
using release::Severity;
using tests::error_of;
using tests::messages;

const std::string kImage = "sha256:" + std::string(64, 'a');
const std::string kConfig = "sha256:" + std::string(64, 'b');

std::string refusal(const std::string& text) {
  return messages(error_of([&] { parse_scan_report(text, "report"); }));
}

// As Trivy 0.50 writes it.
std::string trivy_cyclonedx(const std::string& vulnerabilities) {
  return R"({"bomFormat":"CycloneDX","specVersion":"1.5","metadata":{
    "tools":{"components":[{"type":"application","group":"aquasecurity","name":"trivy",
                            "version":"0.50.1"}]},
    "component":{"type":"container","name":"server:1.0.0",
      "purl":"pkg:oci/server@sha256%3A)" +
         std::string(64, 'a') + R"(?arch=amd64",
      "properties":[{"name":"aquasecurity:trivy:ImageID","value":")" +
         kConfig + R"("}]}},"vulnerabilities":)" + vulnerabilities + "}";
}

std::string sarif(const std::string& rules, const std::string& results,
                  const std::string& properties = "{}") {
  return R"({"version":"2.1.0","$schema":"x","runs":[{"tool":{"driver":{"name":"Trivy",
    "version":"0.50.1","rules":)" +
         rules + R"(}},"results":)" + results + R"(,"properties":)" + properties + "}]}";
}

}  // namespace

TEST_CASE("a report of CycloneDX names its tool, its image and what was found") {
  const ScanReport report = parse_scan_report(
      trivy_cyclonedx(R"([{"id":"CVE-1","ratings":[{"score":5.5,"severity":"medium"},
                           {"source":{"name":"nvd"},"score":9.8,"severity":"critical"}]},
                          {"id":"CVE-2","ratings":[{"score":7.1}]},
                          {"id":"CVE-3"},
                          {"id":"CVE-4","ratings":[{"severity":"HIGH"}],
                           "analysis":{"state":"not_affected"}}])"),
      "report");
  CHECK(report.media_type == media_type::kCycloneDx);
  CHECK(report.tool == "trivy 0.50.1");
  CHECK(report.of == std::set{Digest::parse(kImage), Digest::parse(kConfig)});
  CHECK(report.found == std::map<std::string, Severity>{{"CVE-1", Severity::critical},
                                                        {"CVE-2", Severity::high},
                                                        {"CVE-3", Severity::unknown}});
}

TEST_CASE("tools before CycloneDX 1.5 are a list") {
  const ScanReport report = parse_scan_report(
      R"({"bomFormat":"CycloneDX","metadata":{"tools":[{"vendor":"anchore","name":"grype",
          "version":"0.70.0"}],"component":{"name":"server","version":")" +
          kImage + R"("}},"vulnerabilities":[]})",
      "report");
  CHECK(report.tool == "grype 0.70.0");
  CHECK(report.of == std::set{Digest::parse(kImage)});
  CHECK(report.found.empty());
}

TEST_CASE("a list of contents is no report") {
  CHECK_THAT(refusal(trivy_cyclonedx("null")), Contains("without vulnerabilities"));
}

TEST_CASE("a report of SARIF is rated by score, by tag, by level") {
  const ScanReport report = parse_scan_report(
      sarif(R"([{"id":"A","properties":{"security-severity":"9.1"}},
                {"id":"B","properties":{"tags":["vulnerability","HIGH"]}},
                {"id":"C"},{"id":"D"},{"id":"E"}])",
            R"([{"ruleId":"A","level":"note"},{"ruleId":"B"},{"ruleId":"C","level":"warning"},
                {"rule":{"id":"D"},"level":"note"},
                {"ruleId":"E","suppressions":[{"kind":"external","status":"accepted"}]}])",
            R"({"repoDigests":["server@)" + kImage + R"("]})"),
      "report");
  CHECK(report.media_type == media_type::kSarif);
  CHECK(report.tool == "Trivy 0.50.1");
  CHECK(report.of == std::set{Digest::parse(kImage)});
  CHECK(report.found == std::map<std::string, Severity>{{"A", Severity::critical},
                                                        {"B", Severity::high},
                                                        {"C", Severity::medium},
                                                        {"D", Severity::low}});
}

TEST_CASE("a suppression that was not accepted hides nothing") {
  const ScanReport report = parse_scan_report(
      sarif("[]", R"([{"ruleId":"A","level":"error","suppressions":[{"status":"rejected"}]}])"),
      "report");
  CHECK(report.found.at("A") == Severity::high);
}

TEST_CASE("what is no report is refused") {
  CHECK_THAT(refusal("{}"), Contains("another sort of document"));
  CHECK_THAT(refusal("[1.5]"), Contains("another sort of document"));
  CHECK_THAT(refusal(R"({"version":"2.1.0","runs":[]})"), Contains("no run"));
  CHECK_THAT(refusal(R"({"version":"2.1.0","runs":[{}]})"), Contains("which tool"));
  CHECK_THAT(refusal(trivy_cyclonedx(R"([{"id":""}])")), Contains("with the id"));
  CHECK_THAT(refusal(trivy_cyclonedx("[")), Contains("no well-formed JSON"));
}

}  // namespace sealift::builder::scan_report_test
