// SPDX-License-Identifier: Apache-2.0
#include "release/site_file/site.hpp"

#include <catch2/catch.hpp>

#include "tests/unit/errors.hpp"

namespace sealift::release::site_test {

using tests::error_of;
using tests::messages;

namespace {

const std::string kSite = R"(schema: 1
release: chanuka
environment: production
targets:
  web: {driver: directory, path: /srv/chanuka/web/}
  etc: {driver: directory, path: /srv/chanuka/etc, owner: "33:33", sharing: never}
values: {PUBLIC_URL: "https://chanuka.example", PORT: 8080}
optional: [extra]
retention: {releases: 5}
)";

std::string with(const std::string& from, const std::string& to) {
  std::string text = kSite;
  text.replace(text.find(from), from.size(), to);
  return text;
}

std::string refused(const std::string& text) {
  const auto error = error_of([&] { parse_site(text, "site.yaml"); });
  if (error) CHECK(error->code() == Errc::invalid_input);
  return messages(error);
}

}  // namespace

TEST_CASE("site: what the operator wrote is read") {
  const Site site = parse_site(kSite, "site.yaml");
  CHECK(site.release == "chanuka");
  CHECK(site.environment == "production");
  CHECK(site.targets.at("web").path == "/srv/chanuka/web");
  CHECK(site.targets.at("web").sharing == Sharing::automatic);
  CHECK(site.targets.at("web").owner.empty());
  CHECK(site.targets.at("etc").sharing == Sharing::never);
  CHECK(site.targets.at("etc").owner == "33:33");
  CHECK(site.values.at("PORT") == 8080);
  CHECK(site.takes("extra"));
  CHECK_FALSE(site.takes("other"));
  CHECK(site.keep_releases == 5);
}

TEST_CASE("site: what a release may ask of the host is listed, or nothing is said of it") {
  CHECK_FALSE(parse_site(kSite, "site.yaml").allow);
  const Site closed = parse_site(kSite + "allow: {}\n", "site.yaml");
  REQUIRE(closed.allow);
  CHECK(closed.allow->at(Reach::privileged).empty());
  const Site site =
      parse_site(kSite + "allow: {host_paths: [/srv/data], root_units: [agent]}\n", "site.yaml");
  CHECK(site.allow->at(Reach::host_paths) == std::vector<std::string>{"/srv/data"});
  CHECK(site.allow->at(Reach::root_units) == std::vector<std::string>{"agent"});
  CHECK(site.allow->at(Reach::commands).empty());
  CHECK_FALSE(refused(kSite + "allow: {host_paths: [data]}\n").empty());
}

TEST_CASE("site: what may be left out has its default") {
  const Site site = parse_site(
      "schema: 1\nrelease: a\nenvironment: b\ntargets: {t: {driver: directory, path: /t}}\n", "s");
  CHECK(site.keep_releases == 3);
  CHECK(site.values.empty());
  CHECK(site.optional.empty());
}

TEST_CASE("site: a database is enough, nothing is not") {
  const std::string head = "schema: 1\nrelease: a\nenvironment: b\n";
  CHECK(parse_site(head + "databases: {main: {driver: sqlite, path: /a}}\n", "s").targets.empty());
  for (const std::string rest : {"", "databases: {}\n"}) {
    CHECK_THAT(refused(head + rest),
               Catch::Matchers::Contains("site.yaml:1: found neither targets nor databases"));
  }
}

TEST_CASE("site: targets that overlap are refused") {
  for (const char* path : {"/srv/chanuka/etc", "/srv/chanuka/etc/", "/srv/chanuka/etc/sub", "/srv",
                           "/srv/chanuka", "/srv/x/../chanuka/etc", "/srv//chanuka/./etc"}) {
    CAPTURE(path);
    CHECK(refused(with("/srv/chanuka/web/", path)).find("overlap") != std::string::npos);
  }
  CHECK(refused(with("/srv/chanuka/web/", "/srv/chanuka/etc2")).empty());
  const std::string hidden = "\"/srv/chanuka/etc/\\u202e\"";
  CHECK(refused(with("/srv/chanuka/web/", hidden)).find("overlap") != std::string::npos);
  CHECK(refused(with("/srv/chanuka/web/", hidden)).find("\u202e") == std::string::npos);
}

TEST_CASE("site: a path must be absolute, not the root, and plain") {
  for (const char* path : {"/", "//", "relative", "\"/srv/\\u202e\"", "/..", "\"\"", "/srv/.."}) {
    CAPTURE(path);
    CHECK_FALSE(refused(with("/srv/chanuka/web/", path)).empty());
  }
}

