// SPDX-License-Identifier: Apache-2.0
#include "installer/operations/intake.hpp"

#include <fcntl.h>
#include <unistd.h>

#include "base/format.hpp"
#include "base/log.hpp"
#include "base/path.hpp"
#include "base/random.hpp"
#include "base/sandbox.hpp"
#include "bundle/medium.hpp"
#include "installer/content/given_bundle.hpp"
#include "installer/content/site_values.hpp"
#include "installer/operations/needs.hpp"
#include "installer/records/journal.hpp"
#include "installer/records/state.hpp"

namespace sealift::installer {

namespace {

constexpr std::string_view kIncoming = ".incoming-";

// From what was verified, never from the name of the file that was given.
std::string store_name(const bundle::Contents& contents) {
  return format("{}-{}-{}.bundle.tar{}", contents.document.name, contents.document.version,
                contents.digest().short_hex(), contents.compression.empty() ? "" : ".zst");
}

// Synced before it is verified: what was read is then what is on the disk. Where a medium begins
// again, so does the copy.
void copy_in(const Tools& tools, bundle::Medium& from, int to, const std::string& name) {
  const std::uint64_t size = from.room();
  if (free_space(tools.installation.layout.store()).bytes < size + size / 20) {
    throw Error(Errc::io,
                format("{}: has no room for the bundle, {} bytes",
                       tools.installation.layout.store().string(), size),
                "free some space, or run: sealift-installer prune");
  }
  without_changes([&] {
    from.read([&](Source& source) {
      empty_file(to, name);
      FdSink sink(to, name);
      copy(source, sink);
    });
  });
  sync_fd(to, name);
}

}  // namespace

Json evidence(const bundle::Judgement& judgement) {
  Json value = {{"digest", judgement.release.str()}, {"rootVersion", judgement.root.version()}};
  if (judgement.statement) value["version"] = judgement.statement->version;
  if (judgement.count) {
    Json keys = Json::array();
    for (const signing::PublicKey& key : judgement.count->by) keys.push_back(key.id());
    value["keys"] = std::move(keys);
  }
  return value;
}

SiteContent Accepted::content(const Tools& tools, const release::Values& set) const {
  const bundle::Contents& contents = verified.contents();
  return SiteContent(tools.installation.layout, tools.installation.layout.store() / name,
                     contents.digest(), values_for(contents, tools.installation.site, set),
                     tools.workers, secret_files(tools.installation.site));
}

// Verified through the descriptor that it was copied to, so that no other file can come into its
// place between.
Accepted accept(const Tools& tools, const std::vector<std::string>& given, bundle::Expiry expiry) {
  const Layout& layout = tools.installation.layout;
  const fs::path incoming = layout.store() / format("{}{}", kIncoming, random_hex(6));
  Json known = {{"bundle", given_name(given)}};
  try {
    const bundle::Trust trust = tools.trust(expiry);
    const std::unique_ptr<bundle::Medium> medium = open_given(layout, given);
    // By the documents alone, before a large file is copied.
    const bundle::Judgement early = bundle::judge_confined(*medium, trust);
    known.update(evidence(early));
    if (early.refusal) throw early.refusal->within(medium->name());
    const Fd fd(::open(incoming.c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!fd.is_open()) throw_errno(incoming.string(), "create");
    copy_in(tools, *medium, fd.get(), incoming.string());
    if (::lseek(fd.get(), 0, SEEK_SET) != 0) throw_errno(incoming.string(), "rewind");
    FdSource source(fd.get(), medium->name());
    bundle::VerifiedBundle verified =
        bundle::verify_confined(source, medium->name(), trust, tools.progress);
    const std::string name = store_name(verified.contents());
    const bool was_there = path_exists(layout.store() / name);
    const Dir store = Dir::open(layout.store());
    store.rename(incoming.filename().string(), name);
    store.sync();
    return {
        .verified = std::move(verified), .name = name, .was_there = was_there, .judged = trust.now};
  } catch (...) {
    const Error error = current_error();
    ::unlink(incoming.c_str());
    audit_failure(tools, "refused", std::move(known), error);
    throw error;
  }
}

std::string given_name(const std::vector<std::string>& given) {
  return printable(fs::path(given.front()).filename().string());
}

void refuse(const Tools& tools, const Accepted& accepted, const Draft* draft, const Error& error) {
  forget(tools, accepted);
  // What came as far as a journal has its line already; where that cannot be known it may have.
  try {
    const fs::path journals = tools.installation.layout.journal();
    if (draft != nullptr && path_exists(Journal::file_of(journals, draft->plan.number))) return;
  } catch (const Error&) {
    return;
  }
  audit_failure(tools, "refused", evidence(accepted.verified.judgement()), error);
}

void forget(const Tools& tools, const Accepted& accepted) {
  try {
    const State state = load_state(tools.installation.layout, tools.clock);
    // Planning has written those of the new release.
    remove_tables(tools.installation.layout, needs_of_history(state));
    if (accepted.was_there) return;
    if (needs_bundle(tools.installation.layout, state, accepted.name)) return;
    const Dir store = Dir::open(tools.installation.layout.store());
    store.remove_tree(accepted.name);
    store.sync();
  } catch (...) {
    log::warning(format("what the bundle brought stays until the next clean-up: {}",
                        current_error().message()));
  }
}

bool is_incoming(std::string_view entry) {
  return entry.starts_with(kIncoming);
}

void remove_incoming(const Layout& layout) {
  const Dir store = Dir::open(layout.store());
  for (const Entry& entry : store.entries()) {
    if (is_incoming(entry.name)) store.remove_tree(entry.name);
  }
}

}  // namespace sealift::installer
