// SPDX-License-Identifier: Apache-2.0
#include "installer/drivers/datadog/datadog_runtime.hpp"

#include <algorithm>
#include <mutex>

#include "base/error.hpp"
#include "base/format.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "installer/drivers/datadog/datadog_account.hpp"
#include "installer/drivers/datadog/datadog_objects.hpp"
#include "installer/drivers/datadog/datadog_settings.hpp"
#include "installer/drivers/runtime/parts.hpp"
#include "net/token.hpp"
#include "observability/references.hpp"
#include "release/site_file/site.hpp"

namespace sealift::installer {

namespace {

using Words = std::vector<std::string>;
using Digests = std::vector<ObjectDigest>;

Digests::const_iterator find_same(const Digests& all, const std::string& name) {
  return std::find_if(all.begin(), all.end(),
                      [&](const ObjectDigest& each) { return each.name == name; });
}

DatadogKeys keys_of(const release::DatadogTarget& target, Content& content) {
  const auto key = [&](const std::string& name) {
    return net::token_in(content.secret(name).view(), format("secret {}", name));
  };
  return {.api = key(target.key), .application = key(target.application_key)};
}

// How the API is reached, and who we are to it.
struct Access {
  DatadogSettings settings;
  DatadogKeys keys;
};

bool is_same_account(const DatadogSettings& a, const DatadogSettings& b) {
  return a.api.site == b.api.site && a.mark == b.mark;
}

class DatadogRuntime : public Runtime {
 public:
  explicit DatadogRuntime(const Layout& layout)
      : state_(layout.state), site_yaml_(layout.site_yaml) {}

  Json settings(const RuntimeQuestion& question) const override {
    return to_json(datadog_settings_for(question));
  }

  std::vector<release::Claim> claims(const RuntimeQuestion&) const override { return {}; }

  std::string outlook(const Deployment* before, const Deployment* now) const override {
    const Digests was = before == nullptr ? Digests() : datadog_settings_of(*before).objects;
    const Digests is = now == nullptr ? Digests() : datadog_settings_of(*now).objects;
    Words fresh;
    Words changed;
    Words gone;
    for (const ObjectDigest& each : is) {
      const auto old = find_same(was, each.name);
      if (old == was.end()) {
        fresh.push_back(each.name);
      } else if (old->digest != each.digest) {
        changed.push_back(each.name);
      }
    }
    for (const ObjectDigest& each : was) {
      if (find_same(is, each.name) == is.end()) gone.push_back(each.name);
    }
    return changes_text({{"create", fresh}, {"change", changed}, {"remove", gone}});
  }

  // Before anything changes: the keys are good, also for all that the release has, and the server
  // would take each monitor. It tries those alone, and none that refers to what is not there yet.
  void validate(const Deployment& staged, StepIo& io) const override {
    const auto [settings, keys] = access(staged, io.content);
    DatadogApi api(settings.api, keys);
    api.check_keys();
    for (const observability::Family each : families_of(settings)) {
      const DatadogApi::Answer answer = api.get(list_of(each, settings.mark, 0));
      if (!answer.is_good()) {
        api.refuse(answer, format("list {}", observability::folder_of(each)));
      }
    }
    Words found;
    for (const observability::Object& each : installed_objects(staged, settings)) {
      if (each.family != observability::Family::monitor) continue;
      if (!observability::references_in(each.body).empty()) continue;
      const DatadogApi::Answer answer = api.post("/api/v1/monitor/validate", each.body);
      if (answer.status == 400) found.push_back(format("{}: {}", each.file, answer.said));
    }
    if (found.empty()) return;
    throw Error(Errc::target_failed,
                format("{} does not take: {}", settings.api.place(), joined(found, "; ")),
                "correct the files in the release");
  }

  void bring_up(const Deployment& now, const Deployment* before, StepIo& io) const override {
    bring(now, before, io.content, Removal::refused);
    if (before == nullptr) return;
    try {
      leave(*before, now, io.former != nullptr ? *io.former : io.content, Removal::refused);
    } catch (const Error& error) {
      log::warning(format("objects of the release before stay at {}: {}",
                          datadog_settings_of(*before).api.place(), error.message()));
    }
  }

