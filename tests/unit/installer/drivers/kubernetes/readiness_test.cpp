// SPDX-License-Identifier: Apache-2.0
#include "installer/drivers/kubernetes/readiness.hpp"

#include <catch2/catch.hpp>
#include <set>

namespace sealift::installer::readiness_test {

namespace {

// An object in JSON and what is said of it: "" it is ready; what begins with ! will never be.
struct Case {
  const char* object;
  const char* said;
};

std::string told(const Json& object, const Objects& all = {}) {
  const ObjectComplaint found = judge_object(object, all);
  return (found.complaint.is_final ? "!" : "") + found.complaint.found;
}

void check(const std::vector<Case>& cases) {
  for (const Case& each : cases) {
    CAPTURE(each.object);
    CHECK(told(Json::parse(each.object)) == each.said);
  }
}

Json pod(const char* name, const char* owner, const char* status) {
  Json made = {{"kind", "Pod"},
               {"metadata", {{"name", name}, {"labels", Json::object()}}},
               {"status", Json::parse(status)}};
  made["metadata"]["ownerReferences"] = Json::array();
  made["metadata"]["ownerReferences"].push_back(Json{{"uid", owner}});
  return made;
}

Json replica_set(const char* uid, const char* revision) {
  Json made = {
      {"kind", "ReplicaSet"},
      {"metadata",
       {{"uid", uid}, {"annotations", {{"deployment.kubernetes.io/revision", revision}}}}}};
  made["metadata"]["ownerReferences"] = Json::array();
  made["metadata"]["ownerReferences"].push_back(Json{{"uid", "d"}});
  return made;
}

const char* const kCrashing =
    R"({"phase": "Running", "containerStatuses": [{"name": "app", "state":
        {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off"}}}]})";

// One of two pods is new.
Json half_done() {
  return Json::parse(R"({"kind": "Deployment",
    "metadata": {"generation": 2, "uid": "d", "name": "web",
                 "annotations": {"deployment.kubernetes.io/revision": "2"}},
    "spec": {"replicas": 2},
    "status": {"observedGeneration": 2, "replicas": 3, "updatedReplicas": 1,
               "availableReplicas": 2}})");
}

}  // namespace

TEST_CASE("kubernetes: when a Deployment is ready") {
  check({
      {R"({"kind": "Deployment", "metadata": {"generation": 2}, "spec": {"replicas": 2},
           "status": {"observedGeneration": 2, "replicas": 2, "updatedReplicas": 2,
                      "availableReplicas": 2}})",
       ""},
      {R"({"kind": "Deployment", "metadata": {"generation": 2}, "spec": {"replicas": 2},
           "status": {"observedGeneration": 1, "replicas": 2, "updatedReplicas": 2,
                      "availableReplicas": 2}})",
       "is not taken up yet"},
      {R"({"kind": "Deployment", "metadata": {"generation": 2}, "spec": {"replicas": 2},
           "status": {"observedGeneration": 2, "replicas": 3, "updatedReplicas": 1}})",
       "1 of 2 pods are new"},
      {R"({"kind": "Deployment", "metadata": {"generation": 2}, "spec": {},
           "status": {"observedGeneration": 2, "replicas": 2, "updatedReplicas": 1,
                      "availableReplicas": 2}})",
       "1 old pods still run"},
      {R"({"kind": "Deployment", "metadata": {"generation": 2}, "spec": {"replicas": 2},
           "status": {"observedGeneration": 2, "replicas": 2, "updatedReplicas": 2,
                      "availableReplicas": 1}})",
       "1 of 2 pods are available"},
      {R"({"kind": "Deployment", "metadata": {"generation": 1}, "spec": {"replicas": 0},
           "status": {"observedGeneration": 1}})",
       ""},
      {R"({"kind": "Deployment", "metadata": {"generation": 2}, "spec": {},
           "status": {"observedGeneration": 2, "replicas": 2, "updatedReplicas": 1, "conditions":
             [{"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded"}]}})",
       "!has exceeded its progress deadline: 1 of 1 pods are new, 0 available"},
      // That was said of what was before.
      {R"({"kind": "Deployment", "metadata": {"generation": 3}, "spec": {},
           "status": {"observedGeneration": 2, "conditions":
             [{"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded"}]}})",
       "is not taken up yet"},
      {R"({"kind": "Deployment", "metadata": {"generation": 1}, "spec": {},
           "status": {"observedGeneration": 1, "conditions":
             [{"type": "ReplicaFailure", "status": "True", "message": "exceeded quota: q"}]}})",
       "!no pod can be made: exceeded quota: q"},
      {R"({"kind": "Deployment", "metadata": {"generation": 1, "deletionTimestamp": "2026"},
           "spec": {}, "status": {}})",
       "is being deleted"},
  });
}

