// SPDX-License-Identifier: Apache-2.0
#pragma once

// release.yaml: what the author wants released, validated. Paths are relative to the file's folder
// and cannot leave it.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/file.hpp"
#include "release/documents/carried_assets.hpp"
#include "release/documents/hook.hpp"
#include "release/documents/image_entry.hpp"
#include "release/documents/workload.hpp"
#include "release/project/lock_file.hpp"
#include "release/text/semver.hpp"
#include "release/values/contract.hpp"
#include "release/values/environment.hpp"
#include "release/values/sealed.hpp"

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
  std::string foreign_keys;  // of SQLite: "off", "on"; empty: off
};

// What is made of findings, which are no mistakes and which people regret.
struct LintEntry {
  bool is_strict = false;  // they are mistakes
  std::map<std::string, std::string> accept =
      {};  // RULE, MIGRATION/RULE or KIND/NAME/RULE -> reason
};

// Files of a component that a service reads.
struct ServiceFiles {
  std::string service;
  std::string glob;
  std::string where;  // "release.yaml:14: components[2].services.nginx[0]"
};

// Files of a component that are no templates.
struct RawGlob {
  std::string glob;
  std::string where;  // "release.yaml:14: components[2].raw[0]"
};

// A folder of data that every release of a component shares.
struct PersistEntry {
  std::string folder;
  std::string where;  // "release.yaml:14: components[2].persist[0]"
};

// What release.yaml says of a component of assets.
struct AssetsEntry {
  std::vector<std::string> compress = {};   // "gzip", "brotli"
  std::vector<std::string> integrity = {};  // globs of files whose integrity is listed
  Serving serving = {};
  std::uint64_t keep_previous = 0;
};

// A file that the builder makes from the configuration's keys, as a template.
struct OutputEntry {
  std::string file;               // its path in the component's tree
  std::string format;             // "dotenv", "json", "yaml", "compose", "kubernetes"
  std::vector<std::string> keys;  // names and patterns; empty: every key that is no secret
  std::vector<std::string> exclude_keys;
  std::vector<std::string> services;  // of Compose, which the variables are for
  std::string name;                   // of the objects of Kubernetes
  std::string name_space;
  int line = 0;
};

// A source that another program makes manifests of, where the release is built.
inline constexpr std::string_view kHelm = "helm";
inline constexpr std::string_view kKustomize = "kustomize";
struct Rendering {
  std::string program;                   // one of the above; empty: the source is manifests
  std::string release = {};              // of helm: .Release.Name
  std::vector<std::string> values = {};  // of helm: files, relative to release.yaml
  std::string name_space = {};           // of helm: .Release.Namespace, a template; empty: not said
  std::string version = {};              // of helm: of Kubernetes, for .Capabilities
  std::string folder = {};               // of kustomize: below source; empty: source itself
};

struct ComponentEntry {
  std::string name;
  std::string kind;
  std::string source;  // a folder or a glob; empty for images, and where only outputs are made
  std::vector<std::string> exclude;
  std::vector<ImageEntry> images;
  MigrationsEntry migrations;
  AssetsEntry assets;
  std::vector<OutputEntry> outputs;
  std::string target;  // of migrations: the database
  bool optional = false;
  int line = 0;
  std::vector<ServiceFiles> services = {};
  Workload workload = {};                  // of manifests; the builder finds its file
  std::vector<std::string> overlays = {};  // of Compose: files over the first, in this order
  // Names of components that stand before this one does.
  std::vector<std::string> after = {};
  std::vector<RawGlob> raw = {};
  std::vector<PersistEntry> persist = {};
  LintEntry lint = {};  // of migrations, and of manifests for Kubernetes
  Rendering rendering = {};
  std::string schema = {};  // of Kubernetes: what servers have, relative to release.yaml; or empty
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
  // In the order in which they are applied: each behind those that it comes after, manifests last,
  // otherwise as they were written.
  std::vector<ComponentEntry> components;
  SealedEnvironments sealed = {};  // secrets of the environments; empty: none
  std::vector<HealthCheck> health = {};
  std::vector<std::string> health_places = {};  // of each: "release.yaml:14: health[0]"
  std::vector<Hook> hooks = {};
  std::vector<std::string> hook_places = {};
  Scripts scripts = {};  // that they name
};

// Reads release.yaml, release.lock.yaml, environments/NAME.yaml of every environment and the notes.
// Throws Error{invalid_input} with every mistake in all of them, sorted by line.
Release load_release(const fs::path& file);

}  // namespace sealift::release
