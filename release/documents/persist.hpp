// SPDX-License-Identifier: Apache-2.0
#pragma once

// `persist`: folders of data of a component that all its releases share. docs/data.md says it for
// people.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace sealift::release {

inline constexpr std::size_t kMaxPersisted = 64;  // folders of a component

// Whether a plain path is `folder`, or something in it.
bool lies_in(std::string_view path, std::string_view folder);
bool lies_in_one_of(std::string_view path, const std::vector<std::string>& folders);

// A mistake of a folder, by its place in the list: it is no plain path, or overlaps another.
struct PersistMistake {
  std::size_t index;
  std::string found;
  std::string hint;
};
std::vector<PersistMistake> persist_mistakes(const std::vector<std::string>& folders);

}  // namespace sealift::release