TEST_CASE("kubernetes: when a StatefulSet or a DaemonSet is ready") {
  check({
      {R"({"kind": "StatefulSet", "metadata": {"generation": 1}, "spec": {"replicas": 2},
           "status": {"observedGeneration": 1, "readyReplicas": 2, "updatedReplicas": 2,
                      "currentRevision": "a", "updateRevision": "a"}})",
       ""},
      // After an update servers no longer say how many are new.
      {R"({"kind": "StatefulSet", "metadata": {"generation": 1}, "spec": {"replicas": 2},
           "status": {"observedGeneration": 1, "readyReplicas": 2,
                      "currentRevision": "a", "updateRevision": "a"}})",
       ""},
      {R"({"kind": "StatefulSet", "metadata": {"generation": 2}, "spec": {"replicas": 2},
           "status": {"observedGeneration": 2, "readyReplicas": 2, "updatedReplicas": 1,
                      "currentRevision": "a", "updateRevision": "b"}})",
       "1 of 2 pods are new"},
      {R"({"kind": "StatefulSet", "metadata": {"generation": 2}, "spec": {"replicas": 2},
           "status": {"observedGeneration": 2, "readyReplicas": 1, "updatedReplicas": 2,
                      "currentRevision": "a", "updateRevision": "b"}})",
       "1 of 2 pods are ready"},
      {R"({"kind": "StatefulSet", "metadata": {"generation": 2}, "spec": {"replicas": 2},
           "status": {"observedGeneration": 2, "readyReplicas": 2, "updatedReplicas": 2,
                      "currentRevision": "a", "updateRevision": "b"}})",
       "is not done with its update"},
      {R"({"kind": "StatefulSet", "metadata": {"generation": 2},
           "spec": {"replicas": 2, "updateStrategy": {"rollingUpdate": {"partition": 1}}},
           "status": {"observedGeneration": 2, "readyReplicas": 2, "updatedReplicas": 1,
                      "currentRevision": "a", "updateRevision": "b"}})",
       ""},
      {R"({"kind": "StatefulSet", "metadata": {"generation": 2},
           "spec": {"updateStrategy": {"type": "OnDelete"}},
           "status": {"observedGeneration": 2, "readyReplicas": 1,
                      "currentRevision": "a", "updateRevision": "b"}})",
       ""},
      {R"({"kind": "DaemonSet", "metadata": {"generation": 1}, "spec": {},
           "status": {"observedGeneration": 1, "desiredNumberScheduled": 3,
                      "updatedNumberScheduled": 3, "numberAvailable": 3}})",
       ""},
      {R"({"kind": "DaemonSet", "metadata": {"generation": 1}, "spec": {},
           "status": {"observedGeneration": 1, "desiredNumberScheduled": 3,
                      "updatedNumberScheduled": 2, "numberAvailable": 3}})",
       "2 of 3 pods are new"},
      {R"({"kind": "DaemonSet", "metadata": {"generation": 1}, "spec": {},
           "status": {"observedGeneration": 1, "desiredNumberScheduled": 3,
                      "updatedNumberScheduled": 3, "numberAvailable": 2}})",
       "2 of 3 pods are available"},
      {R"({"kind": "DaemonSet", "metadata": {"generation": 1}, "spec": {}})",
       "is not taken up yet"},
      {R"({"kind": "ReplicaSet", "metadata": {"generation": 1}, "spec": {"replicas": 2},
           "status": {"observedGeneration": 1, "availableReplicas": 1}})",
       "1 of 2 pods are available"},
  });
}

TEST_CASE("kubernetes: when other kinds are ready") {
  check({
      {R"({"kind": "Job", "status": {"conditions": [{"type": "Complete", "status": "True"}]}})",
       ""},
      {R"({"kind": "Job", "status": {"active": 1}})", "is not complete"},
      {R"({"kind": "Job", "spec": {"suspend": true}})", ""},
      {R"({"kind": "Job", "status": {"conditions": [{"type": "Failed", "status": "True",
           "reason": "BackoffLimitExceeded", "message": "too often"}]}})",
       "!has failed: BackoffLimitExceeded: too often"},
      {R"({"kind": "Pod", "status": {"phase": "Succeeded"}})", ""},
      {R"({"kind": "Pod", "status": {"phase": "Failed"}})", "!has failed"},
      {R"({"kind": "Pod", "status": {"phase": "Running"}})", "is not ready"},
      {R"({"kind": "Pod", "status": {"phase": "Running",
           "conditions": [{"type": "Ready", "status": "True"}]}})",
       ""},
      {R"({"kind": "PersistentVolumeClaim", "status": {"phase": "Pending"}})", ""},
      {R"({"kind": "PersistentVolumeClaim", "status": {"phase": "Lost"}})", "!its volume is lost"},
      {R"({"kind": "CronJob"})", ""},
      {R"({"kind": "ConfigMap", "metadata": {}})", ""},
      {R"({"kind": "Widget", "metadata": {"generation": 2}, "status": {"observedGeneration": 1}})",
       "is not taken up yet"},
      {R"({"kind": "Widget", "status": {"conditions": [{"type": "Ready", "status": "False",
           "message": "soon"}]}})",
       "is not ready: soon"},
      {R"({"kind": "Widget", "status": {"conditions": [{"type": "Ready", "status": "True"}]}})",
       ""},
      {R"({"kind": "Widget", "status": {"conditions": [{"type": "Stalled", "status": "True",
           "message": "no"}]}})",
       "!is Stalled: no"},
      {R"({"kind": "Widget", "status": {"conditions": [{"type": "Reconciling", "status": "True",
           "message": "at it"}]}})",
       "is Reconciling: at it"},
  });
}

