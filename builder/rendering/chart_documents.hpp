// SPDX-License-Identifier: Apache-2.0
#pragma once

// What helm and kubectl write, document by document: where each comes from, and whether it is a
// hook of a chart, which helm itself would run (https://helm.sh/docs/topics/charts_hooks/).

#include <string>
#include <vector>

#include "base/error.hpp"

namespace sealift::builder {

struct WrittenDocument {
  std::string source;  // "templates/web.yaml", as helm's "# Source:" names it below the chart
  std::string text;    // after as many empty lines as stand before it in what was written
};

// Hooks that test are left out; others are added to `problems`. Documents of no named source have
// `otherwise`.
std::vector<WrittenDocument> written_documents(const std::string& output,
                                               const std::string& otherwise, Problems& problems);

// The text without lines `namespace: NAME` of the objects' own metadata: a site says it.
std::string without_name_space(const std::string& output, const std::string& name);

}  // namespace sealift::builder
