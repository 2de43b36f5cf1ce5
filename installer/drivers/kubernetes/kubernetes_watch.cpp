// SPDX-License-Identifier: Apache-2.0
#include "installer/drivers/kubernetes/kubernetes_watch.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <thread>

#include "base/error.hpp"
#include "base/format.hpp"
#include "base/log.hpp"
#include "base/path.hpp"
#include "base/text.hpp"
#include "installer/drivers/kubernetes/readiness.hpp"

namespace sealift::installer {

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kMostShown = 5;
constexpr unsigned kLooksUntilStuck = 10;  // a pod may be about to be ready

// Controllers that say in no condition that they may make no pod, only in events.
bool tells_by_events(const std::string& kind) {
  constexpr std::array<std::string_view, 3> kSilent = {"StatefulSet", "DaemonSet", "Job"};
  return std::find(kSilent.begin(), kSilent.end(), kind) != kSilent.end();
}

// Of the events about pods that could not be made, those that came while this looks.
class RefusedPods {
 public:
  explicit RefusedPods(const Cluster& cluster) : cluster_(cluster) {}

  // What the server has said of an object since the first look; empty: nothing.
  std::string since_first_look(const Json& object) {
    const std::string uid = text_at(object_at(object, "metadata"), "uid");
    std::string words;
    std::map<std::string, std::string> now;
    for (const Json& event :
         cluster_.kubectl().objects({"get", "events", "--field-selector",
                                     format("reason=FailedCreate,involvedObject.uid={}", uid)})) {
      const Json& metadata = object_at(event, "metadata");
      const std::string name = text_at(metadata, "name");
      now[name] = text_at(metadata, "resourceVersion");
      const auto before = seen_.find(uid);
      if (before == seen_.end()) continue;
      const auto same = before->second.find(name);
      if (same == before->second.end() || same->second != now[name]) {
        words = text_at(event, "message");
      }
    }
    seen_.emplace(uid, std::move(now));
    return words;
  }

 private:
  const Cluster& cluster_;
  std::map<std::string, std::map<std::string, std::string>> seen_;  // uid -> event -> its version
};

class Watch {
 public:
  using Judge = ObjectComplaint (*)(const Json& object, const Objects& all);

  Watch(const Cluster& cluster, References members, Judge judge)
      : cluster_(cluster),
        members_(std::move(members)),
        judge_(judge),
        timeout_(cluster.kubectl().settings().timeout),
        end_(Clock::now() + timeout_),
        refused_(cluster) {}

  void run(StepIo& io) {
    for (unsigned good = 0; good < 2;) {
      io.stop.throw_if_set();
      const std::vector<std::string> waiting = look();
      good = waiting.empty() ? good + 1 : 0;
      if (!waiting.empty()) io.progress.wait_for(shown(waiting), timeout_);
      if (good < 2) std::this_thread::sleep_for(kBetweenLooks);
    }
  }

 private:
  static std::string shown(const std::vector<std::string>& waiting) {
    if (waiting.size() <= kMostShown) return joined(waiting);
    const auto end = waiting.begin() + static_cast<std::ptrdiff_t>(kMostShown);
    return format("{} and {} more", joined({waiting.begin(), end}), waiting.size() - kMostShown);
  }

  // What is not ready yet. While the server does not answer, nothing is known to be.
  std::vector<std::string> look() {
    Objects all;
    try {
      all = cluster_.own_and_made(members_);
    } catch (const Error& error) {
      if (Clock::now() > end_) throw;
      return {printable(error.message(), 200)};
    }
    std::vector<std::string> waiting;
    for (const kubernetes::Reference& member : members_) {
      const Json* object = find_object(member, all);
      ObjectComplaint found{.complaint = {.found = "is not there"}};
      if (object != nullptr) {
        found = judge_(*object, all);
        if (!found.complaint.found.empty()) look_at_events(*object, all, found);
        if (!found.complaint.found.empty()) free_stuck(*object, all);
      }
      if (found.complaint.found.empty()) continue;
      if (found.complaint.is_final || Clock::now() > end_) fail(member, object, found);
      waiting.push_back(format("{} ({})", member.str(), found.complaint.found));
    }
    return waiting;
  }

  // A StatefulSet does not leave a making whose pod never was ready, not even for a former one: the
  // documentation of Kubernetes has people delete that pod ("forced rollback").
  void free_stuck(const Json& object, const Objects& all) {
    const StuckPod stuck = stuck_pod(object, all);
    if (stuck.name.empty()) return;
    const unsigned looks = ++stuck_looks_[stuck.name];
    if (!stuck.is_hopeless && looks < kLooksUntilStuck) return;
    log::detail(
        format("the pod {} is not of this release and not ready: it is deleted", stuck.name));
    cluster_.remove_pod(stuck.name);
    stuck_looks_.erase(stuck.name);
  }

  void look_at_events(const Json& object, const Objects& all, ObjectComplaint& found) {
    if (!tells_by_events(text_at(object, "kind")) || found.complaint.is_final) return;
    if (!fresh_pods(object, all).empty()) return;
    const std::string words = refused_.since_first_look(object);
    if (words.empty()) return;
    found.complaint = {.found = format("no pod can be made: {}", printable(words, 400)),
                       .is_final = true};
  }

  [[noreturn]] void fail(const kubernetes::Reference& member, const Json* object,
                         const ObjectComplaint& found) const {
    std::string words;
    if (object != nullptr) words = cluster_.last_words(*object, found);
    throw Error(Errc::target_failed, format("{}: {}{}", member.str(), found.complaint.found, words),
                found.complaint.is_final ? "" : "if it only needs longer: timeout in site.yaml");
  }

  const Cluster& cluster_;
  References members_;
  Judge judge_;
  std::chrono::seconds timeout_;
  Clock::time_point end_;
  RefusedPods refused_;
  std::map<std::string, unsigned> stuck_looks_;  // a pod -> how often it was seen
};

}  // namespace

void await_objects(const Cluster& cluster, const KubernetesSettings& settings, StepIo& io) {
  Watch(cluster, references_of(settings.objects), &judge_object).run(io);
}

void await_first_pods(const Cluster& cluster, const References& workloads, StepIo& io) {
  Watch(cluster, workloads, &judge_first_pod).run(io);
}

std::vector<Difference> unready(const References& members, const Objects& all) {
  std::vector<Difference> found;
  for (const kubernetes::Reference& member : members) {
    const Json* object = find_object(member, all);
    if (object == nullptr) {
      found.push_back({member.str(), "is missing"});
    } else if (const ObjectComplaint bad = judge_object(*object, all);
               !bad.complaint.found.empty()) {
      found.push_back({member.str(), bad.complaint.found});
    }
  }
  return found;
}

}  // namespace sealift::installer
