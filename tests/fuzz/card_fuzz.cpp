// SPDX-License-Identifier: Apache-2.0
// The registration card of a site, which comes by mail.
#include "release/site_file/registration_card.hpp"

#include "tests/fuzz/target.hpp"

namespace sealift::fuzz {

const Target kCard("card",
                   [](std::string_view bytes) { (void)release::parse_card(bytes, "card"); });

}  // namespace sealift::fuzz
