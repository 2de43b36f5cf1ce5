// SPDX-License-Identifier: Apache-2.0
#include "release/values/dotenv.hpp"

#include "release/values/environment.hpp"
#include "tests/fuzz/target.hpp"

namespace sealift::fuzz {

const Target kDotenv("dotenv", [](std::string_view bytes) {
  for (const auto& [name, entry] : release::parse_dotenv(bytes, "production.env")) {
    require(release::is_value_name(name), "keys are names of values");
    require(entry.value.is_null() || entry.value.is_string(), "values are texts, or open");
    require(entry.line >= 1, "lines count from one");
  }
});

}  // namespace sealift::fuzz
