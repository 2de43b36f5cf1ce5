// SPDX-License-Identifier: Apache-2.0
#include "release/values/contract.hpp"
#include "tests/fuzz/target.hpp"

namespace sealift::fuzz {

const Target kContract("contract", [](std::string_view bytes) {
  const Json value = parse_json(bytes, "contract");
  if (!value.is_object()) return;
  const release::Contract contract = release::Contract::from_json(value, "contract");
  require(release::Contract::from_json(contract.to_json(), "contract") == contract,
          "a contract comes back as it was written");
});

}  // namespace sealift::fuzz
