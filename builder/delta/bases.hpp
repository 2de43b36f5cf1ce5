// SPDX-License-Identifier: Apache-2.0
#pragma once

// On which release a delta for a site is made: on one that its receipt says it holds, so that the
// delta is right whatever became of the media that were sent before.

#include <string>
#include <vector>

#include "base/file.hpp"
#include "base/parallel.hpp"
#include "release/site_file/site_receipt.hpp"

namespace sealift::builder {

// What one delta serves.
struct BaseForSites {
  fs::path bundle;                 // the base
  std::vector<std::string> sites;  // whose receipts name it; empty where none was asked for
};

struct Bases {
  std::vector<BaseForSites> needed;
  std::vector<std::string> done;  // sites that have the target already
};

// Groups sites by the base that each gets: the release that is installed there, else that of its
// rollback, else another that it keeps, of which a bundle is in `folder`. Error{incompatible} that
// names each site of which no bundle is there.
Bases bases_for(const std::vector<release::SiteReceipt>& receipts, const fs::path& folder,
                const Digest& target, Workers& workers);

}  // namespace sealift::builder
