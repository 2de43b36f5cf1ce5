// SPDX-License-Identifier: Apache-2.0
#include "installer/session/refusal.hpp"

#include "base/format.hpp"
#include "base/log.hpp"
#include "base/path.hpp"
#include "installer/operations/intake.hpp"

namespace sealift::installer {

// A log that is missing is not begun here.
RefusalRecord::RefusalRecord(const Tools& tools, const std::string& command,
                             const std::vector<std::string>& bundle)
    : known_({{"command", command}, {"bundle", given_name(bundle)}}) {
  const fs::path log = tools.installation.layout.audit();
  try {
    if (path_exists(log)) log_.emplace(log, tools.clock);
  } catch (const Error&) {
    // Somebody who may only read.
  }
}

void RefusalRecord::know(const bundle::Judgement& judgement) {
  known_.update(evidence(judgement));
}

void RefusalRecord::record(const Error& error) {
  const bool is_about_bundle = error.code() == Errc::untrusted || error.code() == Errc::corrupt ||
                               error.code() == Errc::incompatible;
  if (!log_ || !is_about_bundle) return;
  known_["code"] = name(error.code());
  known_["message"] = error.message();
  try {
    log_->append("refused", known_);
  } catch (const Error& failed) {
    log::warning(format("the audit log has no line of it: {}", failed.message()));
  }
}

}  // namespace sealift::installer
