// SPDX-License-Identifier: Apache-2.0
#pragma once

// The folder that holds a release owner's chain of trust roots, 1.root.json, 2.root.json, ..., and
// at most one draft of the next, N.root.draft.json, while its holders sign it.

#include <vector>

#include "base/file.hpp"
#include "signing/root.hpp"

namespace sealift::builder {

class TrustFolder {
 public:
  // A missing folder has no roots yet.
  explicit TrustFolder(fs::path folder) : folder_(std::move(folder)) {}

  // The published chain; each root was checked against the one before.
  std::vector<signing::Root> chain() const;
  // Where they are, or would be.
  fs::path root_file(std::uint64_t version) const;
  fs::path draft_file(std::uint64_t version) const;

  // What the next root says so far: the draft, or else the newest root with a version one higher.
  signing::RootDraft next() const;
  // Writes the draft of its version; signatures of an earlier state of it are gone.
  signing::Root save(const signing::RootDraft& draft) const;
  signing::Root draft(std::uint64_t version) const;

  // Who may sign a root of this folder: root keys of itself and of the one before.
  std::set<signing::PublicKey> may_sign(const signing::Root& root) const;
  // `text` is the draft with one more signature.
  void write_draft(const signing::Root& draft, const std::string& text) const;
  // Makes the draft the newest root. Throws Error{untrusted} where a signature is missing.
  signing::Root publish(const signing::Root& draft) const;

 private:
  fs::path folder_;
};

// Reads and parses one root file.
signing::Root load_root(const fs::path& file);

}  // namespace sealift::builder
