// SPDX-License-Identifier: Apache-2.0
#include "installer/planning/space.hpp"

#include <sys/stat.h>

#include <map>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/format.hpp"

namespace sealift::installer {

void check_space(const Draft& draft) {
  struct Total {
    std::uint64_t bytes = 0;
    std::uint64_t inodes = 0;
    fs::path place;
  };
  std::map<dev_t, Total> totals;
  for (const Need& need : draft.needs) {
    const fs::path place = existing_part(need.path);
    Total& total = totals[status_of(place)->st_dev];
    // A file takes whole blocks.
    total.bytes += need.bytes + need.inodes * 2048;
    total.inodes += need.inodes;
    total.place = place;
  }
  for (const auto& [unused, total] : totals) {
    const Space space = free_space(total.place);
    if (space.bytes < total.bytes + total.bytes / 20 || space.inodes < total.inodes) {
      throw Error(Errc::io,
                  format("{}: has {} bytes and {} inodes free, the release needs {} and {}",
                         total.place.string(), space.bytes, space.inodes,
                         total.bytes + total.bytes / 20, total.inodes),
                  "free some space, lower retention in site.yaml, or run: sealift-installer prune");
    }
  }
}

}  // namespace sealift::installer
