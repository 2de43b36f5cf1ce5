// SPDX-License-Identifier: Apache-2.0
#include "compose/claims.hpp"

#include <catch2/catch.hpp>

#include "compose/file.hpp"

namespace sealift::compose::claims_test {

namespace {

// "privileged: service a is privileged", one a line.
std::string claims_of(const std::string& text) {
  std::string all;
  for (const release::Claim& claim : ComposeFile::parse(text, "compose.yaml").claims) {
    all += std::string(name(claim.reach)) + ": " + claim.found + "\n";
  }
  return all;
}

// Of one service with these lines.
std::string asks(const std::string& lines) {
  return claims_of("services: {a: {image: i, " + lines + "}}");
}

}  // namespace

TEST_CASE("compose claims: an ordinary service asks for nothing") {
  CHECK(asks("privileged: false, cap_drop: [ALL], read_only: true, "
             "security_opt: ['no-new-privileges:true'], devices: [], gpus: ''")
            .empty());
  CHECK(
      asks("network_mode: 'service:b', pid: 'service:b', ports: ['80:80'], networks: [n]").empty());
  CHECK(asks("volumes: ['data:/d', './conf:/c:ro', /anonymous, {type: tmpfs, target: /t}, "
             "{type: volume, source: data, target: /d}], env_file: [.env, {path: ./more}]")
            .empty());
  CHECK(claims_of("services: {a: {image: i}}\n"
                  "networks: {n: {driver: bridge}, m: {external: true}, o: }\n"
                  "volumes: {v: {driver_opts: {type: tmpfs, device: tmpfs}}, w: }\n"
                  "configs: {c: {file: ./c}}\n")
            .empty());
}

TEST_CASE("compose claims: more rights than an engine gives by itself") {
  CHECK(asks("privileged: true") == "privileged: service a is privileged\n");
  CHECK(asks("privileged: '${P}'") == "privileged: service a is privileged\n");
  CHECK(asks("cap_add: [SYS_ADMIN]") == "privileged: service a has cap_add\n");
  CHECK(asks("devices: [/dev/sda]") == "privileged: service a has devices\n");
  CHECK(asks("gpus: all") == "privileged: service a has gpus\n");
  CHECK(asks("use_api_socket: true") == "privileged: service a has use_api_socket\n");
  CHECK(asks("security_opt: ['seccomp:unconfined']") ==
        "privileged: service a has security_opt \"seccomp:unconfined\"\n");
  CHECK(asks("security_opt: ['no-new-privileges:false']").starts_with("privileged: "));
  CHECK(asks("userns_mode: host") == "privileged: service a has userns_mode host\n");
  CHECK(asks("post_start: [{command: [x], privileged: true}]") ==
        "privileged: service a has a privileged post_start\n");
  CHECK(asks("deploy: {resources: {reservations: {devices: [{capabilities: [gpu]}]}}}") ==
        "privileged: service a reserves devices\n");
  CHECK(asks("volumes_from: ['container:db']").starts_with("privileged: "));
  CHECK(asks("x-podman.rootfs: true") == "privileged: service a has x-podman.rootfs\n");
  CHECK(asks("provider: {type: x}").starts_with("commands: "));
}

TEST_CASE("compose claims: namespaces of the host") {
  CHECK(asks("network_mode: host") == "host_network: service a has network_mode host\n");
  CHECK(asks("network_mode: 'container:db'").starts_with("host_network: "));
  CHECK(asks("network_mode: $MODE").starts_with("host_network: "));
  CHECK(asks("pid: host, ipc: host, uts: host") ==
        "host_pid: service a has pid host\nhost_pid: service a has ipc host\n"
        "host_pid: service a has uts host\n");
  const std::string service = "services: {a: {image: i}}\n";
  CHECK(claims_of(service + "networks: {host: {external: true}}") ==
        "host_network: network host is the host's\n");
  CHECK(claims_of(service + "networks: {n: {name: host, external: true}}") ==
        "host_network: network n is the host's\n");
  CHECK(claims_of(service + "networks: {n: {driver: macvlan}}") ==
        "host_network: network n has driver macvlan\n");
}

TEST_CASE("compose claims: files of the host, by every way that Compose has") {
  const std::string takes = "host_paths: service a takes /etc from the host\n";
  CHECK(asks("volumes: ['/etc:/e:ro']") == takes);
  CHECK(asks("volumes: [{type: bind, source: /etc, target: /e}]") == takes);
  CHECK(asks("volumes: [{type: glob, source: /etc, target: /e}]") == takes);
  CHECK(asks("env_file: /etc") == takes);
  CHECK(asks("env_file: [{path: /etc}]") == takes);
  CHECK(asks("label_file: [/etc]") == takes);
  CHECK(asks("volumes: ['../../etc:/e']") ==
        "host_paths: service a takes ../../etc from the host\n");
  CHECK(asks("volumes: ['./x/../../etc:/e']").starts_with("host_paths: "));
  CHECK(asks("volumes: ['~/x:/e']").starts_with("host_paths: "));
  CHECK(asks("volumes: ['${P:-/etc}:/e']").starts_with("host_paths: "));
  const std::string service = "services: {a: {image: i}}\n";
  for (const std::string options :
       {"{type: none, o: bind, device: /etc}", "{type: tmpfs, o: 'ro,bind', device: /etc}"}) {
    CHECK(claims_of(service + "volumes: {v: {driver_opts: " + options + "}}") ==
          "host_paths: volume v takes /etc from the host\n");
  }
  CHECK(claims_of(service + "secrets: {s: {file: /etc/shadow}}") ==
        "host_paths: secrets s takes /etc/shadow from the host\n");
}

TEST_CASE("compose claims: neither a profile nor a merge hides one") {
  CHECK(claims_of("services:\n  b: {image: i}\n  a: {image: i, profiles: [p], pid: host}\n") ==
        "host_pid: service a has pid host\n");
  CHECK(claims_of("x-more: &more {pid: host}\nservices: {a: {image: i, <<: *more}}\n") ==
        "host_pid: service a has pid host\n");
  std::string deep = "x-0: &m0 {pid: host}\n";
  for (int i = 1; i < 12; ++i) {
    deep += "x-" + std::to_string(i) + ": &m" + std::to_string(i) + " {<<: *m" +
            std::to_string(i - 1) + "}\n";
  }
  CHECK_FALSE(claims_of(deep + "services: {a: {image: i, <<: *m11}}\n").empty());
}

}  // namespace sealift::compose::claims_test
