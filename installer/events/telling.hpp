// SPDX-License-Identifier: Apache-2.0
#pragma once

// What a command does for `notify` and `metrics` of site.yaml when it has ended and the site is
// free again: another process of this program tells and measures, for a bounded time. So a
// destination that hangs, a name that cannot be resolved or a file system that does not answer
// takes a few seconds and never a transaction.

#include <functional>
#include <string>

#include "base/clock.hpp"
#include "installer/site/installation.hpp"

namespace sealift::installer {

// Begins the cursors of destinations that are new, before the command adds to the audit log; what
// is returned runs behind its end. Nothing where site.yaml names neither a destination nor a file
// of metrics. `site` is what --site said.
std::function<void()> telling_of(const Installation& installation, const std::string& site,
                                 const Clock& clock);

// A line in the audit log for the trust root and each certificate of site.yaml that is about to
// expire, once for each.
void note_expiring(const Installation& installation, const Clock& clock);

}  // namespace sealift::installer
