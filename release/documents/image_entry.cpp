// SPDX-License-Identifier: Apache-2.0
#include "release/documents/image_entry.hpp"

#include <algorithm>
#include <array>

#include "base/error.hpp"
#include "base/format.hpp"
#include "base/path.hpp"
#include "base/text.hpp"

namespace sealift::release {

namespace {

struct Word {
  std::string_view prefix;
  ImageTransport transport;
  bool is_file;
};

constexpr std::array kWords = {
    Word{"oci:", ImageTransport::oci, true},
    Word{"oci-archive:", ImageTransport::oci_archive, true},
    Word{"docker-archive:", ImageTransport::docker_archive, true},
    Word{"docker-daemon:", ImageTransport::docker_daemon, false},
    Word{"containers-storage:", ImageTransport::containers_storage, false},
    Word{"docker://", ImageTransport::registry, false},
};

// Errors are what is an oversight in any image; most are matters of taste, and warnings, until a
// project says more.
constexpr std::array<std::pair<std::string_view, RuleLevel>, 6> kUsual = {{
    {kSecretFile, RuleLevel::error},
    {kMissingPlatform, RuleLevel::error},
    {"critical-vulnerability", RuleLevel::error},
    {"high-vulnerability", RuleLevel::error},
    {"low-vulnerability", RuleLevel::off},
    {kUnscanned, RuleLevel::off},
}};

// In the order of Severity.
constexpr std::array<std::string_view, 5> kSeverities = {"unknown", "low", "medium", "high",
                                                         "critical"};

// cosign's own (its option --type).
constexpr std::array<std::pair<std::string_view, std::string_view>, 10> kPredicates = {{
    {"custom", "https://cosign.sigstore.dev/attestation/v1"},
    {"cyclonedx", "https://cyclonedx.org/bom"},
    {"link", "https://in-toto.io/Link/v1"},
    {"openvex", "https://openvex.dev/ns"},
    {"slsaprovenance", "https://slsa.dev/provenance/v0.2"},
    {"slsaprovenance02", "https://slsa.dev/provenance/v0.2"},
    {"slsaprovenance1", "https://slsa.dev/provenance/v1"},
    {"spdx", "https://spdx.dev/Document"},
    {"spdxjson", "https://spdx.dev/Document"},
    {"vuln", "https://cosign.sigstore.dev/attestation/vuln/v1"},
}};

}  // namespace

ImageOrigin ImageOrigin::parse(std::string_view text) {
  for (const Word& word : kWords) {
    if (!text.starts_with(word.prefix)) continue;
    const std::string_view rest = text.substr(word.prefix.size());
    ImageOrigin origin{.transport = word.transport, .path = {}, .name = std::string(rest)};
    if (word.is_file) {
      const std::size_t colon = rest.find(':');
      origin.path = rest.substr(0, colon);
      origin.name = colon == rest.npos ? "" : rest.substr(colon + 1);
      if (origin.path.size() > 1 && origin.path.ends_with('/')) origin.path.pop_back();
      try {
        RelPath::parse(origin.path);
      } catch (const Error& error) {
        throw Error(Errc::invalid_input, error.message(),
                    "paths are relative to release.yaml, without \"..\"");
      }
    } else {
      content::ImageName::parse(rest);
    }
    return origin;
  }
  throw Error(Errc::invalid_input,
              format("found \"{}\", expected oci:, oci-archive:, docker-archive:, docker-daemon:, "
                     "containers-storage: or docker:// first",
                     printable(text, 200)));
}

std::string predicate_type(std::string_view word) {
  const auto known = std::find_if(kPredicates.begin(), kPredicates.end(),
                                  [&](const auto& each) { return each.first == word; });
  if (known != kPredicates.end()) return std::string(known->second);
  // Old ones have no scheme.
  if (word.find('/') != word.npos) return std::string(word);
  std::vector<std::string> words;
  words.reserve(kPredicates.size());
  for (const auto& [each, unused] : kPredicates) words.emplace_back(each);
  throw Error(
      Errc::invalid_input,
      format("found the attestation \"{}\", expected a predicate type", printable(word, 80)),
      format("write its URI, or one of: {}", joined(words)));
}

std::string_view severity_word(Severity severity) {
  return kSeverities.at(static_cast<std::size_t>(severity));
}

std::optional<Severity> severity_named(std::string_view word) {
  if (word == "info" || word == "none" || word == "negligible") return Severity::low;
  const auto found = std::find(kSeverities.begin(), kSeverities.end(), word);
  if (found == kSeverities.end()) return std::nullopt;
  return static_cast<Severity>(found - kSeverities.begin());
}

std::string vulnerability_rule(Severity severity) {
  return format("{}-vulnerability", severity_word(severity));
}

const std::vector<std::string>& all_rules() {
  static const std::vector<std::string> rules = [] {
    std::vector<std::string> words;
    for (const std::string_view rule : {kFloatingTag, kRootUser, kSecretFile, kSetuidFile,
                                        kMissingPlatform, kOldImage, kSizeJump, kUnscanned}) {
      words.emplace_back(rule);
    }
    for (const Severity severity : kAllSeverities) words.push_back(vulnerability_rule(severity));
    return words;
  }();
  return rules;
}

RuleLevel ImageRules::level(std::string_view rule) const {
  const auto changed = changed_.find(std::string(rule));
  if (changed == changed_.end()) {
    const auto usual = std::find_if(kUsual.begin(), kUsual.end(),
                                    [&](const auto& each) { return each.first == rule; });
    return usual == kUsual.end() ? RuleLevel::warning : usual->second;
  }
  if (changed->second == "off") return RuleLevel::off;
  return changed->second == "warning" ? RuleLevel::warning : RuleLevel::error;
}

std::map<std::string, std::string> image_value_names(const std::vector<std::string>& images) {
  std::map<std::string, std::vector<std::string>> by_word;
  for (const std::string& image : images) {
    const std::string repository = content::ImageName::parse(image).repository;
    std::string word = repository.substr(repository.rfind('/') + 1);
    std::replace_if(
        word.begin(), word.end(), [](char c) { return c == '.' || c == '-'; }, '_');
    by_word["image." + word].push_back(image);
  }
  std::map<std::string, std::string> names;
  for (const auto& [word, of] : by_word) {
    if (of.size() == 1) names[of.front()] = word;
  }
  return names;
}

}  // namespace sealift::release