TEST_CASE("kubernetes: a pod says why it does not come") {
  check({
      {R"({"kind": "Pod", "metadata": {"name": "p"}, "status": {"phase": "Pending",
           "containerStatuses": [{"name": "app", "state": {"waiting":
             {"reason": "ImagePullBackOff", "message": "no such image"}}}]}})",
       "!pod p: container app: ImagePullBackOff: no such image"},
      {R"({"kind": "Pod", "metadata": {"name": "p"}, "status": {"phase": "Pending",
           "containerStatuses": [{"name": "app", "state": {"waiting": {"reason": "ErrImagePull"}}}]}})",
       "pod p: container app: ErrImagePull"},
      {R"({"kind": "Pod", "metadata": {"name": "p"}, "status": {"phase": "Pending",
           "containerStatuses": [{"name": "app", "state":
             {"waiting": {"reason": "ContainerCreating"}}}]}})",
       "is not ready"},
      {R"({"kind": "Pod", "metadata": {"name": "p"}, "status": {"phase": "Pending",
           "initContainerStatuses": [{"name": "init", "state": {"terminated": {"exitCode": 3}}}]}})",
       "pod p: container init: has ended with status 3"},
      {R"({"kind": "Pod", "metadata": {"name": "p"}, "status": {"phase": "Pending", "conditions":
           [{"type": "PodScheduled", "status": "False", "reason": "Unschedulable",
             "message": "0/1 nodes"}]}})",
       "!pod p: Unschedulable: 0/1 nodes"},
      // Its volume is being made.
      {R"({"kind": "Pod", "metadata": {"name": "p"}, "status": {"phase": "Pending", "conditions":
           [{"type": "PodScheduled", "status": "False", "reason": "Unschedulable",
             "message": "pod has unbound immediate PersistentVolumeClaims"}]}})",
       "pod p: Unschedulable: pod has unbound immediate PersistentVolumeClaims"},
  });
}

TEST_CASE("kubernetes: pods of an earlier release say nothing of a Deployment") {
  const Objects all = {replica_set("old", "1"), replica_set("new", "2"),
                       pod("web-old", "old", kCrashing)};
  CHECK(told(half_done(), all) == "1 of 2 pods are new");
  Objects more = all;
  more.push_back(pod("web-new", "new", kCrashing));
  const ObjectComplaint found = judge_object(half_done(), more);
  CHECK(found.complaint.found == "pod web-new: container app: CrashLoopBackOff: back-off");
  CHECK(found.complaint.is_final);
  CHECK(found.pod == "web-new");
  CHECK(found.container == "app");
  CHECK(found.has_died);
}

TEST_CASE("kubernetes: the first pod of a making is asked alone") {
  const auto of_first = [](const char* status) {
    const Objects all = {half_done(), replica_set("new", "2"), pod("web-1", "new", status)};
    const ObjectComplaint found = judge_first_pod(half_done(), all);
    return (found.complaint.is_final ? "!" : "") + found.complaint.found;
  };
  CHECK(of_first(R"({"conditions": [{"type": "Ready", "status": "True"}]})").empty());
  CHECK(of_first(R"({"conditions": [{"type": "Ready", "status": "False"}]})") ==
        "its first new pod is not ready");
  CHECK(of_first(kCrashing).starts_with("!pod web-1: container app: CrashLoopBackOff"));
  Json unseen = half_done();
  unseen["metadata"]["generation"] = 3;
  CHECK(judge_first_pod(unseen, {}).complaint.found == "is not taken up yet");
}

