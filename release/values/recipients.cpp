// SPDX-License-Identifier: Apache-2.0
#include "release/values/recipients.hpp"
#include "base/format.hpp"
#include "base/path.hpp"
#include "release/text/schema.hpp"
#include "release/text/yaml.hpp"
#include "release/values/value_names.hpp"

namespace sealift::release {

namespace {

constexpr std::string_view kRecovery = "recovery";
constexpr std::size_t kLabelCharacters = 8;  // of a recipient: 40 bits, to tell them apart

std::string label(const std::string& name, const signing::AgeRecipient& recipient) {
  const std::string text = recipient.str();
  return format("{} ...{}", name, text.substr(text.size() - kLabelCharacters));
}

}  // namespace

void check_site_name(const std::string& name) {
  if (!is_plain_name(name) || name == kRecovery) {
    throw Error(Errc::invalid_input,
                format("found the site \"{}\", expected at most 64 of a-z 0-9 . _ - and not \"{}\"",
                       printable(name, 80), kRecovery));
  }
}

std::string SecretPlace::str() const {
  return site.empty() ? format("{} of {}", key, environment)
                      : format("{} of {} for the site {}", key, environment, site);
}

std::optional<Recipients> Recipients::load(const fs::path& folder) {
  const fs::path file = folder / "environments" / "recipients.yaml";
  if (!path_exists(file)) return std::nullopt;
  const YamlDocument document = YamlDocument::load(file);
  throw_mistakes(check_schema(document, "recipients.schema.json"));
  std::vector<Mistake> mistakes;
  const auto parse = [&](const Json& text, const std::string& pointer) {
    try {
      return signing::AgeRecipient::parse(text.get<std::string>());
    } catch (const Error& error) {
      mistakes.push_back({document.line_of(pointer),
                          {format("{}: {}", document.where(pointer), error.message()), {}}});
      return signing::AgeRecipient(std::string());
    }
  };
  const Json& root = document.value();
  Recipients recipients{.recovery = parse(root["recovery"], "/recovery"), .sites = {}};
  for (const auto& [environment, sites] : root["environments"].items()) {
    auto& kept = recipients.sites[environment];
    for (const auto& [site, text] : sites.items()) {
      const std::string pointer = format("/environments/{}/{}", environment, site);
      const auto refuse = [&](const std::string& found) {
        mistakes.push_back(
            {document.line_of(pointer), {format("{}: {}", document.where(pointer), found), {}}});
      };
      try {
        check_site_name(site);
      } catch (const Error& error) {
        refuse(error.message());
      }
      const signing::AgeRecipient recipient = parse(text, pointer);
      // Whoever holds the recovery identity would then be a site, and losing the site loses both.
      if (recipient == recipients.recovery) {
        refuse("found the recovery recipient, expected the site's own");
      }
      kept.emplace(site, recipient);
    }
  }
  throw_mistakes(std::move(mistakes));
  return recipients;
}

// An environment without sites is refused: its secrets could be opened by recovery alone, and the
// mistake would show on the day of the installation.
std::map<std::string, signing::AgeRecipient> Recipients::of(const SecretPlace& place) const {
  const std::string hint = "add it there, with the recipient on the site's registration card";
  const auto found = sites.find(place.environment);
  if (found == sites.end() || found->second.empty()) {
    throw Error(
        Errc::invalid_input,
        format("environments/recipients.yaml has no site of {}", printable(place.environment, 80)),
        hint);
  }
  std::map<std::string, signing::AgeRecipient> result = found->second;
  if (!place.site.empty()) {
    const auto one = found->second.find(place.site);
    if (one == found->second.end()) {
      throw Error(Errc::invalid_input,
                  format("environments/recipients.yaml has no site \"{}\" of {}",
                         printable(place.site, 80), place.environment),
                  hint);
    }
    result = {*one};
  }
  result.emplace(kRecovery, recovery);
  return result;
}

std::vector<std::string> labels(const std::map<std::string, signing::AgeRecipient>& recipients) {
  std::vector<std::string> texts;
  texts.reserve(recipients.size());
  for (const auto& [name, recipient] : recipients) texts.push_back(label(name, recipient));
  return texts;
}

}  // namespace sealift::release
