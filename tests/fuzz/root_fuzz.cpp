// SPDX-License-Identifier: Apache-2.0
#include "base/path.hpp"
#include "signing/root.hpp"
#include "tests/fuzz/target.hpp"

namespace sealift::fuzz {

const Target kRoot("root", [](std::string_view bytes) {
  const signing::Root root = signing::Root::parse(bytes, "root.json");
  for (const char* environment : {"", "production", "root"}) {
    const signing::Role& role = root.approvers_for(environment);
    require(role.threshold >= 1 && role.threshold <= role.keys.size(),
            "a threshold is 1 to the number of keys");
    require(root.signers_of(role).size() <= role.keys.size(), "a key counts once");
    for (const signing::PublicKey& key : role.keys) {
      require(printable(root.name_of(key)) == root.name_of(key), "a name is safe to show");
    }
  }
  signing::follow_chain(root, std::vector{root});
  check_self_signed(root);
});

}  // namespace sealift::fuzz
