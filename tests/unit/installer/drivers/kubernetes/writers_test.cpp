// SPDX-License-Identifier: Apache-2.0
// Writers of a fence, as they are written down, stopped and started: on a server that is a script.
#include "installer/drivers/kubernetes/writers.hpp"

#include "base/file.hpp"
#include "installer/drivers/kubectl/kubectl.hpp"
#include "installer/drivers/kubernetes/writer_count.hpp"
#include "installer/drivers/kubernetes/writers_fence.hpp"
#include "tests/unit/installer/store.hpp"
#include "tests/unit/installer/strict_reading.hpp"
#include "tests/unit/scratch_folder.hpp"

namespace sealift::installer::writers_test {

using tests::check_strict;

namespace {

KubernetesSettings server() {
  release::Target target;
  target.driver = "kubernetes";
  target.kubectl = {"true"};
  target.kubeconfig = "/etc/kubeconfig";
  target.context = "production";
  target.name_space = "shop";
  target.timeout = 5;
  return server_settings(target);
}

Writer writer(const char* kind, const char* name) {
  return {.server = server(), .reference = writer_reference(kind, name)};
}

Json web(std::uint64_t replicas) {
  return {{"apiVersion", "apps/v1"},
          {"kind", "Deployment"},
          {"metadata", {{"name", "web"}}},
          {"spec", {{"replicas", replicas}}}};
}

// The file `count` is all that this server has: the replicas of Deployment web, or it is not there.
constexpr const char* kServer = R"sh(#!/bin/sh
cd "$(dirname "$0")"
case "$*" in
  *version*) echo '{"clientVersion": {"minor": "20"}}' ;;
  *" get replicasets"*) ;;
  *" get Deployment.apps web "*)
    [ -f count ] || exit 0
    n=$(cat count)
    echo '{"kind": "Deployment", "metadata": {"name": "web", "uid": "u", "generation": 1},
           "spec": {"replicas": '"$n"'}, "status": {"observedGeneration": 1, "replicas": '"$n"',
           "updatedReplicas": '"$n"', "availableReplicas": '"$n"'}}' ;;
  *" patch Deployment.apps web "*)
    for last; do :; done
    echo "$last" | sed 's/[^0-9]//g' >count ;;
  *) exit 1 ;;
esac
)sh";

struct Bed {
  tests::ScratchFolder folder;
  Layout layout{.site_yaml = folder / "site.yaml", .state = folder / "state"};
  std::string count = folder / "count";
  tests::Store store;
  Silence silence;
  StopFlag stop;
  StepIo io{.content = store, .progress = silence, .stop = stop};
  std::unique_ptr<Driver> driver = writers_driver(layout);
  release::Site site;
  KubernetesSettings settings;

  Bed() {
    make_dirs(layout.state);
    const std::string program = folder / "kubectl";
    write_file(program, kServer);
    fs::permissions(program, fs::perms::owner_all);
    write_file(count, "3\n");
    release::Target target;
    target.driver = "kubernetes";
    target.kubectl = {program};
    target.name_space = "shop";
    target.timeout = 5;
    site.targets["app"] = target;
    site.fence =
        release::Fence{.writers = {{.target = "app", .kind = "Deployment", .name = "web"}}};
    settings = server_settings(target);
  }
  std::string now() const { return read_file(count, 100); }
  void close() { driver->apply(stop_writers_step(site), io); }
  void start() { driver->apply(start_writers_step(site), io); }
  void undo(const Step& step) { driver->undo(step, {}, io); }
};

}  // namespace

TEST_CASE("writers: what a step says of them comes back as it was, and is read strictly") {
  const std::vector<Writer> all = {writer("Deployment", "web"), writer("CronJob", "nightly")};
  CHECK(writers_from_json(to_json(all), "step") == all);
  CHECK(names_of(all) == "Deployment web, CronJob nightly");
  const std::vector<StoppedWriter> stopped = {
      {.writer = all[0], .count = 3, .is_count_ours = true, .runs = false},
      {.writer = all[1], .count = 1, .is_count_ours = false, .runs = true}};
  CHECK(stopped_writers_from_json(to_json(stopped), "writers.json") == stopped);
  check_strict(to_json(stopped).at("writers").at(0), {}, [](const Json& row) {
    stopped_writers_from_json({{"writers", Json::array({row})}}, "writers.json");
  });
}

