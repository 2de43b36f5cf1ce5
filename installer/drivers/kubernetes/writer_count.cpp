// SPDX-License-Identifier: Apache-2.0
#include "installer/drivers/kubernetes/writer_count.hpp"

#include <algorithm>
#include <thread>

#include "base/error.hpp"
#include "base/format.hpp"
#include "base/text.hpp"
#include "installer/drivers/kubernetes/cluster.hpp"
#include "installer/drivers/kubernetes/pod_state.hpp"
#include "installer/drivers/kubernetes/readiness.hpp"

namespace sealift::installer {

namespace {

using Clock = std::chrono::steady_clock;
using Words = Kubectl::Words;

constexpr unsigned kMostAttempts = 10;  // while controllers change the same object

constexpr const char* kReplicas = "replicas";
constexpr const char* kSuspend = "suspend";

const char* count_key(const std::string& kind) {
  return kind == "CronJob" ? kSuspend : kReplicas;
}

// A server adds both fields where a manifest leaves them out.
std::uint64_t count_of(const Json& object) {
  const Json& spec = object_at(object, "spec");
  if (text_at(object, "kind") == "CronJob") return says_yes(spec, kSuspend) ? 0 : 1;
  return static_cast<std::uint64_t>(number_at(spec, kReplicas, 1));
}

Json count_value(const std::string& kind, std::uint64_t count) {
  if (kind == "CronJob") return Json(count == 0);
  return Json(count);
}

bool is_ours(const Json& entry) {
  return text_at(entry, "manager") == kFieldManager && text_at(entry, "operation") == "Apply";
}

std::string field_key(const std::string& kind) {
  return format("f:{}", count_key(kind));
}

// Whether our server-side apply has set the count.
bool is_count_ours(const Json& object) {
  for (const Json& each : list_at(object_at(object, "metadata"), "managedFields")) {
    if (!is_ours(each)) continue;
    return object_at(object_at(each, "fieldsV1"), "f:spec")
        .contains(field_key(text_at(object, "kind")));
  }
  return false;
}

// One writer on its server.
class Hand {
 public:
  explicit Hand(const Writer& writer) : writer_(writer), kubectl_(writer.server) {
    kubectl_.be_patient(std::chrono::seconds(writer.server.timeout));
  }

  // Nothing where it is not there. kubectl hides managers from 1.21 on.
  std::optional<Json> find(Managers managers) const {
    Words words = {"get", resource(), writer_.reference.name, "--ignore-not-found"};
    if (managers == Managers::shown && kubectl_.minor_version() > 20)
      words.emplace_back("--show-managed-fields");
    Json::Array found = kubectl_.objects(std::move(words));
    if (found.empty() || is_ending(found.front())) return std::nullopt;
    return found.front();
  }

  // With everything that may be a pod of it.
  Objects around() const { return kubectl_.objects({"get", "replicasets.apps,pods"}); }

  bool set(const StoppedWriter& stopped, std::uint64_t count) const {
    std::optional<Json> live = find(Managers::shown);
    if (!live) return false;
    StoppedWriter now = stopped;
    now.is_count_ours = stopped.is_count_ours || is_count_ours(*live);
    if (count_of(*live) != count) {
      const std::string& kind = writer_.reference.kind;
      patch({{"spec", {{count_key(kind), count_value(kind, count)}}}});
    }
    for (unsigned attempt = 0;; ++attempt) {
      live = find(Managers::shown);
      if (!live) return false;
      const std::optional<Json> managers = managers_with_count(*live, now);
      if (!managers) return true;
      // Only of what was just read: a controller may have set fields meanwhile.
      const std::string version = text_at(object_at(*live, "metadata"), "resourceVersion");
      const Outcome outcome =
          call({{"metadata", {{"resourceVersion", version}, {"managedFields", *managers}}}});
      if (outcome.status == 0) continue;
      const bool is_race = outcome.error_output.find("has been modified") != std::string::npos;
      if (!is_race || attempt == kMostAttempts) fail(outcome);
    }
  }

 private:
  std::string resource() const {
    return writer_.reference.resource(kubernetes::Version::preferred);
  }

  Outcome call(const Json& change) const {
    return kubectl_.call({"patch", resource(), writer_.reference.name, "--type=merge",
                          format("--field-manager={}", kFenceManager), "-p", to_canonical(change)});
  }

  void patch(const Json& change) const {
    const Outcome outcome = call(change);
    if (outcome.status != 0) fail(outcome);
  }

