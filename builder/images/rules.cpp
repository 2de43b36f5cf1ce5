// SPDX-License-Identifier: Apache-2.0
#include "builder/images/rules.hpp"

#include <algorithm>
#include <set>

#include "base/count.hpp"
#include "base/format.hpp"
#include "base/log.hpp"
#include "base/path.hpp"

namespace sealift::builder {

namespace {

// All of them stand in the scanner's report, or in the image.
constexpr std::size_t kMaxShown = 5;  // files of one sort, in a message

using Why = RemarkableFile::Why;
using content::Image;

// Files of one sort in any layer, each once. Also of a layer whose file a later one removes:
// whoever has the image has that layer.
std::set<std::string> files_of(const Image& image, const Absorber& absorber, Why why) {
  std::set<std::string> paths;
  for (const content::Descriptor& layer : image.layers) {
    for (const RemarkableFile& file : absorber.facts(layer.digest).files) {
      if (file.why == why) paths.insert(file.path);
    }
  }
  return paths;
}

// Sorted, so that two builds say the same.
std::string listed(const std::set<std::string>& paths) {
  std::string text;
  std::size_t shown = 0;
  for (const std::string& path : paths) {
    if (shown++ == kMaxShown) return format("{} and {} more", text, paths.size() - kMaxShown);
    text += format("{}{}", text.empty() ? "" : ", ", printable(path, 120));
  }
  return text;
}

// USER:GROUP of a configuration, which may be empty: an engine takes root then. A name other than
// root may still have the number 0 in the image's /etc/passwd; that is not looked up.
bool is_root(const std::string& user) {
  const std::string name = user.substr(0, user.find(':'));
  return name.empty() || name == "root" || name == "0";
}

// The level that release.yaml gives a rule decides what a broken one is; a waiver silences it and
// is carried in the bundle, signed with it.
class Judge {
 public:
  Judge(const release::ImageEntry& entry, const release::ImageRules& rules)
      : entry_(entry), rules_(rules) {}

  // `what` is what a waiver would name: the rule, or for vulnerabilities any one's id.
  void broken(std::string_view rule, const std::string& found, const std::string& mend,
              std::string_view what) {
    const release::RuleLevel level = rules_.level(rule);
    if (level == release::RuleLevel::off || is_waived(rule)) return;
    if (level == release::RuleLevel::error) {
      errors_.push_back({format("{}: {}", rule, found),
                         format("{}, or say why it may be so: waive: {{{}: REASON}}", mend, what)});
    } else {
      log::warning(format("{}: {}: {}", entry_.name.str(), rule, found));
    }
  }
  void broken(std::string_view rule, const std::string& found, const std::string& mend) {
    broken(rule, found, mend, rule);
  }

  // Grype's SARIF appends the package to the id: CVE-2020-28928-musl.
  bool is_waived(std::string_view what) {
    const auto fits = [&](const auto& waiver) {
      const std::string& key = waiver.first;
      return what == key || (what.starts_with(key) && what[key.size()] == '-');
    };
    const auto waiver = std::find_if(entry_.waive.begin(), entry_.waive.end(), fits);
    if (waiver == entry_.waive.end()) return false;
    used_.insert(waiver->first);
    return true;
  }

  // A waiver that nothing needs is one that nobody will notice when it is needed.
  std::vector<Problem> finish() {
    for (const auto& [rule, unused] : entry_.waive) {
      if (used_.contains(rule)) continue;
      log::warning(format("{}: waive: {} is not broken", entry_.name.str(), rule));
    }
    return std::move(errors_);
  }

