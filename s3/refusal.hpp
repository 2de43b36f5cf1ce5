// SPDX-License-Identifier: Apache-2.0
#pragma once

// What a store's refusal means, and what to do about it. Of its text only the code and the message
// are shown: stores quote the signed request, and with it what nobody else should read.

#include <string>

#include "base/clock.hpp"
#include "s3/bucket.hpp"

namespace sealift::s3 {

struct Refusal {
  const Place& place;
  std::string key;  // of the object; empty: of the bucket
  int status = 0;
  std::string date;    // the store's clock, as it says it
  std::string region;  // that the store names; empty: none
  std::string body;    // XML, or anything
  Time now;            // our clock
};

// Error{incompatible} where the operator can mend it, Error{io} for all else.
[[noreturn]] void throw_refusal(const Refusal& refusal);

}  // namespace sealift::s3
