// SPDX-License-Identifier: Apache-2.0
#include "installer/operations/tools.hpp"

#include "base/format.hpp"
#include "base/log.hpp"

namespace sealift::installer {

bundle::Trust Tools::trust(bundle::Expiry expiry) const {
  const Time now = believed_now(installation.layout, clock);
  return {.root = trusted_root(installation.layout),
          .environment = installation.site.environment,
          .policy = installation.site.policy,
          .now = now,
          .expiry = expiry};
}

void audit_failure(const Tools& tools, const std::string& event, Json details, const Error& error) {
  details["code"] = name(error.code());
  details["message"] = error.message();
  try {
    tools.audit().append(event, std::move(details));
  } catch (...) {
    log::warning(format("the audit log has no line of it: {}", current_error().message()));
  }
}

}  // namespace sealift::installer
