// SPDX-License-Identifier: Apache-2.0
#pragma once

// An existing bundle to which approvals and newer roots can be added; D and every payload byte
// stay as they are.

#include <string>
#include <vector>

#include "bundle/reader.hpp"
#include "signing/approvals.hpp"
#include "signing/root.hpp"

namespace sealift::builder {

class OpenBundle {
 public:
  // Throws Error{corrupt} also where the bundle's statement is about something else than its
  // content: nobody is to be asked to sign that.
  explicit OpenBundle(fs::path file);

  // The release's documents; payloads are neither read nor compared here, for a signer signs D.
  const bundle::Contents& contents() const { return contents_; }
  // The exact bytes that approvers sign.
  const std::string& statement() const { return statement_; }
  std::vector<signing::Root> roots() const;
  std::vector<std::string> approval_texts() const;
  std::vector<signing::Approval> approvals() const;
  // What to call the signer of an approval: its name in the newest root, else the start of its id.
  std::string name_of(const signing::Approval& approval) const;

  // The text of an envelope or of a signature of ssh-keygen; one that is there already changes
  // nothing. Throws Error{untrusted} where it signs something else, or its key is none of the
  // newest root's.
  void add_approval(const std::string& text, const std::string& where);
  // A root that follows the newest of the bundle's chain.
  void add_root(const signing::Root& root);
  // Writes the bundle anew, in place, and its line in SHA256SUMS. The file is replaced by a rename:
  // whoever reads it at that moment has the old one or the new one.
  void save();

 private:
  void add(bundle::Referrer referrer);

  fs::path file_;
  Workers workers_;
  Fd fd_;
  bundle::Contents contents_;
  std::string statement_;
};

// The referrer that carries an approval.
bundle::Referrer approval_referrer(const std::string& text, const content::Descriptor& release);

}  // namespace sealift::builder
