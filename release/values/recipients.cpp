// SPDX-License-Identifier: Apache-2.0
#include "release/values/recipients.hpp"

#include <algorithm>

#include "base/format.hpp"
#include "base/lines.hpp"
#include "base/nearest.hpp"
#include "base/path.hpp"
#include "base/text.hpp"
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
  const fs::path file = file_in(folder);
  if (!path_exists(file)) return std::nullopt;
  return parse(read_file(file, kMaxYamlBytes), file.string());
}

Recipients Recipients::parse(std::string_view text, const std::string& name) {
  const YamlDocument document = YamlDocument::parse(text, name);
  throw_mistakes(check_schema(document, "recipients.schema.json"));
  std::vector<Mistake> mistakes;
  const auto recipient_at = [&](const Json& value, const std::string& pointer) {
    try {
      return signing::AgeRecipient::parse(value.get<std::string>());
    } catch (const Error& error) {
      mistakes.push_back({document.line_of(pointer),
                          {format("{}: {}", document.where(pointer), error.message()), {}}});
      return signing::AgeRecipient(std::string());
    }
  };
  const Json& root = document.value();
  Recipients recipients{.recovery = recipient_at(root["recovery"], "/recovery"), .sites = {}};
  for (const auto& [environment, sites] : root["environments"].items()) {
    auto& kept = recipients.sites[environment];
    for (const auto& [site, value] : sites.items()) {
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
      const signing::AgeRecipient recipient = recipient_at(value, pointer);
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
  const std::string hint = "add it by its registration card: sealift recipient add card.json";
  const auto found = sites.find(place.environment);
  if (found == sites.end() || found->second.empty()) {
    std::vector<std::string> known;
    known.reserve(sites.size());
    for (const auto& [environment, unused] : sites) known.push_back(environment);
    const std::string near = nearest(place.environment, known);
    throw Error(
        Errc::invalid_input,
        format("environments/recipients.yaml has no site of {}", printable(place.environment, 80)),
        near.empty() ? hint : format("did you mean \"{}\"? Else {}", near, hint));
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

std::string new_recipients(const signing::AgeRecipient& recovery) {
  return format(
      "# Whom secrets are sealed for. Who has the recovery identity can open all of them: it lies\n"
      "# offline, for the day when a site has lost its own.\n"
      "schema: 1\nrecovery: {}\nenvironments: {{}}\n",
      recovery.str());
}

namespace {

constexpr std::size_t kIndent = 2;

std::size_t indent_of(std::string_view line) {
  return std::min(line.find_first_not_of(' '), line.size());
}

// "production" of "  production: {}  # two rooms", where nothing else is in the line.
std::string key_alone(std::string_view line) {
  const std::string_view said = trimmed(line.substr(0, line.find('#')));
  const std::size_t colon = said.find(':');
  if (colon == said.npos) return {};
  const std::string_view value = trimmed(said.substr(colon + 1));
  return value.empty() || value == "{}" ? std::string(said.substr(0, colon)) : std::string();
}

// Adds `added` as an entry of the mapping whose key is alone in the line at `at`.
void add_below(std::vector<std::string>& lines, std::size_t at, const std::string& added) {
  if (const std::size_t braces = lines[at].find("{}"); braces < lines[at].find('#')) {
    lines[at].erase(braces, 2);
    lines[at].erase(lines[at].find_last_not_of(' ') + 1);
  }
  const std::size_t usual = indent_of(lines[at]) + kIndent;
  const std::size_t next = at + 1 < lines.size() ? indent_of(lines[at + 1]) : 0;
  lines.insert(lines.begin() + static_cast<std::ptrdiff_t>(at) + 1,
               std::string(next > indent_of(lines[at]) ? next : usual, ' ') + added);
}

}  // namespace

std::string with_site(std::string_view text, const std::string& environment,
                      const std::string& site, const signing::AgeRecipient& recipient) {
  const std::vector<std::string_view> before = split_lines(text);
  std::vector<std::string> lines(before.begin(), before.end());
  const auto line_with = [&](const std::string& key, std::size_t from, bool (*fits)(std::size_t)) {
    std::size_t at = from;
    while (at < lines.size() && !(fits(indent_of(lines[at])) && key_alone(lines[at]) == key)) ++at;
    return at;
  };
  const std::size_t environments =
      line_with("environments", 0, [](std::size_t indent) { return indent == 0; });
  if (environments < lines.size()) {
    const auto is_below = [](std::size_t indent) { return indent > 0; };
    std::size_t place = line_with(environment, environments + 1, is_below);
    if (place == lines.size()) {
      add_below(lines, environments, environment + ":");
      place = environments + 1;
    }
    add_below(lines, place, format("{}: {}", site, recipient.str()));
  }
  std::string added = joined(lines, "\n") + "\n";
  // What the eye of a program takes for a line must have the meaning that was meant.
  Recipients wanted = Recipients::parse(text, "environments/recipients.yaml");
  wanted.sites[environment].emplace(site, recipient);
  try {
    if (Recipients::parse(added, "environments/recipients.yaml") == wanted) return added;
  } catch (const Error&) {
    // Said below, with what to do.
  }
  throw Error(
      Errc::invalid_input,
      "environments/recipients.yaml: found a form in which no line can be added for a site",
      format("add it by hand: environments: {}: {}: {}", environment, site, recipient.str()));
}

std::vector<std::string> labels(const std::map<std::string, signing::AgeRecipient>& recipients) {
  std::vector<std::string> texts;
  texts.reserve(recipients.size());
  for (const auto& [name, recipient] : recipients) texts.push_back(label(name, recipient));
  return texts;
}

}  // namespace sealift::release
