// SPDX-License-Identifier: Apache-2.0
#include "builder/images/scan_report.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>

#include "base/characters.hpp"
#include "base/format.hpp"
#include "base/json.hpp"
#include "base/path.hpp"
#include "base/text.hpp"
#include "content/media_types.hpp"

namespace sealift::builder {

namespace {

using release::Severity;

// Bytes. Ids are of CVE, GHSA and distributions, all far shorter.
constexpr std::size_t kMaxId = 128;

// Reports are written by other programs: what is missing or has another form is null.
const Json& member(const Json& object, const char* key) {
  static const Json nothing;
  if (!object.is_object()) return nothing;
  const auto found = object.find(key);
  return found == object.end() ? nothing : *found;
}

// The digests in a text such as "alpine@sha256:..." or "pkg:oci/alpine@sha256%3A...". As scanners
// spell them: in names of images, and percent-encoded in package URLs.
void take_digests(const std::string& text, std::set<Digest>& digests) {
  constexpr std::size_t kHex = 64;
  constexpr std::array<std::string_view, 3> kPrefixes = {"sha256:", "sha256%3A", "sha256%3a"};
  for (const std::string_view prefix : kPrefixes) {
    for (std::size_t at = text.find(prefix); at != text.npos; at = text.find(prefix, at + 1)) {
      const std::string hex = text.substr(at + prefix.size(), kHex);
      const bool is_hex =
          hex.size() == kHex && hex.find_first_not_of("0123456789abcdef") == std::string::npos;
      if (is_hex) digests.insert(Digest::parse("sha256:" + hex));
    }
  }
}

// In all texts of a value, however deep.
void take_all_digests(const Json& value, std::set<Digest>& digests) {
  if (value.is_string()) take_digests(value.get<std::string>(), digests);
  if (!value.is_structured()) return;
  for (const Json& inner : value) take_all_digests(inner, digests);
}

// The bands of CVSS 3 and 4. "Qualitative Severity Rating Scale" of their specifications; 0 is
// taken for low, since somebody has listed it.
Severity of_score(double score) {
  if (!(score >= 0 && score <= 10)) return Severity::unknown;
  if (score >= 9) return Severity::critical;
  if (score >= 7) return Severity::high;
  return score >= 4 ? Severity::medium : Severity::low;
}

// What both forms of report become; of one id the worst rating counts.
class Gatherer {
 public:
  Gatherer(std::string_view media_type, std::string where) : where_(std::move(where)) {
    report_.media_type = media_type;
  }

  void tool(const std::string& name, const std::string& version) {
    if (name.empty()) {
      throw Error(Errc::invalid_input, format("{}: does not say which tool wrote it", where_));
    }
    report_.tool = printable(version.empty() ? name : format("{} {}", name, version), 80);
  }
  void scanned(const Json& description) { take_all_digests(description, report_.of); }
  void found(const std::string& id, Severity severity) {
    if (id.empty() || id.size() > kMaxId) {
      throw Error(Errc::invalid_input,
                  format("{}: found a vulnerability with the id \"{}\", expected at most {} bytes",
                         where_, printable(id, 80), kMaxId));
    }
    Severity& kept = report_.found.emplace(id, severity).first->second;
    kept = std::max(kept, severity);
  }
  ScanReport take() { return std::move(report_); }

