// SPDX-License-Identifier: Apache-2.0
#include "installer/drivers/datadog/datadog_runtime.hpp"

#include <algorithm>
#include <mutex>

#include "base/error.hpp"
#include "base/format.hpp"
#include "base/text.hpp"
#include "installer/drivers/datadog/datadog_account.hpp"
#include "installer/drivers/datadog/datadog_objects.hpp"
#include "installer/drivers/datadog/datadog_settings.hpp"
#include "installer/drivers/runtime/parts.hpp"
#include "observability/references.hpp"

namespace sealift::installer {

namespace {

using Words = std::vector<std::string>;
using Digests = std::vector<ObjectDigest>;

Digests::const_iterator find_same(const Digests& all, const std::string& name) {
  return std::find_if(all.begin(), all.end(),
                      [&](const ObjectDigest& each) { return each.name == name; });
}

DatadogKeys keys_of(const release::DatadogTarget& target, Content& content) {
  return {.api = std::string(content.secret(target.key).view()),
          .application = std::string(content.secret(target.application_key).view())};
}

class DatadogRuntime : public Runtime {
 public:
  explicit DatadogRuntime(const Layout& layout) : state_(layout.state) {}

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
    const DatadogSettings settings = datadog_settings_of(staged);
    DatadogApi api(settings.api, keys_of(settings.api, io.content));
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
  }

  // By the release that it was: an object that the failed one has removed is made again.
  void bring_back(const Deployment& then, const Deployment* failed, StepIo& io) const override {
    bring(then, failed, io.former != nullptr ? *io.former : io.content, Removal::forced);
  }

  void take_back(const Deployment& failed, StepIo& io) const override {
    account_of(datadog_settings_of(failed), nullptr, io.content).remove_others(Removal::forced);
  }

  void take_down(const Deployment& deployment, StepIo& io) const override {
    account_of(datadog_settings_of(deployment), nullptr, io.content)
        .remove_others(Removal::refused);
  }

  std::vector<Difference> differences(const Deployment& deployment,
                                      Content& content) const override {
    const DatadogSettings settings = datadog_settings_of(deployment);
    const std::vector<observability::Object> objects = installed_objects(deployment, settings);
    return account_of(settings, nullptr, content).differences(objects);
  }

  void open_keys(const Deployment& deployment, Content& content) const override {
    const DatadogSettings settings = datadog_settings_of(deployment);
    const std::lock_guard guard(mutex_);
    opened_.insert_or_assign(settings.api.place(), keys_of(settings.api, content));
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
  // `other` may be null: what its objects are of is looked for as well.
  DatadogAccount account_of(const DatadogSettings& settings, const Deployment* other,
                            Content& content) const {
    DatadogAccount::Families used = families_of(settings);
    if (other != nullptr) used.merge(families_of(datadog_settings_of(*other)));
    return {settings, used, keys_of(settings.api, content), state_};
  }

  // Everything is there before anything goes.
  void bring(const Deployment& now, const Deployment* other, Content& content,
             Removal removal) const {
    const DatadogSettings settings = datadog_settings_of(now);
    const std::vector<observability::Object> objects = installed_objects(now, settings);
    DatadogAccount account = account_of(settings, other, content);
    for (const observability::Object& each : objects) account.put(each);
    account.remove_others(removal);
  }

  fs::path state_;
  mutable std::mutex mutex_;
  mutable std::map<std::string, DatadogKeys> opened_;  // by the API's address
};

}  // namespace

std::unique_ptr<Runtime> datadog_runtime(const Layout& layout) {
  return std::make_unique<DatadogRuntime>(layout);
}

}  // namespace sealift::installer
