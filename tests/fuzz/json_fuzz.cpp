// SPDX-License-Identifier: Apache-2.0
#include "base/json.hpp"
#include "tests/fuzz/target.hpp"

namespace sealift::fuzz {

const Target kJson("json", [](std::string_view bytes) {
  const Json value = parse_json(bytes, "document");
  const std::string text = to_canonical(value);
  require(parse_json(text, "document") == value, "what is written is read as the same value");
  require(to_canonical(parse_json(text, "document")) == text, "a value has one spelling");
  require(parse_json(to_pretty(value), "document") == value, "both forms say the same");
});

}  // namespace sealift::fuzz
