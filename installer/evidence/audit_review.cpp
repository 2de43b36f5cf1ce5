// SPDX-License-Identifier: Apache-2.0
#include "installer/evidence/audit_review.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "base/format.hpp"
#include "base/lines.hpp"
#include "base/path.hpp"
#include "installer/site/card.hpp"

namespace sealift::installer {

namespace {

std::string line_name(std::uint64_t number) {
  return format("line {}", number);
}

// What ends what an `accepted` line begins.
bool is_end(const AuditEntry& entry) {
  static const std::set<std::string, std::less<>> kEnds = {
      "apply", "stage", "failed", "recovered", "refused", "repair", "trust"};
  return kEnds.contains(entry.event);
}

class Review {
 public:
  Review(const AuditText& log, const AuditQuestion& question) : log_(log), question_(question) {}

  AuditReview review() {
    said_.lines = log_.lines.size();
    if (!log_.lines.empty()) said_.head = digest_of_line(log_.lines.back().text).hex();
    for (const AuditLine& line : log_.lines) look_for_move(line);
    for (const AuditLine& line : log_.lines) look_at(line);
    look_at_end();
    look_at_transactions();
    look_at_kept();
    return std::move(said_);
  }

 private:
  void find(const std::string& where, std::string found) {
    if (said_.findings.size() == kMaxAuditFindings) return;
    said_.findings.push_back({where, std::move(found)});
  }
  void note(const std::string& where, std::string found) {
    if (said_.notes.size() == kMaxAuditFindings) return;
    said_.notes.push_back({where, std::move(found)});
  }

  // A site that was restored from an archive goes on with the log of the site that was lost.
  void look_for_move(const AuditLine& line) {
    if (!line.entry || line.entry->event != kRestoredEvent) return;
    const std::string where = line_name(line.number);
    try {
      moves_.emplace(line.number, site_move_from_json(line.entry->details, where));
      note(where, format("the site was restored from an archive: before it was {}",
                         printable(moves_.at(line.number).former, 80)));
    } catch (const Error& error) {
      find(where, printable(error.message(), 300));
    }
  }

  // Whose log it was when it had so many lines.
  const std::string& site_at(std::uint64_t lines) const {
    const auto next = moves_.upper_bound(lines);
    return next == moves_.end() ? question_.site : next->second.former;
  }

  void look_at(const AuditLine& line) {
    if (!line.mistake.empty()) {
      find(line_name(line.number),
           format("{}: a line was changed, added, moved or removed here or just before",
                  without_name(line)));
    }
    if (!line.entry) return;
    look_at_acceptance(line);
    if (line.entry->event == "keys") new_key_ = key_from_json(line.entry->details);
    if (const auto move = moves_.find(line.number); move != moves_.end()) {
      new_key_ = move->second.key;
    }
    if (line.entry->event == kCheckpointEvent) look_at_checkpoint(line);
    if (const std::uint64_t number = transaction_of(*line.entry); number != 0) {
      told_.insert(number);
      last_told_ = line.number;
    }
  }

  // A mistake names its line, and so does a finding.
  static std::string without_name(const AuditLine& line) {
    const std::string name = line_name(line.number) + ": ";
    return printable(
        line.mistake.starts_with(name) ? line.mistake.substr(name.size()) : line.mistake, 300);
  }

  static std::string key_from_json(const Json& details) { return text_at(details, "key"); }

  // One that is followed by another was cut off before its transaction began.
  void look_at_acceptance(const AuditLine& line) {
    if (line.entry->event == "accepted") {
      note_open_acceptance();
      accepted_ = line.number;
    } else if (is_end(*line.entry)) {
      accepted_ = 0;
    }
  }

  void note_open_acceptance() {
    if (accepted_ == 0) return;
    note(line_name(accepted_),
         "a bundle was accepted, and no line says how that ended: it was cut off before it began, "
         "or the line was removed");
  }

