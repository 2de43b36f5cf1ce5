// SPDX-License-Identifier: Apache-2.0
// What sites hold, by the receipts that came back from them. Nothing here trusts a receipt beyond
// what its signature says: of a site without a card nobody knows whose key it is, so such a site is
// listed, and judges no other.
#include <algorithm>

#include "base/file.hpp"
#include "base/format.hpp"
#include "base/path.hpp"
#include "base/text.hpp"
#include "builder/commands/commands.hpp"
#include "release/site_file/site_receipt.hpp"
#include "release/text/semver.hpp"

namespace sealift::builder {

namespace {

using release::RegistrationCard;
using release::SiteReceipt;

constexpr std::int64_t kSecondsOfDay = 86400;
// A month: whoever updates more rarely than that is worth a question.
constexpr std::int64_t kOldDays = 30;
constexpr std::string_view kReceiptEnding = ".receipt";

struct SitesOptions {
  std::vector<std::string> receipts;
  std::string project = ".";
};

// One that was signed by the key in it, and by the key on the card where there is a card.
struct ReadReceipt {
  std::string file;
  std::string site_name;  // empty: the project has no card of this site, nothing was verified
  SiteReceipt receipt;
  std::vector<std::string> notes = {};  // what a person should know of it
};

// One that cannot be believed, and why.
struct RefusedReceipt {
  std::string file;
  Problem problem;
};

struct Receipts {
  std::vector<ReadReceipt> read;  // newest first
  std::vector<RefusedReceipt> refused;
};

// A folder's receipts are its files *.receipt.
std::vector<std::string> files_of(const std::vector<std::string>& given) {
  std::vector<std::string> files;
  for (const std::string& each : given) {
    if (!dir_exists(each)) {
      files.push_back(each);
      continue;
    }
    std::vector<std::string> found;
    for (const Entry& entry : Dir::open(each).entries()) {
      if (entry.type != EntryType::file || !entry.name.ends_with(kReceiptEnding)) continue;
      found.push_back((fs::path(each) / entry.name).string());
    }
    if (found.empty()) {
      throw Error(Errc::invalid_input, format("{}: found no file *{}", each, kReceiptEnding),
                  "a site makes one with: sealift-installer receipt -o NAME.receipt");
    }
    std::sort(found.begin(), found.end());
    files.insert(files.end(), found.begin(), found.end());
  }
  return files;
}

// filed_cards() has refused two cards of one site, so at most one of them speaks.
ReadReceipt read_receipt(const std::string& file,
                         const std::map<std::string, RegistrationCard>& cards) {
  ReadReceipt read{
      .file = file,
      .site_name = {},
      .receipt = release::parse_receipt(read_file(file, release::kMaxReceiptBytes), file)};
  for (const auto& [name, card] : cards) {
    if (card.site != read.receipt.site) continue;
    release::verify_receipt(read.receipt, card, file);
    read.site_name = name;
  }
  return read;
}

// One that is refused does not hide what the others say.
Receipts read_all(const SitesOptions& options) {
  const std::map<std::string, RegistrationCard> cards = release::filed_cards(options.project);
  Receipts all;
  for (const std::string& file : files_of(options.receipts)) {
    try {
      all.read.push_back(read_receipt(file, cards));
    } catch (const Error& error) {
      if (error.code() == Errc::io) throw;
      all.refused.push_back({file, error.problems().front()});
    }
  }
  std::stable_sort(all.read.begin(), all.read.end(),
                   [](const auto& a, const auto& b) { return a.receipt.made > b.receipt.made; });
  return all;
}

// Whether both take the same releases at the same time.
bool is_alike(const SiteReceipt& a, const SiteReceipt& b) {
  return a.release == b.release && a.environment == b.environment;
}

// The version that is installed; nothing where none is, or what was adopted.
std::optional<release::Version> version_of(const SiteReceipt& receipt) {
  if (!receipt.current || !receipt.current->digest) return std::nullopt;
  return release::Version::parse(receipt.current->version);
}

// The highest version that a site of the same release and environment has, where this one has less.
// What nobody has verified does not make others look late.
std::optional<std::string> version_ahead(const SiteReceipt& receipt,
                                         const std::vector<ReadReceipt>& all) {
  std::optional<release::Version> highest;
  for (const ReadReceipt& other : all) {
    if (other.site_name.empty() || !is_alike(receipt, other.receipt)) continue;
    const std::optional<release::Version> version = version_of(other.receipt);
    if (version && (!highest || *version > *highest)) highest = version;
  }
  const std::optional<release::Version> own = version_of(receipt);
  if (!highest || (own && *own >= *highest)) return std::nullopt;
  return highest->str();
}

// Whole days; negative where the site's clock was ahead, or the desk's is behind.
std::int64_t age_of(const SiteReceipt& receipt, Time now) {
  return (now.seconds - receipt.made.seconds) / kSecondsOfDay;
}

// In the order of the list: of one site the first is its newest.
void add_notes(std::vector<ReadReceipt>& all, Time now) {
  for (auto each = all.begin(); each != all.end(); ++each) {
    std::vector<std::string>& notes = each->notes;
    const SiteReceipt& receipt = each->receipt;
    if (each->site_name.empty()) {
      notes.push_back(format("unknown site: not verified, key {}", receipt.key.id()));
    }
    if (receipt.made > now) notes.emplace_back("made in the future: compare the clocks");
    if (age_of(receipt, now) > kOldDays) notes.push_back(format("older than {} days", kOldDays));
    if (std::any_of(all.begin(), each, [&](const ReadReceipt& newer) {
          return newer.receipt.site == receipt.site && newer.receipt.key == receipt.key;
        })) {
      notes.emplace_back("a newer one of this site is here");
    } else if (const auto ahead = version_ahead(receipt, all)) {
      notes.push_back(format("behind others, which have {}", *ahead));
    }
  }
}

// What a person calls it: what the site takes is known even before anything is installed.
std::string release_of(const SiteReceipt& receipt) {
  if (!receipt.current) return format("{} (none installed)", receipt.release);
  return format("{} {}", receipt.current->name, receipt.current->version);
}

// An age of less than nothing is told as none: the note beside it says that a clock is wrong.
void show(const Receipts& all, Time now, cli::Output& out) {
  std::vector<std::vector<std::string>> rows = {
      {"SITE", "RELEASE", "ENVIRONMENT", "HOLDS", "ROOT", "INSTALLER", "AGE", "NOTES"}};
  for (const ReadReceipt& each : all.read) {
    const SiteReceipt& receipt = each.receipt;
    const std::int64_t days = std::max<std::int64_t>(age_of(receipt, now), 0);
    rows.push_back({each.site_name.empty() ? receipt.site : each.site_name, release_of(receipt),
                    receipt.environment, cli::count_text(receipt.held.size(), "release"),
                    receipt.root ? std::to_string(receipt.root->version) : "none",
                    receipt.installer, cli::count_text(static_cast<std::size_t>(days), "day"),
                    joined(each.notes, "; ")});
  }
  if (!all.read.empty()) out.table(rows);
  for (const RefusedReceipt& each : all.refused) {
    out.line(format("{}  {}", out.in(cli::Tone::bad, "REFUSED"), each.problem.message));
    if (!each.problem.hint.empty()) out.line(format("         {}", each.problem.hint));
  }
}

// Refusals are part of the answer, so that a program sees the sites beside them.
Json to_json(const Receipts& all, Time now) {
  Json sites = Json::array();
  for (const ReadReceipt& each : all.read) {
    Json value = release::to_json(each.receipt);
    value["file"] = each.file;
    value["name"] = each.site_name.empty() ? Json() : Json(each.site_name);
    value["verified"] = !each.site_name.empty();
    value["keyId"] = each.receipt.key.id();
    value["days"] = age_of(each.receipt, now);
    value["notes"] = each.notes;
    sites.push_back(std::move(value));
  }
  Json refused = Json::array();
  for (const RefusedReceipt& each : all.refused) {
    refused.push_back(
        {{"file", each.file}, {"message", each.problem.message}, {"hint", each.problem.hint}});
  }
  return {{"sites", std::move(sites)}, {"refused", std::move(refused)}};
}

void run_sites(const SitesOptions& options, cli::Session& session) {
  const Time now = session.clock.now();
  Receipts all = read_all(options);
  add_notes(all.read, now);
  show(all, now, session.out);
  session.out.json(to_json(all, now));
  if (!all.refused.empty()) session.status = exit_status(Errc::untrusted);
}

}  // namespace

void add_sites(cli::Command& program) {
  auto& options = cli::make_options<SitesOptions>();
  program
      .sub("sites", "verify receipts of sites, and list what each site holds",
           "The newest first. A receipt is verified by the registration card of its site, "
           "environments/sites/NAME.json, as `sealift recipient add` files it.")
      .arguments("RECEIPT", options.receipts,
                 "what `sealift-installer receipt` wrote, or a folder of *.receipt",
                 cli::Presence::required)
      .option("--project", options.project, "DIR", "the folder of release.yaml (default: this one)")
      .example("sealift sites receipts/", "every site that sent one")
      .example("sealift sites vault-room.receipt --json", "for a program")
      .fails_with({Errc::invalid_input, Errc::untrusted, Errc::io},
                  {{"4", "a receipt is damaged, or not signed by the key of its site"}})
      .runs([&options](cli::Session& session) { run_sites(options, session); });
}

}  // namespace sealift::builder
