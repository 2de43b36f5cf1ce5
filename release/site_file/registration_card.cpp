// SPDX-License-Identifier: Apache-2.0
#include "release/site_file/registration_card.hpp"

#include "base/error.hpp"
#include "base/format.hpp"
#include "base/path.hpp"

namespace sealift::release {

namespace {

constexpr std::string_view kCardEnding = ".json";

fs::path cards_folder(const fs::path& project) {
  return project / "environments" / "sites";
}

}  // namespace

Json to_json(const RegistrationCard& card) {
  return {{"site", card.site},
          {"release", card.release},
          {"environment", card.environment},
          {"key", card.key},
          {"recipient", card.recipient}};
}

RegistrationCard parse_card(std::string_view text, const std::string& name) {
  const Json document = parse_json(text, name, Errc::invalid_input);
  Fields fields(document, name, Errc::invalid_input);
  return {.site = fields.text("site"),
          .release = fields.text("release"),
          .environment = fields.text("environment"),
          .key = fields.text("key"),
          .recipient = fields.text("recipient")};
}

fs::path card_file(const fs::path& project, const std::string& site_name) {
  return cards_folder(project) / format("{}{}", site_name, kCardEnding);
}

std::map<std::string, RegistrationCard> filed_cards(const fs::path& project) {
  std::map<std::string, RegistrationCard> cards;
  const fs::path folder = cards_folder(project);
  if (!dir_exists(folder)) return cards;
  std::map<std::string, std::string> names;  // by the site's id
  for (const Entry& entry : Dir::open(folder).entries()) {
    if (entry.type != EntryType::file || !entry.name.ends_with(kCardEnding)) continue;
    const std::string file = (folder / entry.name).string();
    const std::string name = entry.name.substr(0, entry.name.size() - kCardEnding.size());
    RegistrationCard card = parse_card(read_file(file, kMaxCardBytes), file);
    const auto [known, is_new] = names.emplace(card.site, name);
    if (!is_new) {
      throw Error(Errc::invalid_input,
                  format("{}: is a card of the site {}, as that of {} is", file,
                         printable(card.site, 80), printable(known->second, 80)),
                  "a site has one card: keep the one that is right");
    }
    cards.emplace(name, std::move(card));
  }
  return cards;
}

}  // namespace sealift::release
