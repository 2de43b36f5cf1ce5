// SPDX-License-Identifier: Apache-2.0
#include "builder/signing_desk/open_bundle.hpp"

#include <algorithm>

#include "base/file.hpp"
#include "base/format.hpp"
#include "base/path.hpp"
#include "builder/signing_desk/sums.hpp"
#include "bundle/statement.hpp"
#include "content/media_types.hpp"

namespace sealift::builder {

namespace {

// It is made again from the documents and compared byte for byte, so that nobody signs a summary of
// something else.
std::string statement_in(const bundle::Contents& contents, const std::string& where) {
  const std::vector<std::string> statements = contents.layers_of(media_type::kStatement);
  if (statements.size() != 1) {
    throw Error(Errc::corrupt,
                format("{}: found {} statements, expected one", where, statements.size()));
  }
  const signing::Statement honest =
      bundle::statement_of(contents.document, contents.components, contents.digest());
  if (statements.front() != to_text(honest)) {
    throw Error(Errc::corrupt,
                format("{}: its statement is not about {} {} as it holds it", where,
                       contents.document.name, contents.document.version),
                "do not sign it; build the release again");
  }
  return statements.front();
}

}  // namespace

bundle::Referrer approval_referrer(const std::string& text, const content::Descriptor& release) {
  return bundle::make_referrer(
      media_type::kApproval,
      signing::is_ssh_signature(text) ? media_type::kSshSig : media_type::kDsse, {text}, release);
}

OpenBundle::OpenBundle(fs::path file)
    : file_(std::move(file)),
      workers_(usable_cores()),
      fd_(open_for_reading(file_)),
      contents_(bundle::read_documents(fd_.get(), file_.string(), workers_)),
      statement_(statement_in(contents_, file_.string())) {}

// Oldest first; none where the bundle was built without a trust folder.
std::vector<signing::Root> OpenBundle::roots() const {
  std::vector<signing::Root> roots;
  for (const std::string& text : contents_.layers_of(media_type::kRootChain)) {
    roots.push_back(signing::Root::parse(text, format("root chain[{}]", roots.size())));
  }
  return roots;
}

std::vector<std::string> OpenBundle::approval_texts() const {
  return contents_.layers_of(media_type::kApproval);
}

std::vector<signing::Approval> OpenBundle::approvals() const {
  std::vector<signing::Approval> approvals;
  for (const std::string& text : approval_texts()) {
    approvals.push_back(signing::Approval::parse(text, format("approval[{}]", approvals.size())));
  }
  return approvals;
}

// The key id in an approval is a claim; the name comes from the key that verifies it.
std::string OpenBundle::name_of(const signing::Approval& approval) const {
  const std::vector<signing::Root> known = roots();
  if (!known.empty()) {
    const signing::Root& newest = known.back();
    if (const auto* key = approval.signer_among(newest.keys(), statement_)) {
      return newest.name_of(*key);
    }
  }
  return printable(approval.key_id().substr(0, 12));
}

// Compared before it is added: an approval of something else would only be found out on a site.
void OpenBundle::add_approval(const std::string& text, const std::string& where) {
  const signing::Approval approval = signing::Approval::parse(text, where);
  if (approval.envelope() != nullptr && approval.envelope()->payload != statement_) {
    throw Error(Errc::untrusted,
                format("{}: signs something else than this bundle's statement", where),
                "have the output of `sealift statement` signed for this very bundle");
  }
  const std::vector<signing::Root> known = roots();
  if (!known.empty() && approval.signer_among(known.back().approvers(), statement_) == nullptr) {
    throw Error(
        Errc::untrusted,
        format("{}: is no good signature by an approver of root version {}, the newest that "
               "this bundle carries",
               where, known.back().version()),
        "sign with the key of an approver, whom sealift trust show lists, and the statement byte "
        "for byte; attach a newer root first where the key is a new one");
  }
  if (approval.ssh() != nullptr && !approval.ssh()->verifies(statement_)) {
    throw Error(Errc::untrusted,
                format("{}: signs something else than this bundle's statement", where));
  }
  add(approval_referrer(text, contents_.release.descriptor));
}

// The chain is one referrer, so the old one is replaced; a root that is there already, or older,
// adds nothing.
void OpenBundle::add_root(const signing::Root& root) {
  std::vector<std::string> texts = contents_.layers_of(media_type::kRootChain);
  if (const std::vector<signing::Root> known = roots(); !known.empty()) {
    if (root.version() <= known.back().version()) return;
    check_succession(known.back(), root);
  }
  texts.push_back(root.text());
  std::erase_if(contents_.referrers, [](const bundle::Referrer& referrer) {
    return referrer.manifest.descriptor.artifact_type == media_type::kRootChain;
  });
  add(bundle::make_referrer(media_type::kRootChain, media_type::kTufRoot, texts,
                            contents_.release.descriptor));
}

// Signing twice with the same key gives the same bytes, and so one referrer.
void OpenBundle::add(bundle::Referrer referrer) {
  const auto same = [&](const bundle::Referrer& other) {
    return other.manifest.descriptor.digest == referrer.manifest.descriptor.digest;
  };
  if (std::any_of(contents_.referrers.begin(), contents_.referrers.end(), same)) return;
  contents_.referrers.push_back(std::move(referrer));
}

void OpenBundle::save() {
  const FdAccess file(fd_.get(), file_.string());
  const bundle::PayloadPart payload = bundle::locate_payload(file, file_.string(), contents_);
  const bundle::WrittenFile written =
      bundle::rewrite_referrers(file_, file, payload, contents_.release, contents_.referrers,
                                workers_, contents_.compression);
  write_sum(file_, written.digest);
}

}  // namespace sealift::builder
