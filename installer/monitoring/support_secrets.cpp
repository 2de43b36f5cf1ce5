// SPDX-License-Identifier: Apache-2.0
#include "installer/monitoring/support_secrets.hpp"

#include <algorithm>
#include <set>

#include "base/format.hpp"
#include "base/lines.hpp"
#include "bundle/reader.hpp"
#include "installer/operations/kept_revisions.hpp"
#include "release/values/sealed.hpp"

namespace sealift::installer {

namespace {

constexpr std::uint64_t kMaxSecretFile = 1U << 20;

// Opens what can be opened. A secret that cannot be opened here could not be written by anything
// here either, unless it was opened earlier: so it is a note, and a person decides.
class Collecting {
 public:
  Collecting(const SiteWork& work, Redaction& redaction, std::vector<std::string>& notes)
      : work_(work), redaction_(redaction), notes_(notes) {}

  void add_file(const std::string& key, const fs::path& file) {
    attempt(key, [&] {
      if (path_exists(file)) redaction_.add_secret(key, read_file(file, kMaxSecretFile));
    });
  }

  // What site.yaml names, and the site's own keys, which no section has, for safety.
  void add_files() {
    const release::Site& site = work_.installation().site;
    const Layout& layout = work_.installation().layout;
    for (const auto& [key, file] : site.secrets) add_file(key, file);
    for (const release::Destination& each : site.notify) {
      if (!each.token_file.empty()) add_file("token of " + each.name, each.token_file);
      // A receiver that knows no header is often told its token there.
      if (const std::size_t query = each.place.find('?'); query != each.place.npos) {
        redaction_.add_secret("query of " + each.name, each.place.substr(query + 1));
      }
    }
    for (const auto& [name, entry] : site.tls) add_file("key of " + name, entry.key);
    for (const auto& [name, entry] : site.databases) add_passwords(name, entry.password_file);
    for (const fs::path& each : {layout.age_identity(), layout.site_key(), layout.table_key()}) {
      add_file(each.filename().string(), each);
    }
  }

  // What a release declares as a secret or has sealed.
  void add_release(const Revision& revision) {
    if (revision.bundle.empty()) return;
    attempt(revision.title(), [&] {
      const fs::path file = work_.installation().layout.store() / revision.bundle;
      const Fd fd = open_for_reading(file);
      const release::ReleaseDocument document =
          bundle::read_documents(fd.get(), file.string(), work_.tools().workers).document;
      std::set<std::string> keys;
      for (const auto& [key, declared] : document.contract.keys()) {
        if (declared.secret) keys.insert(key);
      }
      for (const std::string& key : release::sealed_keys(document.sealed, revision.environment)) {
        keys.insert(key);
      }
      SiteContent content = content_of(work_.tools(), revision);
      for (const std::string& key : keys) {
        attempt(key, [&] { redaction_.add_secret(key, content.secret(key).view()); });
      }
    });
  }

 private:
  // A file of PostgreSQL's passwords: host:port:database:user:password.
  void add_passwords(const std::string& name, const std::string& file) {
    if (file.empty()) return;
    attempt(file, [&] {
      const std::string text = read_file(file, kMaxSecretFile);
      for (const std::string_view line : split_lines(text)) {
        if (const std::size_t colon = line.rfind(':'); colon != line.npos) {
          redaction_.add_secret("password of " + name, line.substr(colon + 1));
        }
      }
    });
  }

  template <typename Work>
  void attempt(const std::string& what, Work work) {
    try {
      work();
    } catch (...) {
      notes_.push_back(format("{} could not be opened, so it was not looked for: {}", what,
                              current_error().message()));
    }
  }

  const SiteWork& work_;
  Redaction& redaction_;
  std::vector<std::string>& notes_;
};

}  // namespace

void add_secrets_of(const SiteWork& work, const State& state, Redaction& redaction,
                    std::vector<std::string>& notes) {
  Collecting collecting(work, redaction, notes);
  collecting.add_files();
  for (const Revision* each : {state.current(), state.previous()}) {
    if (each != nullptr) collecting.add_release(*each);
  }
  if (state.staged) collecting.add_release(*state.staged);
  // A release that failed brought secrets too, and what its commands said lies in a journal.
  const std::size_t first = state.history.size() - std::min(kJournals, state.history.size());
  for (std::size_t i = first; i < state.history.size(); ++i) {
    const Revision& tried = state.history[i].outcome;
    const fs::path bundle = work.installation().layout.store() / tried.bundle;
    if (!tried.bundle.empty() && path_exists(bundle)) collecting.add_release(tried);
  }
}

}  // namespace sealift::installer