TEST_CASE("kubernetes: a pod that ends may make room for one that waits") {
  const char* const waiting = R"({"phase": "Pending", "conditions": [{"type": "PodScheduled",
    "status": "False", "reason": "Unschedulable", "message": "0/1 nodes"}]})";
  Objects all = {replica_set("new", "2"), pod("web-new", "new", waiting)};
  CHECK(told(half_done(), all) == "!pod web-new: Unschedulable: 0/1 nodes");
  all.push_back(pod("web-old", "old", R"({"phase": "Running"})"));
  all.back()["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z";
  CHECK(told(half_done(), all) == "pod web-new: Unschedulable: 0/1 nodes");
}

TEST_CASE("kubernetes: the pods of a set are those of its newest making") {
  const Json set = Json::parse(R"({"kind": "StatefulSet", "metadata": {"uid": "s"},
    "status": {"updateRevision": "db-2"}})");
  Objects pods = {pod("db-0", "s", "{}"), pod("db-1", "s", "{}"), pod("other", "x", "{}")};
  pods[0]["metadata"]["labels"]["controller-revision-hash"] = "db-1";
  pods[1]["metadata"]["labels"]["controller-revision-hash"] = "db-2";
  const Objects fresh = fresh_pods(set, pods);
  REQUIRE(fresh.size() == 1);
  CHECK(fresh.front()["metadata"]["name"] == "db-1");

  const Json daemons = Json::parse(R"({"kind": "DaemonSet", "metadata": {"uid": "s",
    "annotations": {"deprecated.daemonset.template.generation": "2"}}})");
  pods[0]["metadata"]["labels"]["pod-template-generation"] = "2";
  pods[1]["metadata"]["labels"]["pod-template-generation"] = "1";
  REQUIRE(fresh_pods(daemons, pods).size() == 1);
  CHECK(fresh_pods(daemons, pods).front()["metadata"]["name"] == "db-0");
}

TEST_CASE("kubernetes: a pod that keeps its set from the newest making") {
  const Json set = Json::parse(R"({"kind": "StatefulSet", "metadata": {"uid": "s", "generation": 2},
    "status": {"updateRevision": "new", "observedGeneration": 2}})");
  const char* const ready = R"({"conditions": [{"type": "Ready", "status": "True"}]})";
  const auto of = [](const char* name, const char* making, const char* status) {
    Json made = pod(name, "s", status);
    made["metadata"]["labels"]["controller-revision-hash"] = making;
    return made;
  };
  CHECK(stuck_pod(set, {of("db-0", "new", ready), of("db-1", "old", ready)}).name.empty());
  const StuckPod slow = stuck_pod(set, {of("db-0", "new", ready), of("db-1", "old", "{}")});
  CHECK((slow.name == "db-1" && !slow.is_hopeless));
  const StuckPod bad = stuck_pod(set, {of("db-0", "old", ready), of("db-1", "old", kCrashing)});
  CHECK((bad.name == "db-1" && bad.is_hopeless));
  // One after the other.
  CHECK(stuck_pod(set, {of("db-0", "new", "{}"), of("db-1", "old", "{}")}).name.empty());
  Json ending = of("db-0", "old", ready);
  ending["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z";
  CHECK(stuck_pod(set, {ending, of("db-1", "old", "{}")}).name.empty());
  // What is not to be replaced, or not yet, or by hand.
  Json held = set;
  held["spec"]["updateStrategy"]["rollingUpdate"]["partition"] = 2;
  CHECK(stuck_pod(held, {of("db-1", "old", "{}")}).name.empty());
  CHECK(stuck_pod(held, {of("db-2", "old", "{}")}).name == "db-2");
  Json by_hand = set;
  by_hand["spec"]["updateStrategy"]["type"] = "OnDelete";
  CHECK(stuck_pod(by_hand, {of("db-1", "old", "{}")}).name.empty());
  Json unseen = set;
  unseen["metadata"]["generation"] = 3;
  CHECK(stuck_pod(unseen, {of("db-1", "old", "{}")}).name.empty());
}

TEST_CASE("kubernetes: pods of every making that may still run belong to their workload") {
  const Json web = half_done();
  Json ending = pod("web-old", "old", R"({"phase": "Running"})");
  ending["metadata"]["deletionTimestamp"] = "2026-01-31T12:00:00Z";
  Json old = replica_set("old", "1");
  const Objects all = {replica_set("new", "2"),
                       old,
                       ending,
                       pod("web-new", "new", R"({"phase": "Pending"})"),
                       pod("web-lost", "new", R"({"phase": "Failed"})"),
                       pod("web-other", "x", R"({"phase": "Running"})"),
                       pod("db-0", "d", R"({"phase": "Running"})")};
  std::set<std::string> names;
  for (const Json& each : running_pods(web, all)) {
    names.insert(text_at(object_at(each, "metadata"), "name"));
  }
  CHECK(names == std::set<std::string>{"web-old", "web-new", "db-0"});
}

}  // namespace sealift::installer::readiness_test