  void look_at_checkpoint(const AuditLine& line) {
    const std::string where = line_name(line.number);
    try {
      const Checkpoint checkpoint = *checkpoint_of(*line.entry);
      if (!is_of_this_log(checkpoint, where, line)) return;
      ++said_.checkpoints;
      said_.newest = checkpoint;
      signed_by(checkpoint, where);
    } catch (const Error& error) {
      find(where, format("its checkpoint is none: {}", printable(error.message(), 300)));
    }
  }

  bool is_of_this_log(const Checkpoint& checkpoint, const std::string& where,
                      const AuditLine& line) {
    const std::uint64_t before = line.number - 1;
    if (const std::string& site = site_at(before); checkpoint.site() != site) {
      find(where,
           format("its checkpoint is of the site {}, expected {}: this is another site's log",
                  printable(checkpoint.site()), site));
      return false;
    }
    const Digest head = before == 0 ? Digest::of("") : digest_of_line(log_.lines[before - 1].text);
    if (checkpoint.lines() == before && checkpoint.head() == head) return true;
    find(where,
         format("its checkpoint is of {} lines that end with {}, here are {} that end with "
                "{}: lines before it were changed, added or removed",
                checkpoint.lines(), checkpoint.head().short_hex(), before, head.short_hex()));
    return false;
  }

  // Where a site makes another key, its log says so; otherwise it has one.
  void signed_by(const Checkpoint& checkpoint, const std::string& where) {
    const std::string id = checkpoint.key().id();
    signers_.insert(id);
    if (id == signer_) return;
    if (!signer_.empty() && id != new_key_) {
      find(where, format("signed by the key {}, the checkpoints before by {}, and no line says "
                         "that the site has another key",
                         id, signer_));
    } else if (!signer_.empty()) {
      note(where, format("from here on signed by the key {}; before by {}", id, signer_));
    }
    signer_ = id;
  }

  void look_at_end() {
    if (log_.torn_bytes > 0) {
      note(line_name(said_.lines + 1),
           format("{} bytes without an end: a line that was being written; the next command that "
                  "writes removes them",
                  log_.torn_bytes));
    }
    if (!question_.state.unfinished) note_open_acceptance();
    if (!question_.key) {
      note("checkpoints", "the site's key is not known: nobody can say whose signatures these are");
    } else if (!signer_.empty() && signer_ != question_.key->id()) {
      find("checkpoints",
           format("the newest is signed by the key {}, expected {}", signer_, question_.key->id()));
    }
    if (!said_.newest) {
      if (said_.lines > 0) note("checkpoints", "there is none: sealift-installer audit checkpoint");
    } else if (last_told_ > said_.newest->lines()) {
      note(line_name(last_told_),
           "a transaction ended here, and no checkpoint follows: the site had no key, an older "
           "installer wrote it, or the checkpoint was removed");
    }
  }

  // A journal is closed behind its line.
  void look_at_transactions() {
    const std::vector<fs::path>& unclosed = question_.state.unclosed;
    for (const PastTransaction& past : question_.state.history) {
      if (!past.ending || told_.contains(past.number)) continue;
      const bool is_closed =
          std::none_of(unclosed.begin(), unclosed.end(), [&](const fs::path& file) {
            return file == Journal::file_of(file.parent_path(), past.number);
          });
      if (!is_closed) continue;
      find(format("transaction {}", past.number),
           format("it ended ({} {}), and no line tells of it: lines were removed, or the log was "
                  "set aside",
                  name(past.purpose), printable(past.outcome.version, 80)));
    }
  }

  void look_at_kept() {
    std::uint64_t good = 0;  // lines that a kept checkpoint has vouched for
    std::vector<const KeptCheckpoint*> kept;
    for (const KeptCheckpoint& each : question_.kept) kept.push_back(&each);
    std::sort(kept.begin(), kept.end(), [](const KeptCheckpoint* a, const KeptCheckpoint* b) {
      return a->checkpoint.lines() < b->checkpoint.lines();
    });
    for (const KeptCheckpoint* each : kept) {
      if (!holds(*each, good)) continue;
      ++said_.held;
      good = each->checkpoint.lines();
    }
  }

