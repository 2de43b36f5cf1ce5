// SPDX-License-Identifier: Apache-2.0
#include "installer/records/site_change.hpp"

#include "base/error.hpp"
#include "base/format.hpp"
#include "base/path.hpp"

namespace sealift::installer {

std::string text(const SiteChange& change) {
  return format("{}: {} becomes {}", change.key, printable(change.applied),
                printable(change.wanted));
}

Json to_json(const std::vector<SiteChange>& changes) {
  Json list = Json::array();
  for (const SiteChange& each : changes) {
    list.push_back({{"key", each.key}, {"from", each.applied}, {"to", each.wanted}});
  }
  return list;
}

std::vector<SiteChange> site_changes(const Revision* revision, const release::Site& site) {
  std::vector<SiteChange> changes;
  if (revision == nullptr || !revision->digest) return changes;
  const auto compare = [&](const char* key, const std::string& applied, const std::string& wanted) {
    if (applied != wanted) changes.push_back({key, applied, wanted});
  };
  compare("release", revision->release, site.release);
  compare("environment", revision->environment, site.environment);
  return changes;
}

void refuse_site_changes(const Revision& revision, const release::Site& site,
                         const std::string& otherwise) {
  Problems problems;
  for (const SiteChange& each : site_changes(&revision, site)) {
    problems.add(
        format("site.yaml: {}: found {}, expected {}, with which revision {}, {}, was applied",
               each.key, printable(each.wanted), printable(each.applied), revision.number,
               revision.title()),
        format("put it back in site.yaml: {}: {}{}{}", each.key, printable(each.applied),
               otherwise.empty() ? "" : "; ", otherwise));
  }
  problems.throw_if_any(Errc::incompatible);
}

}  // namespace sealift::installer
