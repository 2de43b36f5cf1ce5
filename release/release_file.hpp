// SPDX-License-Identifier: Apache-2.0
#pragma once

// release.yaml: what the author wants released, validated. Paths are relative to the file's folder
// and cannot leave it.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/file.hpp"
#include "release/contract.hpp"
#include "release/environment.hpp"
#include "release/image_entry.hpp"
#include "release/lock_file.hpp"
#include "release/sealed.hpp"
#include "release/semver.hpp"

namespace sealift::release {

// What release.yaml says of a component of migrations.
struct MigrationsEntry {
  std::string format;   // "drizzle", "sql"
  std::string dialect;  // "postgresql", "sqlite"; empty: the folder of drizzle says it
  std::string schema;   // of the tracking table; empty: the usual one
  std::string table;
  std::string transactions = "run";  // "run", "file"
  std::string late = "refused";      // "refused", "applied"
  std::string rollback = "code-only";
  bool lint_is_strict = false;                // findings are mistakes
  std::map<std::string, std::string> accept;  // RULE or MIGRATION/RULE -> reason
};

struct ComponentEntry {
  std::string name;
  std::string kind;
  std::string source;  // a folder or a glob; empty for images
  std::vector<std::string> exclude;
  std::vector<ImageEntry> images;
  MigrationsEntry migrations;
  std::string target;  // of migrations: the database
  bool optional = false;
  int line = 0;
};

// How the builder reaches a registry.
struct RegistryAccess {
  std::string ca;         // a file of certificates, relative to release.yaml; empty: the system's
  bool insecure = false;  // may be spoken to without TLS
};

struct Release {
  fs::path folder;
  std::string name;
  Version version;
  std::string source_revision;  // empty: not stated
  std::vector<Environment> environments;
  Contract contract;         // empty: there is no environments/schema.json
  std::string upgrade_from;  // ranges; empty: none
  std::string installer;
  std::vector<std::string> arch;
  std::string notes;                                 // the notes' text
  fs::path trust;                                    // empty: no root chain travels with the bundle
  std::map<std::string, RegistryAccess> registries;  // by host
  ImageRules image_rules;
  ImageLimits image_limits;
  std::optional<Locked> locked;  // nothing: there is no release.lock.yaml
  std::vector<ComponentEntry> components;
  SealedEnvironments sealed = {};  // secrets of the environments; empty: none
};

// Reads release.yaml, release.lock.yaml, environments/NAME.yaml of every environment and the notes.
// Throws Error{invalid_input} with every mistake in all of them, sorted by line.
Release load_release(const fs::path& file);

}  // namespace sealift::release
