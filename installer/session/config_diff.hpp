// SPDX-License-Identifier: Apache-2.0
#pragma once

// How a release changes the configuration that this site has: the text of rendered templates,
// before and after. A file with a secret in it is named and never shown.

#include <string>
#include <vector>

#include "bundle/reader.hpp"
#include "installer/content/site_content.hpp"
#include "installer/operations/tools.hpp"

namespace sealift::installer {

struct FileDiff {
  std::string component;
  std::string path;
  std::string hidden;  // why its lines are not shown; empty: they are
  std::vector<std::string> lines = {};
};

Json to_json(const std::vector<FileDiff>& files);

// `before` is the current revision, null where there is none.
std::vector<FileDiff> config_diff(const Tools& tools, const bundle::Contents& contents,
                                  SiteContent& content, const Revision* before);

}  // namespace sealift::installer
