// SPDX-License-Identifier: Apache-2.0
// What psql says of a server that refuses: the server may be anybody's.
#include "databases/psql.hpp"

#include "tests/fuzz/target.hpp"

namespace sealift::fuzz {

const Target kPsql("psql", [](std::string_view bytes) {
  const databases::Refusal refusal = databases::refusal_in(bytes);
  require(refusal.state.size() <= 5, "a state has five characters");
});

}  // namespace sealift::fuzz