 private:
  std::string where_;
  ScanReport report_{};
};

// metadata.tools is a list of tools, or since 1.5 an object with a list of components.
const Json& first_tool(const Json& metadata) {
  static const Json nothing;
  const Json& tools = member(metadata, "tools");
  const Json& list = tools.is_object() ? list_at(tools, "components") : list_at(metadata, "tools");
  return list.empty() ? nothing : list.front();
}

// The worst of all ratings: sources differ, and which one a site believes is not known here.
Severity worst_rating(const Json& vulnerability) {
  Severity worst = Severity::unknown;
  for (const Json& rating : list_at(vulnerability, "ratings")) {
    const Json& score = member(rating, "score");
    const auto named = release::severity_named(lower(text_at(rating, "severity")));
    const Severity by_score = score.is_number() ? of_score(score.get<double>()) : Severity::unknown;
    worst = std::max(worst, named ? *named : by_score);
  }
  return worst;
}

// States of CycloneDX's analysis (VEX); "exploitable" and "in_triage" are not among them.
bool is_harmless(const Json& vulnerability) {
  const std::string state = text_at(member(vulnerability, "analysis"), "state");
  return state == "not_affected" || state == "false_positive" || state == "resolved" ||
         state == "resolved_with_pedigree";
}

// A document without `vulnerabilities` is a list of contents that nobody looked through, not a
// clean result; Trivy writes one unless it is told to scan.
ScanReport read_cyclonedx(const Json& document, const std::string& where) {
  Gatherer report(media_type::kCycloneDx, where);
  const Json& metadata = member(document, "metadata");
  const Json& tool = first_tool(metadata);
  report.tool(text_at(tool, "name"), text_at(tool, "version"));
  report.scanned(member(metadata, "component"));
  if (!member(document, "vulnerabilities").is_array()) {
    throw Error(Errc::invalid_input,
                format("{}: found a list of contents without vulnerabilities", where),
                "let the scanner look for them, such as: trivy image --scanners vuln --format "
                "cyclonedx IMAGE");
  }
  for (const Json& vulnerability : list_at(document, "vulnerabilities")) {
    if (is_harmless(vulnerability)) continue;
    report.found(text_at(vulnerability, "id"), worst_rating(vulnerability));
  }
  return report.take();
}

// By the score that scanners put beside each rule, else by the severity among its tags, else by the
// level of the result.
Severity severity_of(const Json& rule, const Json& result) {
  const Json& properties = member(rule, "properties");
  const Json& score = member(properties, "security-severity");
  if (score.is_string()) {
    const std::string text = score.get<std::string>();
    char* end = nullptr;
    const double value = std::strtod(text.c_str(), &end);
    if (!text.empty() && *end == '\0') return of_score(value);
  }
  if (score.is_number()) return of_score(score.get<double>());
  for (const Json& tag : list_at(properties, "tags")) {
    if (!tag.is_string()) continue;
    if (const auto named = release::severity_named(lower(tag.get<std::string>()))) return *named;
  }
  const std::string level = text_at(result, "level");
  if (level == "error") return Severity::high;
  if (level == "note") return Severity::low;
  return level == "warning" ? Severity::medium : Severity::unknown;
}

// A result that somebody accepted, or that says that all is well.
bool is_accepted(const Json& result) {
  const std::string kind = text_at(result, "kind");
  if (kind == "pass" || kind == "notApplicable" || kind == "informational") return true;
  const Json& suppressions = list_at(result, "suppressions");
  return !suppressions.empty() &&
         std::all_of(suppressions.begin(), suppressions.end(), [](const Json& each) {
           const std::string status = text_at(each, "status");
           return status.empty() || status == "accepted";
         });
}

std::string rule_of(const Json& result) {
  const std::string id = text_at(result, "ruleId");
  return id.empty() ? text_at(member(result, "rule"), "id") : id;
}

// SARIF 2.1.0: rules stand beside the results, which name them by id.
void read_run(const Json& run, Gatherer& report) {
  const Json& driver = member(member(run, "tool"), "driver");
  const std::string version = text_at(driver, "version");
  report.tool(text_at(driver, "name"),
              version.empty() ? text_at(driver, "semanticVersion") : version);
  report.scanned(member(run, "properties"));
  std::map<std::string, const Json*> rules;
  for (const Json& rule : list_at(driver, "rules")) rules.emplace(text_at(rule, "id"), &rule);
  for (const Json& result : list_at(run, "results")) {
    if (is_accepted(result)) continue;
    const std::string id = rule_of(result);
    const auto rule = rules.find(id);
    static const Json unknown;
    report.found(id, severity_of(rule == rules.end() ? unknown : *rule->second, result));
  }
}

ScanReport read_sarif(const Json& document, const std::string& where) {
  Gatherer report(media_type::kSarif, where);
  const Json& runs = list_at(document, "runs");
  if (runs.empty()) {
    throw Error(Errc::invalid_input, format("{}: found no run of a scanner", where));
  }
  for (const Json& run : runs) read_run(run, report);
  return report.take();
}

}  // namespace

ScanReport parse_scan_report(std::string_view text, const std::string& where) {
  const Json document =
      parse_json(without_byte_order_mark(text), where, Errc::invalid_input, Numbers::any);
  if (text_at(document, "bomFormat") == "CycloneDX") return read_cyclonedx(document, where);
  if (text_at(document, "version") == "2.1.0" && member(document, "runs").is_array()) {
    return read_sarif(document, where);
  }
  throw Error(Errc::invalid_input,
              format("{}: found another sort of document, expected CycloneDX (JSON) or SARIF 2.1.0",
                     where));
}

}  // namespace sealift::builder