  [[noreturn]] void fail(const Outcome& outcome) const {
    throw Error(Errc::target_failed, format("{}: {}", writer_.reference.str(), said(outcome)),
                is_unreachable(outcome) ? kUnreachableHint
                                        : "the user of the kubeconfig needs get and patch of it");
  }

  const Writer& writer_;
  Kubectl kubectl_;
};

// What a look finds of a writer that is not as it is waited for; empty: it is.
using Look = std::function<Complaint(const Json& object, const Objects& around)>;

void await(const std::vector<StoppedWriter>& writers, const Look& look, StepIo& io) {
  const auto begin = Clock::now();
  for (unsigned good = 0; good < 2 && !writers.empty();) {
    io.stop.throw_if_set();
    std::vector<std::string> waiting;
    std::chrono::seconds longest{0};
    for (const StoppedWriter& each : writers) {
      const std::chrono::seconds timeout(each.writer.server.timeout);
      longest = std::max(longest, timeout);
      const Hand hand(each.writer);
      const std::optional<Json> live = hand.find(Managers::hidden);
      if (!live) continue;
      const Complaint complaint = look(*live, hand.around());
      if (complaint.found.empty()) continue;
      waiting.push_back(format("{}: {}", each.writer.reference.str(), complaint.found));
      if (!complaint.is_final && Clock::now() - begin <= timeout) continue;
      throw Error(Errc::target_failed, waiting.back(),
                  complaint.is_final ? "" : "if it only needs longer: timeout in site.yaml");
    }
    good = waiting.empty() ? good + 1 : 0;
    if (!waiting.empty()) io.progress.wait_for(joined(waiting), longest);
    if (good < 2) std::this_thread::sleep_for(kBetweenLooks);
  }
}

}  // namespace

std::optional<StoppedWriter> stopped_writer(const Writer& writer) {
  const std::optional<Json> live = Hand(writer).find(Managers::shown);
  if (!live) return std::nullopt;
  return StoppedWriter{
      .writer = writer, .count = count_of(*live), .is_count_ours = is_count_ours(*live)};
}

bool stop_writer(const StoppedWriter& writer) {
  return Hand(writer.writer).set(writer, 0);
}

// Where it is asked for pods already, somebody else has said how many.
bool start_writer(const StoppedWriter& writer) {
  const Hand hand(writer.writer);
  const std::optional<Json> live = hand.find(Managers::hidden);
  if (!live) return false;
  return hand.set(writer, count_of(*live) == 0 ? writer.count : count_of(*live));
}

void await_stopped(const std::vector<StoppedWriter>& writers, StepIo& io) {
  await(
      writers,
      [](const Json& object, const Objects& around) -> Complaint {
        if (count_of(object) != 0) {
          return {.found =
                      format("somebody else has set {} again", count_key(text_at(object, "kind")))};
        }
        const std::size_t jobs = list_at(object_at(object, "status"), "active").size();
        if (jobs > 0) return {.found = format("{} of its jobs still run", jobs)};
        const std::size_t pods = running_pods(object, around).size();
        if (pods > 0) return {.found = format("{} of its pods still run", pods)};
        return {};
      },
      io);
}

void await_started(const std::vector<StoppedWriter>& writers, StepIo& io) {
  await(
      writers,
      [](const Json& object, const Objects& around) {
        return judge_object(object, around).complaint;
      },
      io);
}

bool says_count(const Json& body) {
  return object_at(body, "spec").contains(count_key(text_at(body, "kind")));
}

Json with_no_pods(Json body) {
  const std::string kind = text_at(body, "kind");
  body["spec"][count_key(kind)] = count_value(kind, 0);
  return body;
}

std::optional<Json> managers_with_count(const Json& object, const StoppedWriter& writer) {
  const std::string field = field_key(text_at(object, "kind"));
  Json managers = Json::array();
  bool is_changed = false;
  for (const Json& each : list_at(object_at(object, "metadata"), "managedFields")) {
    if (text_at(each, "manager") == kFenceManager) {
      is_changed = true;
      continue;
    }
    Json whole = each;
    const bool lacks = writer.is_count_ours && is_ours(each) &&
                       !object_at(object_at(each, "fieldsV1"), "f:spec").contains(field);
    if (lacks) whole["fieldsV1"]["f:spec"][field] = Json::object();
    is_changed = is_changed || lacks;
    managers.push_back(std::move(whole));
  }
  // An empty list would change nothing.
  if (!is_changed || managers.empty()) return std::nullopt;
  return managers;
}

}  // namespace sealift::installer
