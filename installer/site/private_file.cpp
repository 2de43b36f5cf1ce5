// SPDX-License-Identifier: Apache-2.0
#include "installer/site/private_file.hpp"

#include <sys/stat.h>

#include "base/error.hpp"
#include "base/format.hpp"

namespace sealift::installer {

bool is_open_to_others(const fs::path& file) {
  const std::optional<struct stat> status = link_status_of(file);
  return status && (status->st_mode & 077) != 0;
}

signing::Secret read_private_file(const fs::path& file, std::uint64_t limit) {
  if (is_open_to_others(file)) {
    throw Error(Errc::untrusted, format("{}: others than its owner may read it", file.string()),
                format("chmod 600 {}; if somebody has read it, make another", file.string()));
  }
  std::string text = read_file(file, limit);
  return signing::Secret::taken_from(text);
}

}  // namespace sealift::installer
