// SPDX-License-Identifier: Apache-2.0
// What libFuzzer calls: the program holds one target.

#include <cstddef>
#include <cstdint>

#include "tests/fuzz/target.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  sealift::fuzz::Target::all().front().read({reinterpret_cast<const char*>(bytes), size});
  return 0;
}
