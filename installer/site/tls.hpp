// SPDX-License-Identifier: Apache-2.0
#pragma once

// The certificates that site.yaml names, looked at where they lie.

#include "base/clock.hpp"
#include "release/values/tls.hpp"
#include "signing/certificate.hpp"

namespace sealift::installer {

// Also what is wrong with the files themselves: missing, too large, a key that others may read.
// Every mistake and warning begins with "tls.NAME: ".
signing::CertificateVerdict judge_tls(const std::string& name, const release::TlsEntry& entry,
                                      Time now);

}  // namespace sealift::installer