TEST_CASE("site: names of values are letters, digits and _, and each mistake has its line") {
  CHECK(refused(with("PORT: 8080", "PORT-2: 8080")).find("site.yaml:7: values.PORT-2: ") !=
        std::string::npos);
  CHECK_FALSE(refused(with("PORT: 8080", "2PORT: 8080")).empty());
  CHECK_FALSE(refused(with("PORT: 8080", "release.name: x")).empty());
  CHECK_FALSE(refused(with("PORT: 8080", "\"\": x")).empty());
  CHECK_FALSE(refused(with("PORT: 8080", "a/b: x")).empty());
  CHECK_FALSE(refused(with("PORT: 8080", std::string(129, 'A') + ": x")).empty());
}

TEST_CASE("site: all mistakes are reported, sorted by line") {
  const auto error = error_of([] {
    parse_site("schema: 2\nrelase: x\nenvironment: PROD\ntargets:\n  web: {driver: dir, path: x}\n",
               "s");
  });
  REQUIRE(error);
  CHECK(error->problems().size() == 6);
  CHECK(error->problems()[0].message.starts_with("s:1: "));
  CHECK(error->problems().back().message.starts_with("s:5: "));
}

TEST_CASE("site: a service has one of reload and restart") {
  const auto service = [](const std::string& lines) {
    return with("optional:", "services:\n  nginx: {" + lines + "}\noptional:");
  };
  const Site site = parse_site(service("check: [nginx, -t], reload: [nginx, -s, reload]"), "s");
  CHECK(site.services.at("nginx").verb == "reload");
  CHECK(site.services.at("nginx").command == std::vector<std::string>{"nginx", "-s", "reload"});
  CHECK(site.services.at("nginx").check == std::vector<std::string>{"nginx", "-t"});
  CHECK(site.services.at("nginx").timeout == 60);
  for (const char* lines : {"check: [x]", "timeout: 5", "reload: [x], restart: [y]"}) {
    CAPTURE(lines);
    CHECK(refused(service(lines)) ==
          "site.yaml:9: services.nginx: found both reload and restart or none, expected one\n");
  }
}

TEST_CASE("site: a fence has two commands, writers on Kubernetes, or both") {
  const std::string cluster =
      kSite + "databases: {main: {driver: sqlite, path: /srv/a.db}}\n" + "fence: ";
  const auto fence_of = [&](const std::string& fence) {
    std::string text = cluster + fence + "\n";
    const std::string web = "  web: {driver: directory, path: /srv/chanuka/web/}";
    text.replace(text.find(web), web.size(),
                 web + "\n  app: {driver: kubernetes, path: /srv/app, namespace: shop}");
    return text;
  };
  const Site site = parse_site(
      fence_of("{kubernetes: [app/Deployment/web, app/CronJob/nightly.x]}"), "site.yaml");
  REQUIRE(site.fence);
  CHECK(site.fence->close.empty());
  CHECK(site.fence->writers ==
        std::vector<FencedWriter>{{.target = "app", .kind = "Deployment", .name = "web"},
                                  {.target = "app", .kind = "CronJob", .name = "nightly.x"}});
  CHECK(
      parse_site(fence_of("{close: [a], open: [b], kubernetes: [app/StatefulSet/db]}"), "site.yaml")
          .fence->close == std::vector<std::string>{"a"});
  CHECK_THAT(refused(fence_of("{}")),
             Catch::Contains("fence: found no commands and no writers, expected one of them"));
  CHECK_THAT(refused(fence_of("{open: [b], kubernetes: [app/Deployment/web]}")),
             Catch::Contains("fence: found open alone, expected close and open"));
  const std::string strange =
      refused(fence_of("{kubernetes: [web/Deployment/web, other/Deployment/web]}"));
  CHECK_THAT(strange, Catch::Contains("fence.kubernetes[0]: found web, expected a target of the "
                                      "driver kubernetes"));
  CHECK_THAT(strange, Catch::Contains("fence.kubernetes[1]: found other, expected"));
}

TEST_CASE("site: certificates have paths that need no quoting") {
  const auto tls = [](const std::string& lines) {
    return with("optional:", "tls:\n  web: {" + lines + "}\noptional:");
  };
  const Site site = parse_site(
      tls("certificate: /etc/tls/c.pem, key: /etc/tls//k.pem, hosts: [chanuka.example]"), "s");
  CHECK(site.tls.at("web").key == "/etc/tls/k.pem");
  CHECK(site.tls.at("web").warn_days == 30);
  for (const char* path : {"/a b", "\"/a;b\"", "\"/a\\n\"", "/a$b", "\"/a{b\"", "\"/\u00e4\""}) {
    CAPTURE(path);
    CHECK(refused(tls("certificate: /c, key: " + std::string(path)))
              .starts_with("site.yaml:9: tls.web: found the path /"));
  }
  CHECK(refused(with("optional:", "tls:\n  we-b: {certificate: /c, key: /k}\noptional:"))
            .starts_with("site.yaml:9: tls.we-b: found the name \"we-b\""));
}

