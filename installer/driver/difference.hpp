// SPDX-License-Identifier: Apache-2.0
#pragma once

// How something differs from what it should be, and how closely it is looked at.

#include <cstdint>
#include <string>
#include <string_view>

namespace sealift::installer {

// What is found of a name that the table does not have.
inline constexpr std::string_view kStranger = "not part of the release";

// Of one tree. To ask the file system of so many takes about 0.2 seconds where it has them in
// memory, and minutes where it has not: who wants a glance does not wait for that.
inline constexpr std::uint64_t kManyFiles = 50'000;

struct Difference {
  std::string path;
  std::string found;          // "content differs", "missing", "mode 0600", ...
  std::string expected = {};  // "mode 0644"; empty where `found` says it all
};

// "mode 0600, expected mode 0644"
std::string text(const Difference& difference);

enum class Thoroughness {
  at_a_glance,  // by receipt, where there are no more than kManyFiles of them
  by_receipt,   // a file whose stat matches its receipt is believed
  by_content,   // every file is hashed
};
enum class Strangers { ignored, reported };

}  // namespace sealift::installer
