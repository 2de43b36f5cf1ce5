// SPDX-License-Identifier: Apache-2.0
#include "signing/statement.hpp"
#include "tests/fuzz/target.hpp"

namespace sealift::fuzz {

const Target kStatement("statement", [](std::string_view bytes) {
  require(to_text(signing::parse_statement(bytes, "statement")) == bytes,
          "a statement has one spelling");
});

}  // namespace sealift::fuzz
