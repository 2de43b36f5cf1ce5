// SPDX-License-Identifier: Apache-2.0
#pragma once

// Who approved the releases of this site, as its audit log has it.

#include <map>
#include <string>
#include <vector>

#include "installer/operations/tools.hpp"
#include "installer/records/revision.hpp"

namespace sealift::installer {

class Approvers {
 public:
  // Reads the audit log and the trusted root. Of what cannot be read nobody is known.
  explicit Approvers(const Tools& tools);
  // Names as the root has them now, else ids of keys; empty where nobody was noted.
  std::vector<std::string> of(const Revision& revision) const;

 private:
  std::map<std::string, std::vector<std::string>> by_digest_;
};

}  // namespace sealift::installer
