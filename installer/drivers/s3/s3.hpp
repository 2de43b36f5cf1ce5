// SPDX-License-Identifier: Apache-2.0
#pragma once

// Assets in a bucket of a store that speaks S3 (s3_keys.hpp says how they lie there), and the CDN
// before it. A release is sent beside the others, then shown: no page ever names a script that is
// not there. A prefix that holds anything else is not ours and is refused.

#include <memory>

#include "installer/driver/driver.hpp"
#include "installer/site/layout.hpp"

namespace sealift::installer {

std::unique_ptr<Driver> s3_driver(const Layout& layout);

}  // namespace sealift::installer
