// SPDX-License-Identifier: Apache-2.0
#include "installer/operations/found_drift.hpp"

#include "base/digest.hpp"
#include "base/error.hpp"
#include "base/log.hpp"

namespace sealift::installer {

namespace {

constexpr const char* kFound = "drift";
constexpr const char* kGone = "drift-gone";

// The digest of the differences that the log knows of; empty: it knows of none.
std::string known_differences(const std::vector<AuditEntry>& log) {
  for (auto entry = log.rbegin(); entry != log.rend(); ++entry) {
    if (entry->event == kFound) return text_at(entry->details, "differences");
    if (entry->event == kGone) return "";
  }
  return "";
}

}  // namespace

void record_drift(const Tools& tools, const FoundDrift& found) {
  const std::string now =
      found.differences.empty() ? "" : Digest::of(to_canonical(found.differences)).hex();
  try {
    if (known_differences(tools.audit().entries()) == now) return;
    if (now.empty()) {
      tools.audit().append(kGone, Json::object());
    } else {
      tools.audit().append(kFound, {{"components", found.components},
                                    {"count", found.differences.size()},
                                    {"differences", now}});
    }
  } catch (const Error& error) {
    // Somebody who may only read; or a log that `audit verify` speaks of.
    log::detail(error.message());
  }
}

}  // namespace sealift::installer