TEST_CASE("writers: the count is said by replicas, of a CronJob by suspend") {
  CHECK(says_count(web(2)));
  CHECK(with_no_pods(web(2)) == web(0));
  const Json nightly = {{"kind", "CronJob"}, {"spec", {{"schedule", "@daily"}}}};
  CHECK_FALSE(says_count(nightly));
  CHECK(with_no_pods(nightly).at("spec").at("suspend") == true);
}

TEST_CASE("writers: who has set the count is as before, and the fence has set nothing") {
  const Json ours = {{"manager", "sealift"},
                     {"operation", "Apply"},
                     {"fieldsV1", {{"f:spec", {{"f:selector", Json::object()}}}}}};
  const Json fence = {{"manager", "sealift-fence"}, {"operation", "Update"}};
  Json object = web(0);
  object["metadata"]["managedFields"] = Json::array({ours, fence});
  StoppedWriter stopped{.writer = writer("Deployment", "web"), .count = 2, .is_count_ours = true};
  const std::optional<Json> managers = managers_with_count(object, stopped);
  REQUIRE(managers);
  REQUIRE(managers->size() == 1);
  CHECK(managers->at(0).at("fieldsV1").at("f:spec").contains("f:replicas"));
  CHECK(managers->at(0).at("fieldsV1").at("f:spec").contains("f:selector"));
  object["metadata"]["managedFields"] = *managers;
  CHECK_FALSE(managers_with_count(object, stopped));
  // An autoscaler's stays an autoscaler's.
  object["metadata"]["managedFields"] = Json::array({ours, fence});
  stopped.is_count_ours = false;
  CHECK(managers_with_count(object, stopped) == Json::array({ours}));
}

TEST_CASE("writers: are stopped, and started again with as many pods, however often") {
  Bed bed;
  bed.close();
  CHECK(bed.now() == "0\n");
  CHECK(path_exists(bed.layout.writers()));
  bed.close();  // what is seen now says nothing of before
  bed.start();
  CHECK(bed.now() == "3\n");
  bed.start();
  CHECK(bed.now() == "3\n");
  release_writers(bed.layout);
  CHECK(bed.now() == "3\n");
  CHECK_FALSE(path_exists(bed.layout.writers()));
  release_writers(bed.layout);
}

TEST_CASE("writers: an undo stops them until databases have gone back, then starts them") {
  Bed bed;
  bed.close();
  bed.start();
  bed.undo(start_writers_step(bed.site));
  CHECK(bed.now() == "0\n");
  bed.undo(stop_writers_step(bed.site));
  CHECK(bed.now() == "3\n");
  CHECK_FALSE(path_exists(bed.layout.writers()));
  bed.undo(start_writers_step(bed.site));
  bed.undo(stop_writers_step(bed.site));
  CHECK(bed.now() == "3\n");
}

TEST_CASE("writers: a release that says how many is obeyed, none too; on the way back none run") {
  Bed bed;
  bed.close();
  std::vector<Json> bodies = {web(0)};
  note_running(bed.layout, bed.settings, bodies);
  bed.start();
  CHECK(bed.now() == "0\n");
  bodies = {web(3)};
  write_file(bed.count, "3\n");
  stop_again(bed.layout, bed.settings, bodies, bed.io);
  CHECK(bed.now() == "0\n");
  CHECK(bodies == std::vector<Json>{web(0)});
  release_writers(bed.layout);
  CHECK(bed.now() == "3\n");
  bodies = {web(3)};
  stop_again(bed.layout, bed.settings, bodies, bed.io);
  CHECK(bodies == std::vector<Json>{web(3)});
}

TEST_CASE("writers: one that is not there, or has gone, is left") {
  Bed bed;
  fs::remove(bed.count);
  bed.close();
  write_file(bed.count, "2\n");  // the release has brought it
  bed.start();
  CHECK(bed.now() == "2\n");
  bed.undo(stop_writers_step(bed.site));
  CHECK(bed.now() == "2\n");
  bed.close();
  fs::remove(bed.count);  // the release has removed it
  bed.start();
  release_writers(bed.layout);
  CHECK_FALSE(path_exists(bed.count));
  CHECK_FALSE(path_exists(bed.layout.writers()));
}

}  // namespace sealift::installer::writers_test
