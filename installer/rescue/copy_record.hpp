// SPDX-License-Identifier: Apache-2.0
#pragma once

// state/copies.json: what is known to be at each place of copies. It stays with the machine: no
// site archive has it.

#include <map>
#include <optional>
#include <set>
#include <string>

#include "base/clock.hpp"
#include "base/digest.hpp"
#include "installer/site/layout.hpp"

namespace sealift::installer {

struct CopyRecord {
  std::map<std::string, Digest> there;  // backup -> of its file
  std::set<std::string> removed = {};   // of these: those that the place's retention took away
  std::string failed;                   // what the last run met; empty: nothing
  std::optional<Time> failed_at;
};

// By place. Empty where nothing was ever copied; Error{corrupt}.
std::map<std::string, CopyRecord> read_copy_records(const Layout& layout);
void write_copy_records(const Layout& layout, const std::map<std::string, CopyRecord>& records);

}  // namespace sealift::installer
