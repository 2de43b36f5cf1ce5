// SPDX-License-Identifier: Apache-2.0
#pragma once

// index.json of a bundle (OCI image layout 1.1), as index_text() of layout.hpp writes it: the
// release, what refers to it, and its images, so that other tools find them.

#include <string>
#include <vector>

#include "content/descriptor.hpp"

namespace sealift::bundle {

struct Index {
  content::Descriptor release;
  std::vector<content::Descriptor> referrers;  // statement, approvals, chain of roots
  std::vector<content::Descriptor> images;
  std::string compression;  // how the payload's frames were made; empty: the file is a plain tar
};

// It carries no authority, but has one spelling. Error{corrupt} for another.
Index parse_index(const std::string& text, const std::string& where);

}  // namespace sealift::bundle
