// SPDX-License-Identifier: Apache-2.0
#include "signing/age.hpp"
#include "tests/fuzz/target.hpp"

namespace sealift::fuzz {

namespace {

// Made for this test by age-keygen.
constexpr std::string_view kIdentity =
    "AGE-SECRET-KEY-1MHR7KYF5QE0W54JLDT88PARGAAVTLREQ33SWERCMZ26JEM6TQAAQNYSW78\n";
constexpr std::string_view kSealed = "what the seeds hold";

}  // namespace

const Target kAge("age", [](std::string_view bytes) {
  const signing::AgeIdentity identity = signing::AgeIdentity::from_file(kIdentity, "identity");
  StringSource in(bytes);
  signing::AgeSource source(in, identity);
  std::string buffer(1000, '\0');
  std::string all;
  while (const std::size_t count = source.read(buffer)) all.append(buffer, 0, count);
  require(all.empty() || all == kSealed, "nothing is forged");
});

}  // namespace sealift::fuzz
