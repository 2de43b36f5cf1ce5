// SPDX-License-Identifier: Apache-2.0
#include "installer/rescue/typed_identity.hpp"

#include "base/file.hpp"

namespace sealift::installer {

namespace {
constexpr std::uint64_t kLargest = 64 << 10;  // bytes
}  // namespace

signing::AgeIdentity identity_from(const std::string& file) {
  std::string text = read_file(file, kLargest);
  const signing::Secret kept = signing::Secret::taken_from(text);
  return signing::AgeIdentity::from_file(kept.view(), file);
}

}  // namespace sealift::installer
