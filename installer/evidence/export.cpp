// SPDX-License-Identifier: Apache-2.0
#include "installer/evidence/export.hpp"

#include <set>

#include "base/format.hpp"
#include "base/log.hpp"
#include "bundle/reader.hpp"
#include "content/media_types.hpp"
#include "installer/evidence/page.hpp"
#include "installer/evidence/timestamps.hpp"
#include "installer/site/installation.hpp"
#include "signing/timestamp.hpp"

namespace sealift::installer {

namespace {

// Only its owner may read what is exported, as the state it comes from.
class ExportFolder {
 public:
  explicit ExportFolder(const fs::path& folder) : folder_(folder) {
    if (path_exists(folder) && !(dir_exists(folder) && is_empty_dir(folder))) {
      throw Error(Errc::invalid_input, format("{}: is here already", folder.string()),
                  "name another folder: --output FOLDER");
    }
    make_dirs(folder, 0700);
  }

  void put(const std::string& name, const std::string& content) {
    write(name, content);
    list_.push_back(
        {{"name", name}, {"bytes", content.size()}, {"sha256", Digest::of(content).hex()}});
  }
  // Of a file that the manifest does not list.
  void write(const std::string& name, const std::string& content) {
    const fs::path file = folder_ / name;
    make_dirs(file.parent_path(), 0700);
    write_file(file, content, FileMode::secret);
    names_.push_back(name);
  }

  const Json& list() const { return list_; }
  const std::vector<std::string>& names() const { return names_; }

 private:
  fs::path folder_;
  Json list_ = Json::array();
  std::vector<std::string> names_;
};

std::string log_of(const Evidence& evidence) {
  std::string text;
  for (const AuditLine& line : evidence.lines) text += line.text + "\n";
  return text;
}

std::string record_of(const Journal& journal) {
  Json records = Json::array();
  for (const Record& each : journal.records()) {
    if (each.event == Event::begin) continue;  // the plan, which is told once
    records.push_back({{"event", name(each.event)},
                       {"time", to_text(each.time)},
                       {"step", each.step},
                       {"detail", each.detail}});
  }
  return to_pretty({{"plan", to_json(journal.plan())}, {"records", std::move(records)}});
}

// What approvers signed, and their signatures, as far as the store still has the bundle.
void put_approvals(const Revision& revision, const EvidenceSource& source, ExportFolder& folder) {
  const fs::path file = source.layout.store() / revision.bundle;
  if (revision.bundle.empty() || !revision.digest || !path_exists(file)) return;
  try {
    const Fd fd = open_for_reading(file);
    const bundle::Contents contents =
        bundle::read_documents(fd.get(), file.string(), source.workers);
    const std::string place = format("releases/{}/", revision.digest->short_hex());
    for (const std::string& statement : contents.layers_of(media_type::kStatement)) {
      folder.put(place + "statement.json", statement);
    }
    std::size_t number = 0;
    for (const std::string& approval : contents.layers_of(media_type::kApproval)) {
      folder.put(format("{}approval-{}.{}", place, ++number,
                        approval.starts_with('{') ? "dsse.json" : "sig"),
                 approval);
    }
  } catch (const Error& error) {
    log::warning(format("its approvals are left out: {}", error.message()));
  }
}

void put_roots(const EvidenceSource& source, ExportFolder& folder) {
  std::uint64_t newest = 0;
  try {
    newest = trusted_root(source.layout).version();
  } catch (const Error&) {
    return;  // it trusts nobody yet
  }
  for (std::uint64_t version = 1; version <= newest; ++version) {
    try {
      folder.put(format("roots/{}.root.json", version),
                 accepted_root(source.layout, version).text());
    } catch (const Error&) {
      // A site may have begun with a later root.
    }
  }
}

// Each answer beside the text that it is about, as `openssl ts -verify` wants both.
void put_timestamps(const Evidence& evidence, const EvidenceSource& source, ExportFolder& folder) {
  for (const StoredTimestamp& each : stored_timestamps(evidence.lines)) {
    const fs::path file = timestamp_file(source.layout, each);
    if (!path_exists(file)) continue;  // the review says so
    const std::string stem = format("timestamps/{}", each.lines);
    folder.put(stem + ".tsr", read_file(file, signing::kMaxTimestampBytes));
    folder.put(stem + ".txt", each.checkpoint + "\n");
  }
}

std::string manifest_of(const Evidence& evidence, const ExportFolder& folder) {
  return to_pretty({{"format", "sealift-export-1"},
                    {"site", evidence.site},
                    {"from", to_text(evidence.period.from)},
                    {"to", to_text(evidence.period.to)},
                    {"made", to_text(evidence.made)},
                    {"key", evidence.checkpoint.key().id()},
                    {"files", folder.list()}});
}

}  // namespace

ExportedEvidence write_evidence(const fs::path& folder, const Evidence& evidence,
                                const EvidenceSource& source, const SiteKey& key) {
  ExportFolder out(folder);
  out.put("evidence.html", page_of(evidence));
  out.put("evidence.json", to_pretty(to_json(evidence)));
  out.put("audit.jsonl", log_of(evidence));
  out.put("checkpoint.txt", evidence.checkpoint.line() + "\n");
  out.put("site.pem", key.public_key().to_pem());
  std::set<Digest> releases;
  for (const ShownTransaction& each : evidence.transactions) {
    const fs::path journal = Journal::file_of(source.layout.journal(), each.past.number);
    out.put(format("transactions/{}.json", each.past.number),
            record_of(Journal::read(journal, source.clock)));
    const Revision& outcome = each.past.outcome;
    if (outcome.digest && releases.insert(*outcome.digest).second) {
      put_approvals(outcome, source, out);
    }
  }
  put_roots(source, out);
  put_timestamps(evidence, source, out);
  const std::string manifest = manifest_of(evidence, out);
  out.write("manifest.json", manifest);
  out.write("manifest.sig", key.sign(manifest));
  return {.files = out.names(), .manifest = Digest::of(manifest)};
}

}  // namespace sealift::installer