 private:
  const release::ImageEntry& entry_;
  const release::ImageRules& rules_;
  std::vector<Problem> errors_;
  std::set<std::string> used_;
};

// Those of one severity that nobody accepted.
void check_vulnerabilities(release::Severity severity, const Scans& scans, Judge& judge) {
  std::set<std::string> ids;
  for (const auto& [id, found] : scans.found) {
    if (found == severity && !judge.is_waived(id)) ids.insert(id);
  }
  if (ids.empty()) return;
  judge.broken(release::vulnerability_rule(severity), format("has {}", listed(ids)),
               "take a version without them", printable(*ids.begin(), 120));
}

// Images that are made to be the same each time say that they are of 1970, or of 1980.
void check_age(const Image& image, const Workshop& workshop, Judge& judge) {
  constexpr std::int64_t kDay = 24 * 60 * 60;
  constexpr Time kNoDate{.seconds = 11 * 365 * kDay};
  for (const content::ImageVariant& variant : image.variants) {
    const std::optional<Time> created = variant.settings.created;
    if (variant.attestation || !created || *created < kNoDate) continue;
    const std::int64_t days = (workshop.made.seconds - created->seconds) / kDay;
    if (days <= static_cast<std::int64_t>(workshop.release.image_limits.age_days)) continue;
    judge.broken(
        release::kOldImage,
        format("was made on {}, {} before this release's sources", to_text(*created).substr(0, 10),
               count_text(static_cast<std::uint64_t>(days), "day")),
        "rebuild it to pick up fixes of its base image");
    return;
  }
}

// An image that suddenly grows has most often taken in a build's leftovers.
void check_growth(const release::ImageEntry& entry, const Image& image, const Workshop& workshop,
                  Judge& judge) {
  const auto before = workshop.before.find(entry.name.place());
  if (before == workshop.before.end() || before->second == 0) return;
  const std::uint64_t now = image.layer_bytes();
  const std::uint64_t percent = workshop.release.image_limits.growth_percent;
  if (now <= before->second + before->second / 100 * percent) return;
  judge.broken(release::kSizeJump,
               format("has {} bytes, in the release before it had {}", now, before->second),
               "look at what came in");
}

}  // namespace

// Attestations that lie in an index as variants run nowhere, and no rule is about them.
std::vector<Problem> check_rules(const release::ImageEntry& entry, const Image& image,
                                 const Scans& scans, const Absorber& absorber,
                                 const Workshop& workshop) {
  const release::Release& release = workshop.release;
  Judge judge(entry, release.image_rules);
  const bool is_registry = entry.origin.transport == release::ImageTransport::registry;
  if (is_registry && !release.locked && !content::ImageName::parse(entry.origin.name).digest) {
    judge.broken(release::kFloatingTag, "is taken by a tag, which may mean another image tomorrow",
                 "pin it by its digest, or run: sealift lock");
  }
  const bool runs_as_root = std::any_of(
      image.variants.begin(), image.variants.end(),
      [](const auto& variant) { return !variant.attestation && is_root(variant.settings.user); });
  if (runs_as_root) {
    judge.broken(release::kRootUser, "runs as root", "give it a user (USER in its Dockerfile)");
  }
  for (const std::string& architecture : release.arch) {
    const content::Platform wanted{.os = "linux", .architecture = architecture, .variant = {}};
    if (image.variant_for(wanted) != nullptr) continue;
    judge.broken(release::kMissingPlatform, format("has nothing for {}", wanted.str()),
                 "build it for every architecture of requires.arch");
  }
  if (const auto paths = files_of(image, absorber, Why::secret); !paths.empty()) {
    judge.broken(release::kSecretFile, format("holds what looks like a secret: {}", listed(paths)),
                 "keep it out of the image, and change the secret");
  }
  if (const auto paths = files_of(image, absorber, Why::setuid); !paths.empty()) {
    judge.broken(release::kSetuidFile, format("holds setuid or setgid files: {}", listed(paths)),
                 "remove the bits");
  }
  for (const release::Severity severity : release::kAllSeverities) {
    check_vulnerabilities(severity, scans, judge);
  }
  const auto unscanned =
      std::find_if(image.variants.begin(), image.variants.end(), [&](const auto& variant) {
        return !variant.attestation && !scans.manifests.contains(variant.manifest.digest);
      });
  if (unscanned != image.variants.end()) {
    judge.broken(release::kUnscanned,
                 format("no report is about {}", unscanned->settings.platform.str()),
                 "name a scanner's report: scan: FILE");
  }
  check_age(image, workshop, judge);
  check_growth(entry, image, workshop, judge);
  return judge.finish();
}

}  // namespace sealift::builder
