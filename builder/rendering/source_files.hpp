// SPDX-License-Identifier: Apache-2.0
#pragma once

// A chart or a kustomization as files, and what of it would ask somebody else: a cluster, a server
// of charts, a repository. It is refused before any program sees it.

#include "base/file.hpp"
#include "builder/rendering/placeholders.hpp"
#include "release/project/release_file.hpp"

namespace sealift::builder {

inline constexpr std::size_t kMaxSourceFiles = 4096;
inline constexpr std::size_t kMaxSourceBytes = 32U << 20;

// Every file of the component's source, without what it excludes. Links are refused.
Texts source_files(const fs::path& folder, const release::ComponentEntry& entry);
// Calls of `lookup`, and dependencies that are packed, which nobody can review.
void check_chart(const Texts& files, Problems& problems);
// Resources that lie elsewhere.
void check_kustomization(const Texts& files, Problems& problems);
bool is_kustomization(const std::string& path);

}  // namespace sealift::builder
