// SPDX-License-Identifier: Apache-2.0
// What a site says that it holds, which comes by mail.
#include "release/site_file/site_receipt.hpp"

#include "tests/fuzz/target.hpp"

namespace sealift::fuzz {

const Target kSiteReceipt("site_receipt", [](std::string_view bytes) {
  const release::SiteReceipt receipt = release::parse_receipt(bytes, "receipt");
  require(receipt.held.size() <= release::kMaxHeldReleases, "it holds not too many releases");
});

}  // namespace sealift::fuzz
