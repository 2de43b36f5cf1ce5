// SPDX-License-Identifier: Apache-2.0
#pragma once

// The YAML files of a component for Kubernetes, read as objects: plain files, several documents in
// one, as `kubectl apply -f` takes them. Read strictly, so that everything that no cluster would
// take, or that would do something else than it says, is refused where it was written.

#include <map>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "kubernetes/api_schema.hpp"
#include "kubernetes/object.hpp"

namespace sealift::kubernetes {

inline constexpr std::size_t kMaxObjects = 2000;              // of a component
inline constexpr std::size_t kMaxManifestBytes = 4U << 20;    // of a file
inline constexpr std::size_t kMaxManifestsBytes = 16U << 20;  // of all files of a component

// Whether a file of a component is read: by its ending, .yaml, .yml or .json.
bool is_manifest(std::string_view path);

// Something that is no mistake and that people regret. An id is part of the format of release.yaml,
// where a waiver names it: ids are added, never changed.
struct Finding {
  enum class Weight {
    note,     // told, and never a mistake
    warning,  // a mistake where the component says lint: error
    mistake   // one in any case, as a server refuses it; a waiver is for what a newer one may take
  };
  std::string rule;    // "plain-secret"
  std::string object;  // "Secret/database"
  Problem problem;     // with its place
  Weight weight = Weight::warning;
};

struct Manifests {
  std::vector<Object> objects;  // in the order in which they are applied
  std::vector<Finding> findings;
  std::string name_space;  // that its objects name; empty: none does
};

// The files by their paths. Adds every mistake to `problems`. With a `schema` the structure of each
// object is a finding where it is not as the schema has it (structure.hpp).
Manifests read_manifests(const std::map<std::string, std::string>& files, Problems& problems,
                         const ApiSchema* schema = nullptr);

// The ids of all findings.
std::vector<std::string> finding_rules();

}  // namespace sealift::kubernetes