TEST_CASE("site: maintenance windows are read, and every mistake in one is named with its line") {
  const Site site = parse_site(kSite + "windows: [sat 22:00-04:00, \"daily 02:00-03:00\"]\n", "s");
  REQUIRE(site.windows.size() == 2);
  CHECK(site.windows[1].text == "daily 02:00-03:00");
  CHECK(parse_site(kSite, "s").windows.empty());
  const std::string text =
      refused(kSite + "windows:\n  - sat 22:00-04:00\n  - Sun 01:00-05:00\n  - sun 01:00-01:00\n");
  CHECK(text.find("site.yaml:12: windows[1]: found \"Sun 01:00-05:00\"") != std::string::npos);
  CHECK(text.find("site.yaml:13: windows[2]: found \"sun 01:00-01:00\"") != std::string::npos);
  CHECK(refused(kSite + "windows: []\n").find("at least one time") != std::string::npos);
  CHECK(refused(kSite + "windows: [sat 22:00-04:00, sat 22:00-04:00]\n").find("each once") !=
        std::string::npos);
  CHECK(refused(kSite + "windows: daily\n").find("windows: found \"daily\"") != std::string::npos);
}

TEST_CASE("site: folders of data that are backed up belong to targets of files") {
  const std::string backed = with("path: /srv/chanuka/web/", "path: /srv/web, backup: [up, m/c]");
  CHECK(parse_site(backed, "site.yaml").targets.at("web").backup ==
        std::vector<std::string>{"up", "m/c"});
  const std::string wrong = refused(with("web: {driver: directory, path: /srv/chanuka/web/}",
                                         "web: {driver: docker, backup: [../up]}"));
  CHECK(wrong.find("site.yaml:5: targets.web: found backup, which docker does not have") !=
        wrong.npos);
  CHECK(wrong.find("targets.web.backup[0]: ") != wrong.npos);
}

TEST_CASE("site: each runtime has its own keys") {
  const auto target = [](const std::string& lines) {
    return refused(with("targets:", "targets:\n  run: {" + lines + "}"));
  };
  CHECK(target("driver: systemd, path: /srv/units, units: /run/systemd/system, timeout: 9") == "");
  CHECK(target("driver: exec, path: /srv/cdn") == "");
  CHECK_THAT(target("driver: exec, path: /srv/cdn, timeout: 9"),
             Catch::Matchers::Contains("found timeout, which exec does not have"));
  CHECK_THAT(target("driver: exec, path: /srv/cdn, units: /etc/systemd/system"),
             Catch::Matchers::Contains("found units, which exec does not have"));
  CHECK_THAT(target("driver: systemd, path: /srv/units, project: a"),
             Catch::Matchers::Contains("found project, which systemd does not have"));
  CHECK(target("driver: compose, path: /srv/run, volumes: [rows]") == "");
  CHECK_THAT(target("driver: exec, path: /srv/cdn, volumes: [rows]"),
             Catch::Matchers::Contains("found volumes, which exec does not have"));
  CHECK_THAT(target("driver: systemd"), Catch::Matchers::Contains("found no path, expected one"));
}

TEST_CASE("site: backups are copied to folders and by commands, each place once") {
  const auto copies = [](const std::string& list) {
    return kSite + "backups: {copies: [" + list + "]}\n";
  };
  const Site site = parse_site(
      copies("{to: /mnt/second/, keep: 3}, {command: [put, a], verify: [get, a]}"), "site.yaml");
  CHECK_FALSE(site.encrypt_to);
  REQUIRE(site.copies.size() == 2);
  CHECK(site.copies[0].name() == "/mnt/second");
  CHECK(site.copies[0].rule.count == 3);
  CHECK(site.copies[1].name() == "put a");
  CHECK(site.copies[1].verify == std::vector<std::string>{"get", "a"});
  const std::string all =
      refused(copies("{}, {to: /a, command: [b]}, {to: /a, verify: [b]}, "
                     "{command: [c], keep: 1}, {to: /d}, {to: /d/}"));
  for (const char* found :
       {"copies[0]: found to and command, or neither", "copies[1]: found to and command",
        "copies[2]: found verify with a folder", "copies[3]: found keep with a command",
        "copies[5]: found the same place twice"}) {
    CHECK_THAT(all, Catch::Matchers::Contains(found));
  }
}

}  // namespace sealift::release::site_test
