// SPDX-License-Identifier: Apache-2.0
// What a registry asks for: the header WWW-Authenticate.
#include "net/challenge.hpp"

#include "tests/fuzz/target.hpp"

namespace sealift::fuzz {

const Target kChallenge("challenge",
                        [](std::string_view bytes) { (void)net::Challenge::parse(bytes); });

}  // namespace sealift::fuzz
