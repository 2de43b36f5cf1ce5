// SPDX-License-Identifier: Apache-2.0
#include "builder/images/rules.hpp"

#include <algorithm>
#include <set>

#include "base/format.hpp"
#include "base/log.hpp"
#include "base/path.hpp"

namespace sealift::builder {

namespace {

constexpr std::size_t kMaxShown = 5;  // files of one sort, in a message

using Why = RemarkableFile::Why;

// Files of one sort in any layer, each once.
std::set<std::string> files_of(const content::Image& image, const Absorber& absorber, Why why) {
  std::set<std::string> paths;
  for (const content::Descriptor& layer : image.layers) {
    for (const RemarkableFile& file : absorber.facts(layer.digest).files) {
      if (file.why == why) paths.insert(file.path);
    }
  }
  return paths;
}

std::string listed(const std::set<std::string>& paths) {
  std::string text;
  std::size_t shown = 0;
  for (const std::string& path : paths) {
    if (shown++ == kMaxShown) return format("{} and {} more", text, paths.size() - kMaxShown);
    text += format("{}{}", text.empty() ? "" : ", ", printable(path, 120));
  }
  return text;
}

bool is_root(const std::string& user) {
  const std::string name = user.substr(0, user.find(':'));
  return name.empty() || name == "root" || name == "0";
}

class Judge {
 public:
  Judge(const release::ImageEntry& entry, const release::ImageRules& rules)
      : entry_(entry), rules_(rules) {}

  void broken(std::string_view rule, const std::string& found, const std::string& mend) {
    const release::RuleLevel level = rules_.level(rule);
    if (level == release::RuleLevel::off) return;
    const std::string key(rule);
    if (const auto waiver = entry_.waive.find(key); waiver != entry_.waive.end()) {
      verdict_.waivers.insert(*waiver);
    } else if (level == release::RuleLevel::error) {
      verdict_.errors.push_back(
          {format("{}: {}", rule, found),
           format("{}, or say why it may be so: waive: {{{}: REASON}}", mend, rule)});
    } else {
      log::warning(format("{}: {}: {}", entry_.name.str(), rule, found));
    }
  }

  // A waiver that nothing needs is one that nobody will notice when it is needed.
  RuleVerdict finish() {
    for (const auto& [rule, unused] : entry_.waive) {
      if (verdict_.waivers.contains(rule)) continue;
      log::warning(format("{}: waive: {} is not broken", entry_.name.str(), rule));
    }
    return std::move(verdict_);
  }

 private:
  const release::ImageEntry& entry_;
  const release::ImageRules& rules_;
  RuleVerdict verdict_;
};

}  // namespace

RuleVerdict check_rules(const release::ImageEntry& entry, const content::Image& image,
                        const Absorber& absorber, const release::Release& release) {
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
  return judge.finish();
}

}  // namespace sealift::builder
