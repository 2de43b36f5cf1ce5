// SPDX-License-Identifier: Apache-2.0
#pragma once

// release.json, the document of a bundle that says what the release is (docs/bundle-format.md). It
// is written canonically and read strictly: the bytes that a reader accepts are the bytes that a
// writer of the same values would write.

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/json.hpp"
#include "release/documents/hook.hpp"
#include "release/values/contract.hpp"
#include "release/values/sealed.hpp"

namespace sealift::release {

inline constexpr std::uint64_t kFormat = 1;  // of a bundle; another one is Errc::incompatible
inline constexpr std::uint64_t kMaxDocumentBytes = 16ULL << 20;
inline constexpr std::size_t kMaxBlobs = 10'000;  // of a bundle

// What all documents of a bundle are held to.
// Error{corrupt} unless a document is in the form in which it would be written.
void require_canonical(std::string_view text, const std::string& written, std::string_view where);
// Error{corrupt} for what is_name() (release/values/value_names.hpp) does not take.
void require_name(const std::string& name, std::string_view where);

// One row of release.json's component table.
struct ComponentRow {
  std::string name;
  std::string artifact_type;  // the kind
  std::string target;         // the name that a site's target must have
  bool optional = false;
  friend bool operator==(const ComponentRow&, const ComponentRow&) = default;
};

// release.json: what a site has to know before it takes anything from the bundle.
struct ReleaseDocument {
  std::string name;
  std::string version;
  Time created;
  std::string source_revision;  // empty: not recorded
  // Environment name -> configuration values (scalars; null: each site must set it).
  std::map<std::string, std::map<std::string, Json>> environments;
  Contract contract = {};    // empty: the release has none
  std::string upgrade_from;  // version ranges; empty: none
  std::string installer;
  std::vector<std::string> arch;  // empty: any
  std::vector<ComponentRow> components;
  SealedEnvironments sealed = {};        // secrets, by environment; empty: none
  std::vector<HealthCheck> health = {};  // what must hold once it stands
  std::vector<Hook> hooks = {};          // what runs before and after phases of its apply
  Scripts scripts = {};                  // just those that checks and hooks name
};

std::string to_text(const ReleaseDocument& document);
// Error{corrupt}; Error{incompatible} for a bundle of another format.
ReleaseDocument parse_release_document(std::string_view text);

}  // namespace sealift::release
