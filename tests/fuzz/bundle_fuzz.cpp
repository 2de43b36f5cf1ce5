// SPDX-License-Identifier: Apache-2.0
#include "bundle/reader.hpp"
#include "tests/fuzz/target.hpp"

namespace sealift::fuzz {

const Target kBundle("bundle", [](std::string_view bytes) {
  static Workers workers(1);
  StringSource source(bytes);
  bundle::Reader reader(source, workers, "bundle");
  reader.read_claim();
  Silence silence;
  reader.check_payload(reader.read_release(), silence);
});

}  // namespace sealift::fuzz
