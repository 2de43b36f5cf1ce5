// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the steps of the driver s3 say: all that applying and undoing them needs, as the journal
// keeps it.

#include <optional>
#include <string>
#include <vector>

#include "installer/drivers/s3/s3_settings.hpp"
#include "installer/records/plan.hpp"

namespace sealift::installer {

inline constexpr std::string_view kSend = "send";
inline constexpr std::string_view kShow = "show";

// A release beside the others: files that never change under their public names, others held.
struct Sending {
  S3Settings settings;
  std::string site;
  std::string target;
  std::string directory;  // "releases/LABEL"
  Digest table;
};

Json to_json(const Sending& sending);
Sending sending_from_json(const Step& step);
// Where the release that these steps send is kept; nothing where none is sent.
std::optional<std::string> sent_directory(const std::vector<Step>& steps);

// What is seen becomes that of another release. An empty directory means: nothing.
struct Showing {
  S3Settings settings;
  std::string site;
  std::string target;
  std::string from;
  std::string to;
  std::uint64_t number = 0;  // of the transaction
  bool all = false;          // also what seems to be there already
};

Json to_json(const Showing& showing);
Showing showing_from_json(const Step& step);

}  // namespace sealift::installer
