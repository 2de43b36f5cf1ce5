// SPDX-License-Identifier: Apache-2.0
#include "base/text.hpp"

namespace sealift {

std::string joined(const std::vector<std::string>& words, std::string_view between) {
  std::string text;
  for (const std::string& word : words) {
    if (!text.empty()) text += between;
    text += word;
  }
  return text;
}

}  // namespace sealift
