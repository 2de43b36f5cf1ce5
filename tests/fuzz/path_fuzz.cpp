// SPDX-License-Identifier: Apache-2.0
#include "base/path.hpp"
#include "tests/fuzz/target.hpp"

namespace sealift::fuzz {

const Target kPath("path", [](std::string_view bytes) {
  const std::string shown = printable(bytes);
  require(printable(shown, shown.size() + 1) == shown, "what was made printable is printable");
  const RelPath path = RelPath::parse(bytes);
  require(path.str() == bytes, "a path is kept as it came");
  require(printable(path.str(), RelPath::kMaxBytes) == path.str(), "a path hides nothing");
  const std::string folded = fold_case(path.str());
  require(fold_case(folded) == folded, "a folded name is folded already");
});

}  // namespace sealift::fuzz
