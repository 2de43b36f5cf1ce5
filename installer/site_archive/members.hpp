// SPDX-License-Identifier: Apache-2.0
#pragma once

// Where the members of a site archive lie: found by their headers alone, whatever their sizes. A
// header says a name and a size and nothing else, and is compared with the only one that says so;
// so no byte outside of contents can be changed unseen.

#include <cstdint>
#include <string>
#include <vector>

#include "base/random_access.hpp"

namespace sealift::installer {

struct PlacedMember {
  std::string name;
  std::uint64_t offset = 0;  // of its content
  std::uint64_t bytes = 0;   // of its content

  // Of the next header.
  std::uint64_t end() const;
};

// Header and extended header of a member.
std::string member_header(const std::string& name, std::uint64_t bytes);

enum class Ending {
  whole,    // two zero blocks, and nothing behind them: anything else is Error{corrupt}
  cut_off,  // where headers or content end: what is whole until there
};

// `name` is for messages.
std::vector<PlacedMember> members_of(const RandomAccess& file, const std::string& name,
                                     Ending ending);

}  // namespace sealift::installer
