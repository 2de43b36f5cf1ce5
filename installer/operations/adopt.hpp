// SPDX-License-Identifier: Apache-2.0
#pragma once

// Records what stood on a site before sealift came as release 0, so that the first apply can be
// undone. Files that a target held loosely are copied below it; the originals stay where they are.
// Folders of data are never copied: they are renamed to where releases share them (docs/data.md),
// and a link takes their place.

#include <map>
#include <string>
#include <vector>

#include "installer/operations/tools.hpp"

namespace sealift::installer {

// Target -> folders of data that are taken over there. A target of workloads has nothing else to
// adopt.
using AdoptedData = std::map<std::string, std::vector<std::string>>;

// Refuses what cannot be adopted, all of it at once, before anything is made: Error{incompatible}.
void check_adoptable(const Layout& layout, const release::Site& site, const AdoptedData& data,
                     Workers& workers);

// For a site on which no release is installed; after a failure the targets are as before, and it
// may be done again. The site's lock must be held.
void adopt(const Tools& tools, const AdoptedData& data);

}  // namespace sealift::installer