  // By the release that it was: an object that the failed one has removed is made again.
  void bring_back(const Deployment& then, const Deployment* failed, StepIo& io) const override {
    bring(then, failed, io.former != nullptr ? *io.former : io.content, Removal::forced);
    if (failed != nullptr) leave(*failed, then, io.content, Removal::forced);
  }

  void take_back(const Deployment& failed, StepIo& io) const override {
    account_of(access(failed, io.content), nullptr).remove_others(Removal::forced);
  }

  void take_down(const Deployment& deployment, StepIo& io) const override {
    account_of(access(deployment, io.content), nullptr).remove_others(Removal::refused);
  }

  std::vector<Difference> differences(const Deployment& deployment,
                                      Content& content) const override {
    const Access access = this->access(deployment, content);
    const std::vector<observability::Object> objects =
        installed_objects(deployment, access.settings);
    return account_of(access, nullptr).differences(objects);
  }

  void open_keys(const Deployment& deployment, Content& content) const override {
    const auto [settings, keys] = access(deployment, content);
    const std::lock_guard guard(mutex_);
    opened_.insert_or_assign(settings.api.place(), keys);
  }

  // Whether the API takes our keys is all there is to say: what is ours, differences() says.
  std::vector<std::string> leftovers(const release::Target& target, const std::string&,
                                     const std::vector<Deployment>&) const override {
    const std::lock_guard guard(mutex_);
    const auto keys = opened_.find(target.datadog->place());
    if (keys != opened_.end()) DatadogApi(*target.datadog, keys->second).check_keys();
    return {};
  }

 private:
  // By site.yaml as it is now, where it still has this target at the same site of Datadog: who
  // renames a secret must be able to go back. Otherwise, and where a secret of today's is not to be
  // had, as it was installed.
  Access access(const Deployment& deployment, Content& content) const {
    const DatadogSettings installed = datadog_settings_of(deployment);
    DatadogSettings now = installed;
    try {
      for (const auto& [name, each] : release::load_site(site_yaml_).targets) {
        const bool is_this = each.datadog && each.path == deployment.path &&
                             each.datadog->site == installed.api.site;
        if (is_this) now.api = *each.datadog;
      }
      return {now, keys_of(now.api, content)};
    } catch (const Error&) {
      return {installed, keys_of(installed.api, content)};
    }
  }

  // `other` may be null: what its objects are of is looked for as well.
  DatadogAccount account_of(const Access& access, const Deployment* other) const {
    DatadogAccount::Families used = families_of(access.settings);
    if (other != nullptr) used.merge(families_of(datadog_settings_of(*other)));
    return {access.settings, used, access.keys, state_};
  }

  // Where the target was moved, what the other release has at the former place is removed.
  void leave(const Deployment& other, const Deployment& now, Content& content,
             Removal removal) const {
    const DatadogSettings there = datadog_settings_of(other);
    if (is_same_account(there, datadog_settings_of(now))) return;
    account_of(access(other, content), nullptr).remove_others(removal);
  }

  // Everything is there before anything goes.
  void bring(const Deployment& now, const Deployment* other, Content& content,
             Removal removal) const {
    const Access access = this->access(now, content);
    const std::vector<observability::Object> objects = installed_objects(now, access.settings);
    DatadogAccount account = account_of(access, other);
    for (const observability::Object& each : objects) account.put(each);
    account.remove_others(removal);
  }

  fs::path state_;
  fs::path site_yaml_;
  mutable std::mutex mutex_;
  mutable std::map<std::string, DatadogKeys> opened_;  // by the API's address
};

}  // namespace

std::unique_ptr<Runtime> datadog_runtime(const Layout& layout) {
  return std::make_unique<DatadogRuntime>(layout);
}

}  // namespace sealift::installer
