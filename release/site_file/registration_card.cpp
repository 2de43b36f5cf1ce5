// SPDX-License-Identifier: Apache-2.0
#include "release/site_file/registration_card.hpp"

namespace sealift::release {

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

}  // namespace sealift::release