  bool holds(const KeptCheckpoint& kept, std::uint64_t good) {
    const Checkpoint& checkpoint = kept.checkpoint;
    if (const std::string& site = site_at(checkpoint.lines()); checkpoint.site() != site) {
      find(kept.where,
           format("is of the site {}, expected {}", printable(checkpoint.site()), site));
      return false;
    }
    if (!is_key_known(checkpoint)) {
      find(kept.where, format("is signed by the key {}, which this site never had as far as its "
                              "log says, expected {}",
                              checkpoint.key().id(),
                              question_.key ? question_.key->id() : "a key that is known"));
      return false;
    }
    if (checkpoint.time() > question_.now) {
      note(kept.where, format("is of {}, which is ahead of the clock: one of both was wrong",
                              to_text(checkpoint.time())));
    }
    if (checkpoint.lines() > said_.lines) {
      find(kept.where,
           format("is of {} lines, the log has {}: lines {} to {} were cut off, or it "
                  "was rewritten",
                  checkpoint.lines(), said_.lines, said_.lines + 1, checkpoint.lines()));
      return false;
    }
    const std::uint64_t at = checkpoint.lines();
    const Digest head = at == 0 ? Digest::of("") : digest_of_line(log_.lines[at - 1].text);
    if (head == checkpoint.head()) return true;
    find(kept.where,
         format("line {} has the digest {}, the checkpoint says {}: the log was rewritten "
                "between line {} and line {}",
                at, head.short_hex(), checkpoint.head().short_hex(), good + 1, at));
    return false;
  }

  // Also one that the site had before, of which the log holds checkpoints.
  bool is_key_known(const Checkpoint& checkpoint) const {
    return !question_.key || checkpoint.key() == *question_.key ||
           signers_.contains(checkpoint.key().id());
  }

  const AuditText& log_;
  const AuditQuestion& question_;
  AuditReview said_;
  std::map<std::uint64_t, SiteMove> moves_;  // by their lines
  std::set<std::string> signers_;
  std::string signer_;   // of the newest checkpoint
  std::string new_key_;  // that the log says the site has made
  std::uint64_t accepted_ = 0;
  std::set<std::uint64_t> told_;
  std::uint64_t last_told_ = 0;
};

}  // namespace

AuditReview review_audit_log(const AuditText& log, const AuditQuestion& question) {
  return Review(log, question).review();
}

Json to_json(const AuditReview& review) {
  const auto list = [](const std::vector<AuditFinding>& findings) {
    Json all = Json::array();
    for (const AuditFinding& each : findings) {
      all.push_back({{"where", each.where}, {"found", each.found}});
    }
    return all;
  };
  Json value = {{"ok", review.findings.empty()}, {"lines", review.lines},
                {"head", review.head},           {"checkpoints", review.checkpoints},
                {"held", review.held},           {"findings", list(review.findings)},
                {"notes", list(review.notes)}};
  if (review.newest) value["newest"] = to_json(*review.newest);
  return value;
}

std::vector<KeptCheckpoint> parse_kept_checkpoints(std::string_view text,
                                                   const std::string& where) {
  std::vector<KeptCheckpoint> all;
  Problems problems;
  std::size_t number = 0;
  for (const std::string_view line : split_lines(text)) {
    ++number;
    if (line.empty() || line.starts_with('#')) continue;
    const std::string place = format("{}:{}", where, number);
    try {
      all.push_back({place, Checkpoint::parse(line, place)});
    } catch (const Error& error) {
      problems.add(error);
    }
  }
  problems.throw_if_any(Errc::invalid_input);
  return all;
}

}  // namespace sealift::installer
