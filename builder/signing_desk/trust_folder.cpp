// SPDX-License-Identifier: Apache-2.0
#include "builder/signing_desk/trust_folder.hpp"

#include "base/format.hpp"

namespace sealift::builder {

using signing::Root;

Root load_root(const fs::path& file) {
  return Root::parse(read_file(file, signing::kMaxRootBytes), file.string());
}

fs::path TrustFolder::root_file(std::uint64_t version) const {
  return folder_ / format("{}.root.json", version);
}

fs::path TrustFolder::draft_file(std::uint64_t version) const {
  return folder_ / format("{}.root.draft.json", version);
}

// Numbers without a gap from 1: a root behind a gap follows nothing.
std::vector<Root> TrustFolder::chain() const {
  std::vector<Root> chain;
  while (path_exists(root_file(chain.size() + 1))) {
    const fs::path file = root_file(chain.size() + 1);
    const Root root = load_root(file);
    while_doing(file.string(), [&] {
      if (root.version() != chain.size() + 1) {
        throw Error(Errc::invalid_input,
                    format("holds root version {}, expected {}", root.version(), chain.size() + 1));
      }
      if (chain.empty()) {
        check_self_signed(root);
      } else {
        check_succession(chain.back(), root);
      }
    });
    chain.push_back(root);
  }
  return chain;
}

// So several edits add up, and the first of them begins a version.
signing::RootDraft TrustFolder::next() const {
  const std::vector<Root> roots = chain();
  const fs::path open = draft_file(roots.size() + 1);
  if (path_exists(open)) return draft_of(load_root(open));
  if (roots.empty()) {
    throw Error(
        Errc::invalid_input,
        format("{}: found no 1.root.json, expected a chain of trust roots", folder_.string()),
        "make it with: sealift trust create");
  }
  signing::RootDraft draft = draft_of(roots.back());
  ++draft.version;
  return draft;
}

// Read back, so that what is shown and signed is what lies there.
Root TrustFolder::save(const signing::RootDraft& draft) const {
  const std::string text = make_root(draft);
  make_dirs(folder_);
  write_file(draft_file(draft.version), text);
  return load_root(draft_file(draft.version));
}

Root TrustFolder::draft(std::uint64_t version) const {
  return load_root(draft_file(version));
}

// TUF demands both: the old holders agree to the new root, and the new ones show that they have
// their keys (specification 1.0.33, 5.3.4).
std::set<signing::PublicKey> TrustFolder::may_sign(const Root& root) const {
  std::set<signing::PublicKey> keys = root.role("root").keys;
  if (root.version() > 1) {
    const Root before = load_root(root_file(root.version() - 1));
    keys.insert(before.role("root").keys.begin(), before.role("root").keys.end());
  }
  return keys;
}

void TrustFolder::write_draft(const Root& draft, const std::string& text) const {
  write_file(draft_file(draft.version()), text);
}

// The root is written before the draft goes. A file of that name is never replaced: what was
// published is what sites have.
Root TrustFolder::publish(const Root& draft) const {
  const std::vector<Root> roots = chain();
  if (draft.version() != roots.size() + 1) {
    throw Error(Errc::invalid_input,
                format("{}: has root version {}, so the next is {}, not {}", folder_.string(),
                       roots.size(), roots.size() + 1, draft.version()));
  }
  if (roots.empty()) {
    check_self_signed(draft);
  } else {
    check_succession(roots.back(), draft);
  }
  write_new_file(root_file(draft.version()), draft.text(), FileMode::plain);
  remove_file(draft_file(draft.version()));
  return draft;
}

}  // namespace sealift::builder
