// SPDX-License-Identifier: Apache-2.0
#pragma once

// Data in the directory of the installed release, in folders that the next release shares: it moves
// along. Where files of the installed release lie among it, a person has to divide them.

#include "installer/driver/driver.hpp"
#include "installer/drivers/files/shared_data.hpp"
#include "installer/records/state.hpp"

namespace sealift::installer {

// Folder -> its place below PATH, of data that no release brought. `shared` are the folders that
// the next release shares, `driver` is that of the installed release. Error{incompatible} where a
// folder holds data and files of a release, until PATH/shared has data there.
std::map<std::string, std::string> data_found(const Wish& wish, const SharedFolders& shared,
                                              const Revision& installed, const Driver& driver,
                                              Content& content);

}  // namespace sealift::installer
